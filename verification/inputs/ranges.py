"""What the numbers of one array have in common at every draw: a range, sums, what stays, twins.

unit interval   probabilities, rates: from 0 to 1, and never 1 where no draw is
binary          masks: 0 and 1
whole           integers that are held in floats
sums            a sum, or a sum of squares, along an axis: the same at every draw
pinned          entries that never change while others do: a column of ones, a diagonal of ones
twins           entries that are equal to one another: a table of angles that is held twice
"""

from typing import NamedTuple

import numpy as np

TELLING = 8  # numbers, so that their range is no accident
CLOSE = 1e-6  # sums that are equal but for rounding


class Numbers(NamedTuple):
    """Of one array: as it was drawn first, and what later draws left of that."""

    first: np.ndarray
    low: float
    high: float
    whole: bool
    count: int
    pinned: np.ndarray  # entries, as at first at every draw so far
    sums: np.ndarray  # along each axis, where they are one number; else NaN
    draws: int
    twins: np.ndarray  # of each entry the first that was the same number at every draw so far

    @property
    def varies(self) -> bool:
        """Whether it is no constant: of one draw, whether its entries differ."""
        return self.low < self.high and (self.draws == 1 or not self.pinned.all())

    @property
    def unit(self) -> bool:
        in_it = self.low >= 0.0 and 0.5 < self.high <= 1.0
        return in_it and self.varies and self.count >= TELLING

    @property
    def integral(self) -> bool:
        return self.whole and self.varies and self.count >= TELLING

    @property
    def constrained(self) -> bool:
        """Whether a sum is the same at several draws that differ."""
        is_one = self.draws > 1 and self.varies and not self.whole
        return bool(is_one and np.isfinite(self.sums).any())

    @property
    def held(self) -> np.ndarray:
        """Entries that do not change while others do; of one draw nobody knows."""
        some = self.draws > 1 and not self.pinned.all()
        return np.asarray(self.pinned) if some else np.zeros(self.first.shape, bool)


def numbers(x: np.ndarray) -> Numbers:
    """What one draw shows of floats."""
    x = x if x.dtype.kind == "f" else np.zeros(0)
    low, high = float(x.min(initial=np.inf)), float(x.max(initial=-np.inf))
    is_whole = bool(np.isfinite(x).all() and (x == np.rint(x)).all())
    return Numbers(x, low, high, is_whole, x.size, np.ones(x.shape, bool), _sums(x), 1, _twins(x))


def shared(one: Numbers, other: Numbers) -> Numbers:
    """What two draws both show."""
    alike = one.first.shape == other.first.shape
    none, same_size = np.zeros(one.first.shape, bool), alike and one.twins.size == other.twins.size
    near = np.abs(one.sums - other.sums) <= CLOSE * np.abs(one.sums) if alike else False
    return Numbers(
        one.first,
        min(one.low, other.low),
        max(one.high, other.high),
        one.whole and other.whole,
        one.count + other.count,
        one.pinned & other.pinned & (one.first == other.first) if alike else none,
        np.where(near, one.sums, np.nan),
        one.draws + other.draws,
        _twins(one.twins, other.twins) if same_size else np.zeros(0, int),
    )


def keeps(held: Numbers, x: np.ndarray) -> bool:
    """Whether floats are such as the draws were."""
    if not held.first.size or not x.size:
        return True
    below = x < 1.0 if held.high < 1.0 else x <= 1.0  # 1 is to 1 - p what 0 is to p
    inside = not held.unit or bool(((x >= 0.0) & below).all())
    return inside and (not held.integral or bool((x == np.rint(x)).all())) and _keeps_twins(held, x)


def _keeps_twins(held: Numbers, x: np.ndarray) -> bool:
    """Of one draw nobody knows, and whole numbers are equal by chance."""
    told = held.draws > 1 and not held.whole and held.twins.size == x.size
    return not told or bool((x.ravel()[held.twins] == x.ravel()).all())


def _twins(*arrays: np.ndarray) -> np.ndarray:
    """Of each entry the first that is equal to it in all of these arrays."""
    numbers = np.stack([np.ravel(x) for x in arrays], axis=1)
    if not numbers.size:
        return np.zeros(0, int)
    _, first, which = np.unique(numbers, axis=0, return_index=True, return_inverse=True)
    return first[which.ravel()]


def restored(held: Numbers, x: np.ndarray) -> np.ndarray:
    """The array with its pinned entries as they always are."""
    if held.first.shape != x.shape or not held.held.any():
        return x
    return np.where(held.held, held.first.astype(x.dtype), x)


def _sums(x: np.ndarray) -> np.ndarray:
    """The sum, and the sum of squares, along each axis, where all are one number that is not 0."""
    if not np.isfinite(x).all() or not x.size:
        return np.full(2 * x.ndim, np.nan)
    with np.errstate(over="ignore"):
        found = [
            np.asarray(f(x).sum(axis)) for f in (np.asarray, np.square) for axis in range(x.ndim)
        ]
    return np.array([_one(sums) for sums in found], np.float64)


def _one(sums: np.ndarray) -> float:
    mean = float(np.mean(sums)) if sums.size else 0.0
    return mean if mean and float(np.ptp(sums)) <= CLOSE * abs(mean) else np.nan
