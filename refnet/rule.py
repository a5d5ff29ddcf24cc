"""What all update rules share: w <- w - r d, a count of steps, corrected means, and the checks.

The formulas are in updates.py, adaptive.py and layerwise.py.
"""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, PyTree

from .transformations import GradientTransformation, Schedule

Rate = float | Schedule
Direction = Callable[..., tuple[PyTree, PyTree]]

LAST_COUNT = 2**31 - 2  # the count stays at int32's largest rather than wrap


class RuleState(NamedTuple):
    """Steps taken so far (None where no formula asks for it), and what the rule remembers."""

    count: Int[Array, ""] | None
    memory: PyTree


class Moments(NamedTuple):
    """Decaying means of the gradient and of its square, one tree each."""

    mean: PyTree
    square: PyTree


def moments(g: PyTree, memory: Any, b1: float, b2: float) -> tuple[PyTree, PyTree]:
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2."""
    m = jax.tree.map(lambda m, g: b1 * m + (1.0 - b1) * g, memory.mean, g)
    v = jax.tree.map(lambda v, g: b2 * v + (1.0 - b2) * (g * g), memory.square, g)
    return m, v


def zero_moments(eps: float) -> Callable:
    """What they are before the first step, of parameters that can hold eps."""
    return lambda params: Moments(zeros(seen(params, eps)), zeros(params))


def rule(
    learning_rate: Rate, memory: Callable, direction: Direction, counted: bool = False
) -> GradientTransformation:
    """The part all rules share: -r d, and a count where the schedule or the direction needs it."""
    if not callable(learning_rate):
        check_not_negative("the rule", learning_rate=learning_rate)
        learning_rate = float(learning_rate)

    def init(params) -> Any:
        count = jnp.zeros((), jnp.int32) if counted or callable(learning_rate) else None
        return RuleState(count, memory(params))

    def update(updates, state: Any, params=None) -> tuple[Any, Any]:
        count = state.count
        following = None if count is None else jnp.minimum(count, LAST_COUNT) + 1
        d, memory = direction(updates, state.memory, params, following)
        r = rate_of(learning_rate, count)
        return jax.tree.map(lambda d: -jnp.asarray(r, d.dtype) * d, d), RuleState(following, memory)

    from optax import GradientTransformation as Made

    return Made(init, update)


def rate_of(learning_rate: Rate, count: Any) -> ArrayLike:
    """The rate of a step; count is the steps taken before."""
    if not callable(learning_rate):
        return learning_rate
    with jax.numpy_dtype_promotion("standard"):  # optax's schedules mix integers and floats
        return learning_rate(count)


def zeros(params: PyTree) -> PyTree:
    return jax.tree.map(jnp.zeros_like, params)


def unbias(moment: Float[Array, "*s"], decay: float, t: Int[Array, ""]) -> Float[Array, "*s"]:
    """moment / (1 - decay^t).  1 - decay^t itself keeps 4 digits of 1 - 0.999 in float32."""
    wide = moment.dtype == jnp.float64
    working = jnp.float64 if wide else jnp.float32  # not bfloat16, where 0.999 is 1
    log_decay = math.log(decay) if decay else -math.inf
    return moment / (-jnp.expm1(t.astype(working) * log_decay)).astype(moment.dtype)


def root(v: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """sqrt v, with slope 0 at 0: the chain rule would multiply its infinite slope by 0."""
    positive = v > 0.0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, v, 1.0)), 0.0)


def seen(params: PyTree, eps: float) -> PyTree:
    """params, whose dtypes must be able to hold eps: where eps is 0, g = 0 becomes 0/0."""
    for leaf in jax.tree.leaves(params):
        dtype = jnp.result_type(leaf)
        least = float(jnp.finfo(dtype).smallest_normal)
        if eps < least:
            raise ValueError(
                f"eps is {eps!r}, which {dtype} parameters round away; "
                f"pass eps >= {least:.2g} or parameters of a wider dtype"
            )
    return params


def present(rule: str, params: PyTree) -> PyTree:
    if params is None:
        raise ValueError(f"params is None; {rule} wants update(gradient, state, params)")
    return params


def check_fraction(rule: str, **values: float) -> None:
    _check(rule, values, lambda value: 0.0 <= value < 1.0, "0 <= {name} < 1")


def check_positive(rule: str, **values: object) -> None:
    _check(rule, values, lambda value: 0.0 < value < math.inf, "a finite {name} > 0")


def check_not_negative(rule: str, **values: object) -> None:
    _check(rule, values, lambda value: 0.0 <= value < math.inf, "a finite {name} >= 0")


def _check(rule: str, values: dict, holds: Callable[[float], bool], wanted: str) -> None:
    for name, value in values.items():
        if not (isinstance(value, Real) and holds(float(value))):
            raise ValueError(
                f"{name} is {value!r}; {rule} wants {wanted.format(name=name)}, as a Python number"
            )
