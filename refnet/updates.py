"""Updates: rules w <- w - r d, each an optax.GradientTransformation written from its formula.

r is the learning rate, a float or an optax schedule (steps taken so far -> rate); g the gradient;
d the direction, which is all that tells the rules apart.  What `update` returns is -r d, for
`optax.apply_updates` to add; it has the dtype of the gradient.  Every rule raises ValueError for
a hyperparameter outside the range it states.
"""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, PyTree

Rate = float | optax.Schedule
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


def gradient_descent(learning_rate: Rate) -> optax.GradientTransformation:
    """d = g.  learning_rate >= 0.  Cauchy 1847; Robbins & Monro 1951 for the stochastic one."""
    return _rule(learning_rate, lambda params: (), lambda g, memory, w, t: (g, memory))


def momentum(learning_rate: Rate, decay: float = 0.9) -> optax.GradientTransformation:
    """v <- decay v + g;  d = v.  0 <= decay < 1.  Polyak 1964, with the rate outside v."""
    _check_fraction("momentum", decay=decay)

    def direction(g, v, w, t):
        v = jax.tree.map(lambda v, g: decay * v + g, v, g)
        return v, v

    return _rule(learning_rate, _zeros, direction)


def nesterov(learning_rate: Rate, decay: float = 0.9) -> optax.GradientTransformation:
    """v <- decay v + g;  d = g + decay v, with the new v.  0 <= decay < 1.

    Sutskever et al. 2013, eq. 3 and 4, in the variable PyTorch and optax keep: the point looked
    ahead to.
    """
    _check_fraction("nesterov", decay=decay)

    def direction(g, v, w, t):
        v = jax.tree.map(lambda v, g: decay * v + g, v, g)
        return jax.tree.map(lambda g, v: g + decay * v, g, v), v

    return _rule(learning_rate, _zeros, direction)


