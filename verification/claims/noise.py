"""The noise of a batch's gradient: how far it is from the full gradient, by batch size.

    E |g_B - g|^2 = (sigma^2 / b) (N - b) / (N - 1),   sigma^2 = (1/N) sum_k |g_k - g|^2

for batches of b drawn without replacement from N examples, g_k the gradient of example k and g
their mean.  Source: Cochran, Sampling Techniques (1977), theorem 2.2.
"""

from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import jax
import numpy as np
from flint import fmpq

from refnet import Examples, init_mlp, mlp, mse, relu

from . import exact
from .exact import layers, odd
from .interval import Interval, student
from .trial import Trial
from .which_weights_move import network_loss

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
DEALS = 4000
LEVEL = 1.0 - 1e-5  # nine intervals at once


def finite(b, size, one=1):
    """(1/b) (N - b) / (N - 1): without replacement."""
    return one * (size - b) / (b * (size - 1))


def endless(b, size, one=1):
    """1/b: as if every example were put back."""
    return one / b


class Noise(NamedTuple):
    """Mean square distance to the full gradient: of one example, and measured per batch size."""

    sigma2: float
    examples: int
    measured: list[Interval]

    def expected(self, formula: Callable) -> list[float]:
        return [self.sigma2 * formula(b, self.examples) for b in BATCHES]


def variance(data: Examples, sizes: tuple[int, ...], seed: int) -> Noise:
    """Deal DEALS random batches of every size at a fresh initialisation (float64)."""
    with jax.enable_x64(True):
        x, y = (np.asarray(a, np.float64) for a in data)
        params = init_mlp(jax.random.key(seed), sizes, dtype=np.float64)
        loss = lambda p, x, y: mse(mlp(p, x[None]), y[None])
        slopes = jax.jit(jax.vmap(jax.grad(loss), (None, 0, 0)))(params, x, y)
    rows = np.concatenate([np.asarray(g).reshape(len(x), -1) for g in jax.tree.leaves(slopes)], 1)
    rows = rows - rows.mean(axis=0)
    sigma2 = float((rows**2).sum(axis=1).mean())
    rank = np.random.default_rng(seed).random((DEALS, len(x))).argsort(axis=1).argsort(axis=1)
    distance = lambda b: (((rank < b) @ rows / b) ** 2).sum(axis=1)
    return Noise(sigma2, len(x), [student(distance(b), LEVEL) for b in BATCHES])


def variance_is(formula: Callable, noise: Noise) -> Trial:
    """Whether every measured interval holds what the formula says."""
    pairs = list(zip(noise.measured, noise.expected(formula), strict=True))
    inside = [interval.holds(expected) for interval, expected in pairs]
    worst = max(abs(interval.mean / expected - 1) for interval, expected in pairs)
    says = (
        f"The mean square distance of a batch's gradient from the full one, over {DEALS} random "
        f"batches of each size {BATCHES[0]} to {BATCHES[-1]}, has sigma^2 times "
        f"{(formula.__doc__ or '').split(':')[0]} inside {sum(inside)} of {len(inside)} intervals "
        f"(t, {LEVEL:.3%}); the farthest is {worst:.1%} away."
    )
    return Trial(all(inside), says)


def enumerated(formula: Callable, seed: int) -> Trial:
    """The same formula in rationals: all batches of every size out of six examples."""
    rng, size = np.random.default_rng([seed, 7]), 6
    params, x, y = layers(rng, (2, 2, 1)), odd(rng, (size, 2)), odd(rng, (size, 1))
    single = [
        jax.tree.leaves(exact.gradient(network_loss(relu), (params, x[k : k + 1], y[k : k + 1])))
        for k in range(size)
    ]
    rows = np.array([np.concatenate([leaf.ravel() for leaf in g]) for g in single])
    rows = rows - rows.sum(axis=0) / fmpq(size)
    square = lambda v: (v * v).sum()
    sigma2 = sum(square(row) for row in rows) / fmpq(size)
    wrong = 0
    for b in range(1, size + 1):
        deals = [rows[list(c)].sum(axis=0) / fmpq(b) for c in combinations(range(size), b)]
        seen = sum(square(d) for d in deals) / fmpq(len(deals))
        wrong += seen != sigma2 * formula(b, size, fmpq(1))
    says = f"Over all 63 batches out of 6 examples, {wrong} of 6 sizes differ from it (rationals)."
    return Trial(wrong == 0 and sigma2 != 0, says)
