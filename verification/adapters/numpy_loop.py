"""A training loop by hand in NumPy: data dealt, slopes, momentum, decay, schedule; in any dtype.

The network is x w1 + b1, tanh, w2 + b2 with mean squared error; with `normalise` its inputs are
standardised by the statistics of their batch.  The rule is momentum with decoupled decay of the
weights (not of the biases), under a schedule.  `Habits` are the parts that people get wrong; their
defaults are right (the mistakes: faults/loops.py).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from refnet import Dense, mlp, mse

from .recorded import TrainingStep

EPS = 1e-3  # under the root of a variance
MICRO = 4  # micro-batches of a batch


class Work(NamedTuple):
    """What is trained on, and how: the examples after the split, and the hyperparameters."""

    train: tuple[np.ndarray, np.ndarray]
    held_out: tuple[np.ndarray, np.ndarray]
    params: tuple[Dense, ...]  # of NumPy's arrays
    batch: int = 8
    epochs: int = 8
    seed: int = 3
    rate: float = 0.05
    momentum: float = 0.9
    decay: float = 0.02
    normalise: bool = False


class Habits(NamedTuple):
    """The parts of a loop; each mistake is another one of them."""

    deal: Callable  # Work -> batches, epoch by epoch
    accumulated: Callable  # gradients of micro-batches, their sizes -> gradient
    scheduled: Callable  # Work, steps so far -> rate
    entered: Callable  # velocity at the start of an epoch -> velocity
    applied: Callable  # gradients so far, newest last -> the one that is applied
    decays: Callable  # an array of weights or biases -> whether it decays
    statistics: Callable  # x, running -> mean, variance
    in_place: bool = False  # a layer is updated before the next one below has its slopes
    handed: Callable = lambda at: 1  # how often the rule is applied to a tensor


def work(seed: int = 0, **changes) -> Work:
    """A small regression problem: 29 examples to train on, 9 held out, a 5-7-3 network."""
    rng = np.random.default_rng(seed)
    x, teacher = rng.normal(size=(38, 5)), rng.normal(size=(5, 3))
    y = np.tanh(x @ teacher) + 0.1 * rng.normal(size=(38, 3))
    sizes = ((5, 7), (7, 3))
    draw: Callable[..., Any] = rng.normal
    layers = [Dense(draw(size=s) / s[0] ** 0.5, 0.1 * draw(size=s[1])) for s in sizes]
    return Work((x[:29], y[:29]), (x[29:], y[29:]), tuple(layers))._replace(**changes)


def deal(work: Work, seed: int | None = None) -> list[list[tuple]]:
    """The training examples in a new order every epoch; the last batch is what is left."""
    rng = np.random.default_rng(work.seed if seed is None else seed)
    size = len(work.train[0])
    orders = [rng.permutation(size) for _ in range(work.epochs)]
    return [
        [
            tuple(part[order[k : k + work.batch]] for part in work.train)
            for k in range(0, size, work.batch)
        ]
        for order in orders
    ]


def averaged(gradients: Sequence[list], sizes: Sequence[int]) -> list[np.ndarray]:
    """The mean over all examples of the means over micro-batches."""
    share = lambda leaf, size: leaf * leaf.dtype.type(size / sum(sizes))
    parts = [[share(leaf, n) for leaf in g] for g, n in zip(gradients, sizes, strict=True)]
    return [np.sum(leaf, axis=0, dtype=leaf[0].dtype) for leaf in zip(*parts, strict=True)]


def scheduled(work: Work, count: int) -> float:
    """The rate halves smoothly over ten steps; `count` steps were taken before this one."""
    return work.rate * 2.0 ** (-count / 10.0)


def of_batch(x: np.ndarray, running: tuple) -> tuple[np.ndarray, np.ndarray]:
    return x.mean(axis=0), x.var(axis=0)


RIGHT = Habits(
    deal,
    averaged,
    scheduled,
    lambda velocity: velocity,
    lambda gradients: gradients[-1],
    lambda leaf: leaf.ndim > 1,
    of_batch,
)


def loop(work: Work, habits: Habits = RIGHT, micro: int = 1) -> Callable:
    """train(params, batches): it deals its own batches, as its habits are."""

    def train(params, batches) -> Iterator[TrainingStep]:
        leaves = [np.array(leaf) for layer in params for leaf in layer]
        dtype, inputs = leaves[0].dtype, leaves[0].shape[0]
        velocity = [np.zeros_like(leaf) for leaf in leaves]
        running = np.zeros(inputs, dtype), np.ones(inputs, dtype)
        count, gradients = 0, []
        for epoch in habits.deal(work):
            velocity = habits.entered(velocity)
            for batch in epoch:
                x, y = (part.astype(dtype) for part in batch)
                if work.normalise:
                    mean, variance = habits.statistics(x, running)
                    x = (x - mean) / np.sqrt(variance + dtype.type(EPS))
                rate = habits.scheduled(work, count)
                update = partial(moved, work, habits, leaves, velocity, rate)
                loss, gradient = slopes(leaves, x, y, habits, micro, update)
                gradients = [*gradients, gradient]
                if not habits.in_place:
                    for at, g in enumerate(habits.applied(gradients)):
                        for _ in range(habits.handed(at)):
                            update(at, g)
                count += 1
                yield TrainingStep([leaf.copy() for leaf in leaves], loss, gradient)

    return train


def moved(work: Work, habits: Habits, leaves, velocity, rate: float, at: int, g) -> None:
    """v <- m v + g;  w <- w - rate (v + decay w), in place."""
    number = leaves[at].dtype.type
    velocity[at] = number(work.momentum) * velocity[at] + g
    decay = number(work.decay if habits.decays(leaves[at]) else 0.0)
    leaves[at] -= number(rate) * (velocity[at] + decay * leaves[at])


def slopes(leaves: list, x, y, habits: Habits, micro: int, update: Callable) -> tuple:
    """Loss and gradient, over micro-batches; where habits are so, updating on the way down."""
    if habits.in_place:
        return backward(leaves, x, y, update)
    cuts = np.array_split(np.arange(len(x)), min(micro, len(x)))
    found = [backward(leaves, x[rows], y[rows]) for rows in cuts]
    sizes = [len(rows) for rows in cuts]
    loss = sum(value * len(rows) for (value, _), rows in zip(found, cuts, strict=True)) / len(x)
    return x.dtype.type(loss), habits.accumulated([g for _, g in found], sizes)


def backward(leaves: list, x, y, update: Callable | None = None) -> tuple:
    """d mse / d (w1, b1, w2, b2), by the chain rule."""
    w1, b1, w2, b2 = leaves
    a = np.tanh(x @ w1 + b1)
    error = a @ w2 + b2 - y
    dz2 = error * error.dtype.type(2.0 / error.size)
    dw2, db2 = a.T @ dz2, dz2.sum(axis=0)
    if update is not None:
        update(2, dw2)
        update(3, db2)
    dz1 = (dz2 @ leaves[2].T) * (1 - a * a)
    dw1, db1 = x.T @ dz1, dz1.sum(axis=0)
    if update is not None:
        update(0, dw1)
        update(1, db1)
    return np.mean(error * error), [dw1, db1, dw2, db2]


# --- what it should be -----------------------------------------------------------------------


@lru_cache(maxsize=2)
def objective(normalise: bool = False) -> Callable:
    """of(params, x, y), for JAX."""

    def of(params, x, y):
        if normalise:
            mean = x.mean(axis=0, keepdims=True)
            centred = x - jnp.broadcast_to(mean, x.shape)
            variance = (centred * centred).mean(axis=0, keepdims=True)
            x = centred / jnp.broadcast_to(jnp.sqrt(variance + EPS), x.shape)
        return mse(mlp(params, x), y)

    return of


def rule(work: Work) -> optax.GradientTransformation:
    """Momentum, decay of the weights, and the schedule."""
    return _rule(work.rate, work.momentum, work.decay)


@lru_cache(maxsize=8)
def _rule(rate: float, momentum: float, decay: float) -> optax.GradientTransformation:
    return optax.chain(
        optax.trace(momentum),
        optax.add_decayed_weights(decay, lambda p: jax.tree.map(lambda w: w.ndim > 1, p)),
        optax.scale_by_learning_rate(lambda count: rate * 2.0 ** (jnp.asarray(count) / -10.0)),
    )


def batches(work: Work) -> list[tuple]:
    """The right batches, in their order."""
    return [batch for epoch in deal(work) for batch in epoch]
