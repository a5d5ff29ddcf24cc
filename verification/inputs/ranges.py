"""What the numbers of one array have in common at every draw: a range, sums, fixed entries.

unit interval   probabilities, rates: from 0 to 1, and never 1 where no draw is
binary          masks: 0 and 1
whole           integers that are held in floats
sums            a sum, or a sum of squares, along an axis: the same at every draw
pinned          entries that never change while others do: a column of ones, a diagonal of ones
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
    return Numbers(x, low, high, is_whole, x.size, np.ones(x.shape, bool), _sums(x), 1)


def shared(one: Numbers, other: Numbers) -> Numbers:
    """What two draws both show."""
    alike = one.first.shape == other.first.shape
    none = np.zeros(one.first.shape, bool)
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
    )


def keeps(held: Numbers, x: np.ndarray) -> bool:
    """Whether floats are such as the draws were."""
    if not held.first.size or not x.size:
        return True
    below = x < 1.0 if held.high < 1.0 else x <= 1.0  # 1 is to 1 - p what 0 is to p
    inside = not held.unit or bool(((x >= 0.0) & below).all())
    return inside and (not held.integral or bool((x == np.rint(x)).all()))


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
