"""Seeded draws away from special values: not 0, 1, -1, a half or an integer, and never all alike.

Special values hide mistakes: a cotangent of one hides its absence, a bias of zero its sign.
Every number is a float64 that float32 holds exactly, so that one case serves both dtypes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64, Int64

if TYPE_CHECKING:  # NumPy arrays stand where refnet's layers hold JAX's
    Numbers: TypeAlias = Any
    Labels: TypeAlias = Any
else:
    Numbers = Float64[np.ndarray, "..."]
    Labels = Int64[np.ndarray, "..."]


def exact(values) -> Numbers:
    """The nearest float32 numbers, as float64; halves and integers are moved off by 2^-10."""
    single = np.asarray(values, np.float64).astype(np.float32).astype(np.float64)
    special = 2.0 * single == np.round(2.0 * single)
    off = single * (1.0 + 2.0**-10) + np.copysign(2.0**-10, single)
    return np.asarray(np.where(special, off, single))


def reals(
    rng: np.random.Generator, *shape: int, low: float = 2.0**-5, high: float = 4.0
) -> Numbers:
    """low <= |value| < high, evenly in log |value|; both signs, as evenly as the size allows."""
    size = int(np.prod(shape, dtype=int))
    magnitude = np.exp(rng.uniform(np.log(low), np.log(high), size))
    sign = np.where((np.arange(size) + rng.integers(2)) % 2, 1.0, -1.0)
    return exact((magnitude * rng.permutation(sign)).reshape(shape))


def preactivations(rng: np.random.Generator) -> tuple[Numbers]:
    """The argument of an elementwise function: (3, 5), from 1/32 to 16 in size."""
    return (reals(rng, 3, 5, high=16.0),)


def positives(
    rng: np.random.Generator, *shape: int, low: float = 2.0**-5, high: float = 4.0
) -> Numbers:
    """low <= value < high, evenly in log value."""
    return np.asarray(np.abs(reals(rng, *shape, low=low, high=high)))


def cotangent(rng: np.random.Generator, shape: tuple[int, ...]) -> Numbers:
    """What arrives from above: 1/8 <= |value| < 7/8, both signs, so never one and never zero."""
    return reals(rng, *shape, low=0.125, high=0.875)


def whole(values: Numbers) -> Numbers:
    """The same numbers with all the digits of float64: none of them is one of float32."""
    return np.asarray(values * (1.0 + 2.0**-26 / np.sqrt(2.0)))


def cotangent_of(rng: np.random.Generator, function: Callable, args: tuple) -> Any:
    """A cotangent for every entry of function(*args), in the pytree that the function returns."""
    with jax.enable_x64(True):
        shapes = jax.eval_shape(function, *jax.tree.map(jnp.asarray, args))
    return jax.tree.map(lambda leaf: cotangent(rng, leaf.shape), shapes)


def probabilities(rng: np.random.Generator, *shape: int) -> Numbers:
    """0 < value < 1, on both sides of a half, down to 1/400 from either end."""
    return exact(1.0 / (1.0 + np.exp(-reals(rng, *shape, low=0.125, high=6.0))))


def hard_labels(rng: np.random.Generator, *shape: int) -> Numbers:
    """0 or 1, both present where there is room for both."""
    size = int(np.prod(shape, dtype=int))
    bits = (np.arange(size) + rng.integers(2)) % 2
    return rng.permutation(bits).astype(np.float64).reshape(shape)


def labels(rng: np.random.Generator, *shape: int) -> Numbers:
    """Hard labels, or soft ones strictly between 0 and 1: a coin decides for the whole array."""
    return (hard_labels if rng.integers(2) else probabilities)(rng, *shape)


def classes(rng: np.random.Generator, *shape: int, count: int) -> Labels:
    """0 <= class < count, as different from one another as the size allows."""
    size = int(np.prod(shape, dtype=int))
    return rng.permutation((np.arange(size) + rng.integers(count)) % count).reshape(shape)


def distributions(rng: np.random.Generator, *shape: int) -> Numbers:
    """Positive over the last axis, with sums near one but not one: who drops the sum is seen."""
    weights = np.exp(rng.normal(size=shape))
    return exact(weights / weights.sum(axis=-1, keepdims=True) * rng.uniform(0.8, 0.95))


def targets(rng: np.random.Generator, *shape: int) -> Numbers:
    """One-hot rows, or distributions: a coin decides for the whole array."""
    if rng.integers(2):
        return distributions(rng, *shape)
    return np.eye(shape[-1])[classes(rng, *shape[:-1], count=shape[-1])]
