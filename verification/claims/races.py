"""Races: the same network trained by the full batch, by small batches and by single examples.

One compiled call per method runs every learning rate and every seed side by side.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from refnet import (
    Examples,
    binary_cross_entropy_with_logits,
    breast_cancer,
    diabetes,
    gradient_descent,
    init_mlp,
    mlp,
    mse,
    train_step,
)


class Problem(NamedTuple):
    """A data set, the network that learns it, and the training loss that counts as learned."""

    name: str
    data: Callable
    sizes: tuple[int, ...]
    loss: Callable
    target: float


class Method(NamedTuple):
    """How many examples a step sees (None: all), for how many looks, at which rates."""

    name: str
    batch: int | None
    looks: int  # at the loss over all examples: every 32 examples, or after every full batch
    rates: tuple[float, ...]


BLOCK = 32
PROBLEMS = (
    Problem("breast_cancer", breast_cancer, (30, 4, 1), binary_cross_entropy_with_logits, 0.1),
    Problem("diabetes", diabetes, (10, 4, 1), mse, 0.5),
)
FULL = Method("full batch", None, 64, tuple(2.0**k for k in range(-3, 6)))
SMALL = Method("mini-batch of 32", BLOCK, 112, tuple(2.0**k for k in range(-5, 4)))
SINGLE = Method("one example at a time", 1, 56, tuple(2.0**k for k in range(-8, 1)))
METHODS = (FULL, SMALL, SINGLE)


def examples(problem: Problem, seed: int, size: int | None = None) -> Examples:
    """Training examples, a whole number of blocks of them, drawn by seed.

    The first `size` of them are repeated until they are as many: the loss and the full gradient
    are those of `size` examples, and one compiled program serves every size that divides.
    """
    train = problem.data(jax.random.key(seed)).train
    count = len(train.x) // BLOCK * BLOCK
    rows = np.arange(count) % (size or count)
    return Examples(train.x[rows], train.y[rows])


def curves(
    problem: Problem,
    method: Method,
    data: Examples,
    seeds: Sequence[int],
    rates: Sequence[float] | None = None,
    size: int | None = None,
) -> np.ndarray:
    """Loss over all examples, (rates, seeds, looks + 1); before the first step at [..., 0]."""
    params = _start(problem.sizes, jax.vmap(jax.random.key)(jnp.asarray(list(seeds))))
    orders = np.stack([_orders(method, len(data.x), size, seed) for seed in seeds])
    grid = jnp.asarray(rates or method.rates, data.x.dtype)
    return np.asarray(_curves(problem.loss, data, params, orders, grid))


def _orders(method: Method, count: int, size: int | None, seed: int) -> np.ndarray:
    """Rows by look, step and place in the batch: a new permutation of `size` rows each epoch."""
    if method.batch is None:
        return np.tile(np.arange(count, dtype=np.int32), (method.looks, 1, 1))
    rng, wanted = np.random.default_rng([seed, size or count]), method.looks * BLOCK
    epochs = -(-wanted // (size or count))
    rows = np.concatenate([rng.permutation(size or count) for _ in range(epochs)])[:wanted]
    return rows.reshape(method.looks, BLOCK // method.batch, method.batch).astype(np.int32)


@partial(jax.jit, static_argnums=0)
@partial(jax.vmap, in_axes=(None, 0))
def _start(sizes: tuple[int, ...], key):
    return init_mlp(key, sizes)


@partial(jax.jit, static_argnums=0)
def _curves(loss: Callable, data, params, orders, rates):
    run = partial(_curve, loss, data)
    return jax.vmap(jax.vmap(run, (0, 0, None)), (None, None, 0))(params, orders, rates)


def _curve(loss: Callable, data, params, order, rate) -> Float[Array, " looks"]:
    rule = gradient_descent(lambda count: rate)
    everything = lambda params: loss(mlp(params, data.x), data.y)

    def step(params, rows):
        block = data.x[rows], data.y[rows]
        return train_step(mlp, loss, rule, params, rule.init(params), *block).params, None

    def look(params, rows):
        params, _ = lax.scan(step, params, rows)
        return params, everything(params)

    return jnp.append(everything(params), lax.scan(look, params, order)[1])


def examples_to(target: float, losses: np.ndarray, spacing: int) -> np.ndarray:
    """Examples seen at the first look with loss <= target; inf where it never was."""
    reached = losses <= target  # False for NaN: a run that diverged has not arrived
    first = np.where(reached.any(axis=-1), reached.argmax(axis=-1), np.inf)
    return first * spacing
