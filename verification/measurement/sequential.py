"""The mean of random answers, looked at again and again: a confidence sequence.

With s the deviation of one answer and n answers, the mean lies within

    s sqrt(2 (n r^2 + 1) / (n r)^2  log(sqrt(n r^2 + 1) / error))

of its expectation at all n at once, but for a probability of `error` (Robbins' normal mixture; for
means that are not normal by the time-uniform central limit theorem of Waudby-Smith, Arbour, Sinha,
Kennedy and Ramdas, 2024).  That theorem is a limit.  How far n is from it is looked at: by Cramer's
expansion the probability of a tail at z deviations is that of a normal one times about
exp(skewness z^3 / (6 sqrt n) + (kurtosis - 3) z^4 / (24 n)), and nothing is said while that
exponent, estimated from the answers, is above 1.  An answer without a variance is never settled so.
"""

from typing import Any, NamedTuple

import numpy as np


class Moments(NamedTuple):
    """Of n answers: the sums of the powers 1 to 4 of answer - centre, entry by entry."""

    count: int
    sums: np.ndarray  # powers first

    def __add__(self, other: tuple) -> "Moments":
        count, sums = other
        return Moments(self.count + count, self.sums + sums)

    @property
    def mean(self) -> np.ndarray:
        return np.asarray(self.sums[0] / self.count)

    def central(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The variance, and the third and fourth central moments."""
        m, (_, s2, s3, s4) = self.mean, self.sums / self.count
        variance = s2 - m**2
        third = s3 - 3.0 * m * s2 + 2.0 * m**3
        fourth = s4 - 4.0 * m * s3 + 6.0 * m**2 * s2 - 3.0 * m**4
        return np.asarray(np.maximum(variance, 0.0)), np.asarray(third), np.asarray(fourth)


def halfwidth(moments: Moments, error: float, tuned: float) -> np.ndarray:
    """How far the mean may be from its expectation; narrowest where n is about `tuned`."""
    variance, _, _ = moments.central()
    n, ratio = moments.count, 1.0 / tuned * (2.0 * np.log(1.0 / error) + 1.0)
    spread = n * ratio + 1.0
    return np.asarray(
        np.sqrt(variance * 2.0 * spread / (n**2 * ratio) * np.log(np.sqrt(spread) / error))
    )


def is_normal(moments: Moments, error: float) -> np.ndarray:
    """Whether the tail at `error` is about that of a normal mean: see the head of this file."""
    variance, third, fourth = moments.central()
    n, z = moments.count, np.sqrt(2.0 * np.log(1.0 / error))
    with np.errstate(divide="ignore", invalid="ignore"):
        skewness = np.abs(third) / variance**1.5
        kurtosis = np.maximum(fourth / variance**2 - 3.0, 0.0)
        exponent = skewness * z**3 / (6.0 * np.sqrt(n)) + kurtosis * z**4 / (24.0 * n)
    return np.asarray((exponent <= 1.0) | (variance == 0.0))


def normal_after(moments: Moments, error: float) -> np.ndarray:
    """After how many answers the exponent of is_normal is 1, by the moments so far."""
    variance, third, fourth = moments.central()
    z = np.sqrt(2.0 * np.log(1.0 / error))
    with np.errstate(divide="ignore", invalid="ignore"):
        skewed = np.abs(third) / variance**1.5 * z**3 / 6.0
        tailed = np.maximum(fourth / variance**2 - 3.0, 0.0) * z**4 / 24.0
    root = (skewed + np.sqrt(skewed**2 + 4.0 * tailed)) / 2.0
    return np.asarray(np.nan_to_num(root**2))


EARLY = 8.0  # halfwidth is tuned to 1/8 of the answers that there may be


def needed(moments: Moments, width: Any, error: float) -> np.ndarray:
    """How many answers narrow the mean down to `width`, if halfwidth is tuned to 1/EARLY of them.

    The variance is taken as large as it may be: its own estimate is off by z deviations at most.
    """
    variance, _, fourth = moments.central()
    log = np.log(1.0 / error)
    spread = EARLY * (2.0 * log + 1.0) + 1.0
    factor = 2.0 * spread / (spread - 1.0) * (log + 0.5 * np.log(spread))
    off = np.sqrt(2.0 * log * np.maximum(fourth - variance**2, 0.0) / moments.count)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((variance + off) / width**2 * factor)
