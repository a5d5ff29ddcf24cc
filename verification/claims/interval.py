"""Confidence intervals: what an experiment over seeds may say of a mean."""

from typing import NamedTuple

import numpy as np

LEVEL = 0.999  # one spurious finding in a thousand honest ones


class Interval(NamedTuple):
    """The mean of a sample, and where the true mean lies at that level."""

    mean: float
    low: float
    high: float

    def holds(self, truth: float) -> bool:
        return self.low <= truth <= self.high  # False for NaN


def student(sample: np.ndarray, level: float = LEVEL) -> Interval:
    """mean +- t s / sqrt n, t the quantile of Student's distribution with n - 1 degrees of freedom.

    Raises ValueError for fewer than 10 numbers, or numbers that are not finite.
    """
    from scipy import stats

    sample = np.asarray(sample, np.float64)
    if sample.ndim != 1 or len(sample) < 10 or not np.isfinite(sample).all():
        raise ValueError(f"the sample is {sample}; an interval wants at least 10 finite numbers")
    reach = stats.t.ppf(0.5 + level / 2.0, len(sample) - 1) * sample.std(ddof=1)
    mean, half = sample.mean(), reach / np.sqrt(len(sample))
    return Interval(float(mean), float(mean - half), float(mean + half))


def ratio(above: np.ndarray, below: np.ndarray) -> Interval:
    """The interval of the paired log ratio, log(above / below), as factors."""
    return Interval(*np.exp(student(np.log(above) - np.log(below))).tolist())


def factor(interval: Interval) -> str:
    """As a sentence says it."""
    return f"{interval.mean:.3g} ({interval.low:.3g} to {interval.high:.3g})"
