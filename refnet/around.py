"""What stands around a rule: clipping before it, accumulation, averaged weights, schedules.

Each is an optax.GradientTransformation, or (schedules) a function of the steps taken so far.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from .rule import (
    LAST_COUNT,
    check_fraction,
    check_not_negative,
    check_positive,
    present,
    root,
    unbias,
    zeros,
)
from .transformations import GradientTransformation, Schedule


class Inner(NamedTuple):
    """Steps taken, the state of the rule inside, and what is gathered around it."""

    count: Int[Array, ""]
    inside: PyTree
    gathered: PyTree


def clip_value(max_delta: float) -> GradientTransformation:
    """g <- max(min(g, c), -c), entry by entry.  c > 0.  Mikolov 2012, section 3.2.2."""
    check_positive("clip_value", max_delta=max_delta)
    return _stateless(lambda g: jax.tree.map(lambda g: jnp.clip(g, -max_delta, max_delta), g))


def clip_global_norm(max_norm: float) -> GradientTransformation:
    """g <- g c / max(|g|, c), |g| the norm of all leaves together.  c > 0.  Pascanu et al. 2013."""
    check_positive("clip_global_norm", max_norm=max_norm)

    def clipped(g):
        wide = jnp.result_type(jnp.float32, *jax.tree.leaves(g))
        square = lambda leaf: jnp.sum(jnp.square(leaf.astype(wide)))
        length = root(jnp.stack([square(leaf) for leaf in jax.tree.leaves(g)]).sum())
        by = max_norm / jnp.maximum(length, max_norm)
        return jax.tree.map(lambda g: g * by.astype(g.dtype), g)

    return _stateless(clipped)


def accumulation(update: GradientTransformation, every: int) -> GradientTransformation:
    """One step of `update` on the mean of `every` gradients; 0 in between."""
    if not (isinstance(every, int) and every >= 1):
        raise ValueError(f"every is {every!r}; accumulation wants a whole number of steps, from 1")

    def init(params) -> Inner:
        return Inner(jnp.zeros((), jnp.int32), update.init(params), zeros(params))

    def step(updates, state: Any, params=None) -> tuple[Any, Any]:
        total = jax.tree.map(jnp.add, state.gathered, updates)
        due = (state.count + 1) % every == 0
        mean = jax.tree.map(lambda total: total / every, total)
        change, inside = update.update(mean, state.inside, params)
        either = lambda new, old: jax.tree.map(lambda a, b: jnp.where(due, a, b), new, old)
        change, inside = either(change, zeros(change)), either(inside, state.inside)
        return change, Inner((state.count + 1) % every, inside, either(zeros(total), total))

    return _made(init, step)


def averaged(update: GradientTransformation, decay: float) -> GradientTransformation:
    """a <- b a + (1 - b) w, from 0, of the weights after each step; `average_of` is a / (1 - b^t).

    0 <= decay < 1.  Polyak & Juditsky 1992, weighted as in Kingma & Ba 2015, section 7.2.
    """
    check_fraction("averaged", decay=decay)

    def init(params) -> Inner:
        return Inner(jnp.zeros((), jnp.int32), update.init(params), zeros(params))

    def step(updates, state: Any, params=None) -> tuple[Any, Any]:
        change, inside = update.update(updates, state.inside, params)
        mean = lambda a, w, change: decay * a + (1.0 - decay) * (w + change)
        a = jax.tree.map(mean, state.gathered, present("averaged", params), change)
        return change, Inner(jnp.minimum(state.count, LAST_COUNT) + 1, inside, a)

    return _made(init, step)


def average_of(state: Any, decay: float) -> PyTree:
    """a / (1 - b^t) of the state of `averaged`, after at least one step."""
    return jax.tree.map(lambda a: unbias(a, decay, state.count), state.gathered)


def schedule_exponential(learning_rate: float, gamma: float) -> Schedule:
    """r gamma^i, i the steps taken before.  learning_rate, gamma >= 0."""
    check_not_negative("schedule_exponential", learning_rate=learning_rate, gamma=gamma)
    return lambda i: learning_rate * jnp.asarray(gamma, _float()) ** i


def schedule_step(learning_rate: float, gamma: float, step_size: int) -> Schedule:
    """r gamma^floor(i / step_size), i the steps taken before.  He et al. 2016, gamma 0.1."""
    falling = schedule_exponential(learning_rate, gamma)
    check_positive("schedule_step", step_size=step_size)
    return lambda i: falling(jnp.asarray(i) // step_size)


def schedule_warmup(learning_rate: float, warmup: int) -> Schedule:
    """r min(i + 1, warmup) / warmup, i the steps taken before.  Goyal et al. 2017, section 2.2."""
    check_not_negative("schedule_warmup", learning_rate=learning_rate)
    check_positive("schedule_warmup", warmup=warmup)
    return lambda i: learning_rate * jnp.minimum(i + 1.0, warmup) / warmup


def schedule_cosine(learning_rate: float, total: int) -> Schedule:
    """r (1 + cos(pi min(i, total) / total)) / 2, i the steps taken before: 0 at the end.

    Loshchilov & Hutter 2017, SGDR, equation 5.
    """
    check_not_negative("schedule_cosine", learning_rate=learning_rate)
    check_positive("schedule_cosine", total=total)
    return lambda i: learning_rate * (0.5 * (1.0 + jnp.cos(jnp.pi * jnp.minimum(i, total) / total)))


def _float():
    return jnp.result_type(float)


def _stateless(change) -> GradientTransformation:
    return _made(lambda params: (), lambda updates, state, params=None: (change(updates), state))


def _made(init, update) -> GradientTransformation:
    from optax import GradientTransformation as Made

    return Made(init, update)
