"""What one plain loop over the terms of a sum does: the errors of the order that textbooks have.

Random signs say how far independent roundings wander.  Two things they do not know: partial sums
may be larger than the sum and its terms on the way (`path`), and equal terms are rounded alike at
every step (`drift`: of n equal terms, up to u n/4 of their sum).
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax import lax

from .formats import Format

NARROW = {2.0**-11: np.float16, 2.0**-8: ml_dtypes.bfloat16}  # summed in float32, and rounded
LARGE = 2**25  # terms: a second in NumPy, and more than a compilation


class InOrder(NamedTuple):
    """Of a sum, in the unit of its terms: the walk of its roundings, and what they came to."""

    path: np.ndarray
    drift: np.ndarray


def in_order(target: Format, terms: Iterable, largest: float) -> InOrder:
    """One loop over the terms, each at most `largest`: exact, and rounded as the format's sums are.

    float64 is watched in float32, scaled: what is equal there is equal here.
    """
    total, kept, squares = np.zeros(()), np.zeros((), np.float32), np.zeros(())
    store = NARROW.get(target.sums, np.float32)
    with np.errstate(all="ignore"):
        for number, term in enumerate(terms):
            term = term / largest
            total = total + term
            kept = kept + term.astype(store).astype(np.float32)
            kept = kept if store is np.float32 else kept.astype(store).astype(np.float32)
            squares = squares + (total * total if number else 0.0 * total)
    return _in_units(target, largest, np.sqrt(squares / 3.0), abs(kept - total))


def of_products(target: Format, a: np.ndarray, b: np.ndarray, largest: float) -> InOrder:
    """in_order of a stack of matrix products: (batch, m, n) by (batch, n, k)."""
    if a.size * b.shape[2] < LARGE:
        return in_order(target, products(a, b), largest)
    info = ml_dtypes.finfo(NARROW.get(target.sums, np.float32))
    with jax.enable_x64(True):
        rows = jnp.moveaxis(a / largest, 2, 0), jnp.moveaxis(b, 1, 0)
        found = _compiled(*rows, info.nexp, info.nmant)
    return _in_units(target, largest, *map(np.asarray, found))


def _in_units(target: Format, largest: float, path, drift) -> InOrder:
    """Back to the size of the terms, and of roundings finer than float32's."""
    finer = 1.0 if target.sums in NARROW else target.sums / 2.0**-24
    scaled = path * (target.sums * largest), drift * (finer * largest)
    return InOrder(*map(np.asarray, scaled))


@partial(jax.jit, static_argnums=(2, 3))
def _compiled(a, b, exponent: int, mantissa: int):
    """The same loop, in one pass over memory for each term."""
    store = lambda x: lax.reduce_precision(x.astype(jnp.float32), exponent, mantissa)

    def step(i, sums):
        total, kept, squares = sums
        term = a[i][:, :, None] * b[i][:, None, :]
        total = total + term
        return total, store(kept + store(term)), squares + jnp.where(i > 0, total * total, 0.0)

    zero = jnp.zeros((*a.shape[1:], b.shape[2]))
    start = zero, zero.astype(jnp.float32), zero
    total, kept, squares = lax.fori_loop(0, len(a), step, start)
    return jnp.sqrt(squares / 3.0), abs(kept.astype(total.dtype) - total)


def along(x, axes: tuple[int, ...]):
    """The terms of a sum over axes, in row order, along a first axis."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    return x.transpose([*axes, *rest]).reshape(-1, *(x.shape[axis] for axis in rest))


def products(a: np.ndarray, b: np.ndarray) -> Iterator[np.ndarray]:
    """The terms of a stack of matrix products: (batch, m, n) by (batch, n, k)."""
    return (a[:, :, i, None] * b[:, None, i, :] for i in range(a.shape[2]))