def adam(
    learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> optax.GradientTransformation:
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  d = mhat / (sqrt vhat + eps).

    mhat = m / (1 - b1^t), vhat = v / (1 - b2^t), t = 1 at the first step.  0 <= b1, b2 < 1,
    eps > 0.  Kingma & Ba 2015, algorithm 1.
    """
    return adamw(learning_rate, b1, b2, eps, weight_decay=0.0)


def adamw(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-4,
) -> optax.GradientTransformation:
    """d = d of adam + weight_decay w: the decay enters neither m nor v.  weight_decay >= 0.

    Loshchilov & Hutter 2019, algorithm 2, the rate scaling both terms as in PyTorch and optax.
    """
    _check_fraction("adam", b1=b1, b2=b2)
    _check_positive("adam", eps=eps)
    _check_not_negative("adamw", weight_decay=weight_decay)

    def direction(g, memory, w, t):
        m = jax.tree.map(lambda m, g: b1 * m + (1.0 - b1) * g, memory.mean, g)
        v = jax.tree.map(lambda v, g: b2 * v + (1.0 - b2) * (g * g), memory.square, g)
        step = lambda m, v: _unbias(m, b1, t) / (_root(_unbias(v, b2, t)) + eps)
        d = jax.tree.map(step, m, v)
        if weight_decay:
            d = jax.tree.map(lambda d, w: d + weight_decay * w, d, _present("adamw", w))
        return d, Moments(m, v)

    memory = lambda params: Moments(_zeros(_seen(params, eps)), _zeros(params))
    return _rule(learning_rate, memory, direction, counted=True)


def rmsprop(
    learning_rate: Rate, decay: float = 0.9, eps: float = 1e-8
) -> optax.GradientTransformation:
    """v <- decay v + (1 - decay) g^2;  d = g / sqrt(v + eps).  0 <= decay < 1, eps > 0.

    Tieleman & Hinton 2012, lecture 6.5.  eps is inside the root as in optax; PyTorch and Keras
    differ: there d = g / (sqrt v + eps).
    """
    _check_fraction("rmsprop", decay=decay)
    _check_positive("rmsprop", eps=eps)

    def direction(g, v, w, t):
        v = jax.tree.map(lambda v, g: decay * v + (1.0 - decay) * (g * g), v, g)
        return jax.tree.map(lambda g, v: g * jax.lax.rsqrt(v + eps), g, v), v

    return _rule(learning_rate, lambda params: _zeros(_seen(params, eps)), direction)


def adagrad(
    learning_rate: Rate, initial_accumulator_value: float = 0.1, eps: float = 1e-7
) -> optax.GradientTransformation:
    """s <- s + g^2, from initial_accumulator_value;  d = g / sqrt(s + eps).

    initial_accumulator_value >= 0, eps > 0.  Duchi, Hazan & Singer 2011, with the start of optax.
    """
    _check_not_negative("adagrad", initial_accumulator_value=initial_accumulator_value)
    _check_positive("adagrad", eps=eps)

    def memory(params):
        start = lambda w: jnp.full_like(w, initial_accumulator_value)
        return jax.tree.map(start, _seen(params, eps))

    def direction(g, s, w, t):
        s = jax.tree.map(lambda s, g: s + g * g, s, g)
        return jax.tree.map(lambda g, s: g * jax.lax.rsqrt(s + eps), g, s), s

    return _rule(learning_rate, memory, direction)


def _rule(
    learning_rate: Rate, memory: Callable, direction: Direction, counted: bool = False
) -> optax.GradientTransformation:
    """The part all rules share: -r d, and a count where the schedule or the direction needs it."""
    if not callable(learning_rate):
        _check_not_negative("the rule", learning_rate=learning_rate)
        learning_rate = float(learning_rate)

    def init(params) -> Any:
        count = jnp.zeros((), jnp.int32) if counted or callable(learning_rate) else None
        return RuleState(count, memory(params))

    def update(updates, state: Any, params=None) -> tuple[Any, Any]:
        count = state.count
        following = None if count is None else jnp.minimum(count, LAST_COUNT) + 1
        d, memory = direction(updates, state.memory, params, following)
        r = _rate(learning_rate, count)
        return jax.tree.map(lambda d: -jnp.asarray(r, d.dtype) * d, d), RuleState(following, memory)

    return optax.GradientTransformation(init, update)


def _rate(learning_rate: Rate, count: Any) -> ArrayLike:
    if not callable(learning_rate):
        return learning_rate
    with jax.numpy_dtype_promotion("standard"):  # optax's schedules mix integers and floats
        return learning_rate(count)


def _zeros(params: PyTree) -> PyTree:
    return jax.tree.map(jnp.zeros_like, params)


def _unbias(moment: Float[Array, "*s"], decay: float, t: Int[Array, ""]) -> Float[Array, "*s"]:
    """moment / (1 - decay^t).  1 - decay^t itself keeps 4 digits of 1 - 0.999 in float32."""
    wide = moment.dtype == jnp.float64
    working = jnp.float64 if wide else jnp.float32  # not bfloat16, where 0.999 is 1
    log_decay = math.log(decay) if decay else -math.inf
    return moment / (-jnp.expm1(t.astype(working) * log_decay)).astype(moment.dtype)


def _root(v: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """sqrt v, with slope 0 at 0: the chain rule would multiply its infinite slope by 0."""
    positive = v > 0.0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, v, 1.0)), 0.0)


def _seen(params: PyTree, eps: float) -> PyTree:
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


def _present(rule: str, params: PyTree) -> PyTree:
    if params is None:
        raise ValueError(f"params is None; {rule} wants update(gradient, state, params)")
    return params


def _check_fraction(rule: str, **values: float) -> None:
    _check(rule, values, lambda value: 0.0 <= value < 1.0, "0 <= {name} < 1")


def _check_positive(rule: str, **values: float) -> None:
    _check(rule, values, lambda value: 0.0 < value < math.inf, "a finite {name} > 0")


def _check_not_negative(rule: str, **values: object) -> None:
    _check(rule, values, lambda value: 0.0 <= value < math.inf, "a finite {name} >= 0")


def _check(rule: str, values: dict, holds: Callable[[float], bool], wanted: str) -> None:
    for name, value in values.items():
        if not (isinstance(value, Real) and holds(float(value))):
            raise ValueError(
                f"{name} is {value!r}; {rule} wants {wanted.format(name=name)}, as a Python number"
            )


UPDATES: dict[str, Callable[..., optax.GradientTransformation]] = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "nesterov": nesterov,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
}
