"""Random roundings of large arrays, compiled: draw, round and settle in one pass over memory.

The model is that of noise.py, the random numbers are others: each entry's own is a normal number
made of its place and of the rounding, so that nothing is stored for it.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .tangent_draws import mixed

LARGE = 2**17  # numbers of a draw: NumPy takes a dozen passes over them, more than a call of JAX
RELATIVE, ABSOLUTE, ADDED = "relative", "absolute", "added"


def is_large(value: np.ndarray | np.generic) -> bool:
    return value.size >= LARGE


def is_slim(*spreads: Any) -> bool:
    """Whether they are large, and held as float32: of a spread seven digits are enough."""
    if not all(map(is_large, spreads)):
        return False
    known = lambda size: size.max(where=np.isfinite(size), initial=0.0)
    return all(1e-25 < known(size) < 1e38 for size in map(np.abs, spreads))


def shaken(noise: Any, rows: np.ndarray, spread: Any, how: str, flushed: bool = False):
    """The draws `rows`, each with one more rounding of deviation `spread`, settled.

    relative   spread times the number
    absolute   spread; what all entries have in common leans away from 0
    added      the root of the sum of squares of the number and of spread, in units
    """
    count, shape = len(noise.numbers), rows.shape[1:]
    noise.operations += 1
    word = np.random.default_rng([noise.seed, noise.operations, int(noise.numbers[0])])
    words = word.integers(0, 2**32, count, np.uint32)
    common = word.standard_normal(count)
    target = noise.target
    drop = (noise.numbers % 2 == 1) & (flushed or noise.flushed)
    limits = np.array([target.tiny, target.largest, noise.grid / 12**0.5, target.unit / 3**0.5])
    flat = rows.reshape(len(rows), -1)
    spread = np.asarray(spread, np.float64)
    spread = spread.reshape(1, -1) if spread.shape == shape or not spread.ndim else spread
    spread = spread.reshape(len(spread), -1)
    with jax.enable_x64(True):
        out = _shaken(flat, spread, words, common, drop, limits, how)
    return np.asarray(out).reshape(count, *shape)


@partial(jax.jit, static_argnums=6)
def _shaken(rows, spread, words, common, drop, limits, how: str):
    tiny, largest, grid, unit = limits
    places = lax.iota(jnp.uint32, rows.shape[1])
    own = _normal(mixed(mixed(places)[None, :] ^ words[:, None]))
    draw = 0.5**0.5 * (own.astype(jnp.float64) + common[:, None])
    off = spread
    if how == ABSOLUTE:
        off = jnp.where(rows < 0.0, -spread, spread)
    elif how == ADDED:
        size = jnp.abs(rows)
        most = jnp.maximum(size, spread)
        ratio = jnp.minimum(size, spread) / jnp.where(most > 0.0, most, 1.0)
        off = jnp.copysign(unit * most * jnp.sqrt(1.0 + ratio * ratio), rows)
        off = jnp.where(size < np.inf, off, 0.0)
    draws = rows * (1.0 + spread * draw) if how == RELATIVE else rows + off * draw
    size = jnp.abs(draws)
    small = (size < tiny) & (size > 0.0)
    draws = jnp.where(size > largest, jnp.copysign(np.inf, draws), draws)
    shaken = jnp.where(drop[:, None], 0.0, draws + grid * draw)
    return jnp.where(small, shaken, draws)


def _normal(words):
    """A normal number for each word, by the inverse of its distribution at 24 bits."""
    ends = np.float32(1.0 - 2.0**-24)
    uniform = (words >> 8).astype(jnp.float32) * np.float32(2.0**-23) - ends
    return np.float32(2.0**0.5) * lax.erf_inv(uniform)
