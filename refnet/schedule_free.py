"""Rules without a schedule: steps of z, their average x, and gradients at y between the two.

The weights that are trained are y; `schedule_free_average` has x, the ones to use.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from .rule import (
    LAST_COUNT,
    Rate,
    check_fraction,
    check_not_negative,
    check_positive,
    present,
    rate_of,
    root,
    seen,
    unbias,
    zeros,
)
from .transformations import GradientTransformation


class ScheduleFree(NamedTuple):
    """z, x, the largest rate R so far, the sum of R^2, and the mean of g^2 if it is asked for."""

    count: Int[Array, ""]
    z: PyTree
    x: PyTree
    largest: Float[Array, ""]
    total: Float[Array, ""]
    square: PyTree = None


def schedule_free_sgd(learning_rate: Rate, b1: float = 0.9) -> GradientTransformation:
    """z <- z - r g;  x <- (1 - c) x + c z;  w = b1 x + (1 - b1) z,  c = R^2 / sum R^2.

    R is the largest rate so far.  0 <= b1 < 1.  Defazio et al. 2024, The road less scheduled.
    """
    check_fraction("schedule_free_sgd", b1=b1)
    return _around("schedule_free_sgd", learning_rate, b1, lambda g, square, w, t: (g, square))


def schedule_free_adamw(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-4,
) -> GradientTransformation:
    """schedule_free_sgd, with g / (sqrt vhat + eps) + weight_decay w for g.

    vhat as in adam.  0 <= b1, b2 < 1, eps > 0, weight_decay >= 0.  Defazio et al. 2024,
    algorithm 1.
    """
    check_fraction("schedule_free_adamw", b1=b1, b2=b2)
    check_positive("schedule_free_adamw", eps=eps)
    check_not_negative("schedule_free_adamw", weight_decay=weight_decay)

    def direction(g, square, w, t):
        v = jax.tree.map(lambda v, g: b2 * v + (1.0 - b2) * (g * g), square, g)
        step = lambda g, v, w: g / (root(unbias(v, b2, t)) + eps) + weight_decay * w
        return jax.tree.map(step, g, v, w), v

    memory = lambda params: zeros(seen(params, eps))
    return _around("schedule_free_adamw", learning_rate, b1, direction, memory)


def schedule_free_average(state: Any) -> PyTree:
    """x of a state: the average of the z, by which the network is judged and used."""
    return state.x


def _around(
    name: str, learning_rate: Rate, b1: float, direction: Callable, memory: Callable | None = None
) -> GradientTransformation:
    if not callable(learning_rate):
        check_not_negative(name, learning_rate=learning_rate)

    def init(params) -> ScheduleFree:
        zero = jnp.zeros((), _working(params))
        square = None if memory is None else memory(params)
        return ScheduleFree(jnp.zeros((), jnp.int32), params, params, zero, zero, square)

    def update(updates, state: Any, params=None) -> tuple[Any, Any]:
        w, count = present(name, params), jnp.minimum(state.count, LAST_COUNT) + 1
        d, square = direction(updates, state.square, w, count)
        r = jnp.asarray(rate_of(learning_rate, state.count), state.total.dtype)
        largest = jnp.maximum(state.largest, r)
        total = state.total + largest * largest
        share = jnp.where(total > 0.0, largest * largest / jnp.where(total > 0.0, total, 1.0), 0.0)
        z = jax.tree.map(lambda z, d: z - r.astype(z.dtype) * d, state.z, d)
        x = jax.tree.map(lambda x, z: _mixed(1.0 - share, x, z), state.x, z)
        change = jax.tree.map(lambda x, z, w: b1 * x + (1.0 - b1) * z - w, x, z, w)
        return change, ScheduleFree(count, z, x, largest, total, square)

    from optax import GradientTransformation as Made

    return Made(init, update)


def _mixed(share, x, z):
    """share x + (1 - share) z."""
    share = share.astype(x.dtype)
    return share * x + (1.0 - share) * z


def _working(params: PyTree):
    """Of the scalars: bfloat16 would stop adding after 256 equal steps."""
    wide = any(jnp.result_type(leaf) == jnp.float64 for leaf in jax.tree.leaves(params))
    return jnp.float64 if wide else jnp.float32
