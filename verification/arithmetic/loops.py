"""What one plain loop over the terms of a sum does: the errors of the order that textbooks have.

Random signs say how far independent roundings wander.  Two things they do not know: partial sums
may be larger than the sum and its terms on the way (`path`), and equal terms are rounded alike at
every step (`drift`: of n equal terms, up to u n/4 of their sum).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import ml_dtypes
import numpy as np

from .formats import Format

NARROW = {2.0**-11: np.float16, 2.0**-8: ml_dtypes.bfloat16}  # summed in float32, and rounded


class InOrder(NamedTuple):
    """Of a sum, in the unit of its terms: the walk of its roundings, and what they came to."""

    path: np.ndarray
    drift: np.ndarray


def in_order(target: Format, terms: Iterable[np.ndarray], largest: float) -> InOrder:
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
            squares = squares + (total * total if number else 0.0)
    finer = target.sums / 2.0**-24 if store is np.float32 else 1.0
    path = target.sums * largest * np.sqrt(squares / 3.0)
    return InOrder(np.asarray(path), np.asarray(abs(kept - total) * (finer * largest)))


def along(x: np.ndarray, axes: tuple[int, ...]) -> Iterator[np.ndarray]:
    """The terms of a sum over axes, in row order."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose([*axes, *rest]).reshape(-1, *(x.shape[axis] for axis in rest))
    return iter(rows)


def products(a: np.ndarray, b: np.ndarray) -> Iterator[np.ndarray]:
    """The terms of a stack of matrix products: (batch, m, n) by (batch, n, k)."""
    return (a[:, :, i, None] * b[:, None, i, :] for i in range(a.shape[2]))
