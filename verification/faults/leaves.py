"""Mistakes seen in the answer alone, whatever the function: signs, factors, axes, leaves, digits.

Each takes the right leaves and the name of the dtype under test, and gives the wrong ones, or
None where there is no such mistake to make.
"""

import ml_dtypes
import numpy as np

from ..arithmetic.formats import format_of
from .fault import Leaves, Wrong

SMALL_STEPS = {"float64": 1e-9, "float32": 1e-3, "float16": 0.125, "bfloat16": 0.5}


def negated(leaves: Leaves, dtype: str) -> Wrong:
    """The update climbs: (y - a) written for (a - y), or a minus lost in -log."""
    return [-leaf for leaf in leaves]


def doubled(leaves: Leaves, dtype: str) -> Wrong:
    """Half a squared error differentiated as a whole one, or a path counted twice."""
    return [2.0 * leaf for leaf in leaves]


def halved(leaves: Leaves, dtype: str) -> Wrong:
    """A whole squared error differentiated as half of one: the 2 of the power rule is lost."""
    return [0.5 * leaf for leaf in leaves]


def times_rows(leaves: Leaves, dtype: str) -> Wrong | None:
    """The sum over the rows where the loss takes their mean: the 1/n is missing."""
    return _scaled_by_rows(leaves, lambda n: float(n))


def over_rows(leaves: Leaves, dtype: str) -> Wrong | None:
    """The mean over the rows where the loss takes their sum, or the mean taken twice."""
    return _scaled_by_rows(leaves, lambda n: 1.0 / n)


def dropped(leaves: Leaves, dtype: str) -> Wrong:
    """The last leaf's gradient is never written: a bias forgotten, a buffer left at zero."""
    return [*leaves[:-1], np.zeros_like(leaves[-1])]


def one_zeroed(leaves: Leaves, dtype: str) -> Wrong | None:
    """One entry is never written: a loop that ends one early, a kernel's ragged edge."""
    return _at_largest(leaves, lambda x: 0.0 * x)


def one_off(leaves: Leaves, dtype: str) -> Wrong | None:
    """One entry is off by 1e-9 (float64), 1e-3, an eighth or a half: a race, a stale read."""
    return _at_largest(leaves, lambda x: x * (1.0 + SMALL_STEPS[format_of(dtype).name]))


def transposed(leaves: Leaves, dtype: str) -> Wrong | None:
    """Square matrices transposed: dy' x for x' dy.  Others would be rejected by their shape."""
    square = lambda x: x.ndim == 2 and x.shape[0] == x.shape[1] > 1
    return _where(leaves, square, np.transpose)


def flipped(leaves: Leaves, dtype: str) -> Wrong | None:
    """The last axis runs backwards: a convolution for a correlation, a reversed scan."""
    return _where(leaves, _has_axis, lambda x: np.flip(x, -1))


def rolled(leaves: Leaves, dtype: str) -> Wrong | None:
    """The last axis is off by one: an index that starts at 1, the previous step's value."""
    return _where(leaves, _has_axis, lambda x: np.roll(x, 1, -1))


def reshaped(leaves: Leaves, dtype: str) -> Wrong | None:
    """Entries in column order in a row-order array: a matrix from Fortran, MATLAB or Julia."""
    return _where(leaves, lambda x: x.ndim > 1, lambda x: x.ravel(order="F").reshape(x.shape))


def averaged(leaves: Leaves, dtype: str) -> Wrong | None:
    """The upstream gradient is not carried entry by entry: every entry has the leaf's mean."""
    return _where(leaves, _has_axis, lambda x: np.full_like(x, x.mean()))


def first_row(leaves: Leaves, dtype: str) -> Wrong | None:
    """Every row has what belongs to the first: only the first example was looked at."""
    many = lambda x: x.ndim > 0 and x.shape[0] > 1
    return _where(leaves, many, lambda x: np.broadcast_to(x[:1], x.shape).copy())


def swapped(leaves: Leaves, dtype: str) -> Wrong | None:
    """Two leaves of one shape change places: dw given for db, the layers counted from the end."""
    for i, left in enumerate(leaves):
        for j in range(i + 1, len(leaves)):
            if left.shape == leaves[j].shape:
                wrong = list(leaves)
                wrong[i], wrong[j] = leaves[j], left
                return wrong
    return None


def absolute(leaves: Leaves, dtype: str) -> Wrong:
    """The sign of each entry is lost: a norm, a square or a uint in between."""
    return [np.abs(leaf) for leaf in leaves]


def through_bfloat16(leaves: Leaves, dtype: str) -> Wrong | None:
    """Rounded to 8 bits on the way: mixed precision left on."""
    return _narrowed(leaves, dtype, ml_dtypes.bfloat16)


def through_float16(leaves: Leaves, dtype: str) -> Wrong | None:
    """Rounded to 11 bits on the way: half precision storage; large entries become infinite."""
    return _narrowed(leaves, dtype, np.float16)


def through_float32(leaves: Leaves, dtype: str) -> Wrong | None:
    """Rounded to 24 bits on the way: a float32 constant or buffer in a float64 program."""
    return _narrowed(leaves, dtype, np.float32) if format_of(dtype).name == "float64" else None


def not_a_number(leaves: Leaves, dtype: str) -> Wrong | None:
    """One entry is NaN: 0/0 at a special point, infinity less infinity, an unwritten buffer."""
    return _at_largest(leaves, lambda x: np.full_like(x, np.nan))


def _scaled_by_rows(leaves: Leaves, factor) -> Wrong | None:
    rows = next((leaf.shape[0] for leaf in leaves[::-1] if leaf.ndim and leaf.shape[0] > 1), 0)
    return [factor(rows) * leaf for leaf in leaves] if rows else None


def _at_largest(leaves: Leaves, change) -> Wrong | None:
    """Change the entry of largest size in the first leaf that has one which is not zero."""
    for k, leaf in enumerate(leaves):
        if leaf.size and np.any(leaf != 0.0):
            wrong = leaf.copy()
            at = np.unravel_index(int(np.argmax(np.abs(leaf))), leaf.shape)
            wrong[at] = change(wrong[at])
            return [*leaves[:k], wrong, *leaves[k + 1 :]]
    return None


def _has_axis(leaf: np.ndarray) -> bool:
    return leaf.ndim > 0 and leaf.shape[-1] > 1


def _where(leaves: Leaves, holds, change) -> Wrong | None:
    if not any(map(holds, leaves)):
        return None
    return [change(leaf) if holds(leaf) else leaf for leaf in leaves]


def _narrowed(leaves: Leaves, dtype: str, to) -> Wrong | None:
    if ml_dtypes.finfo(format_of(dtype).name).bits <= ml_dtypes.finfo(to).bits:
        return None
    with np.errstate(over="ignore"):
        return [leaf.astype(to).astype(np.float64) for leaf in leaves]
