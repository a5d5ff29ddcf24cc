"""How far an answer is from the truth: entry by entry, in the units that matter."""

import numpy as np

from ..arithmetic.formats import format_of
from ..vocabulary import Ball


def distance(got: np.ndarray, truth: Ball) -> np.ndarray:
    """|got - truth's middle|, exact where the two are close (mid + tail is not rounded)."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.abs((np.asarray(got, np.float64) - truth.mid) - truth.tail))


def beyond(got: np.ndarray, truth: Ball) -> np.ndarray:
    """The least possible error: the distance to the nearest point of the ball."""
    with np.errstate(invalid="ignore"):  # infinite, from a ball that is the whole line
        return np.asarray(np.maximum(distance(got, truth) - truth.rad, 0.0))


def ulp(expected: np.ndarray | np.floating, dtype: str) -> np.ndarray | np.floating:
    """The spacing of the format around `expected`, or its smallest normal number if that is more.

    Below the smallest normal number results may be flushed to zero, and no digit is promised.
    """
    target = format_of(dtype)
    with np.errstate(divide="ignore"):
        exponent = np.floor(np.log2(np.abs(expected)))
    return np.where(
        np.abs(expected) < target.tiny, target.tiny, np.exp2(exponent) * 2.0 * target.unit
    )


def relative(error: np.ndarray, truth: Ball) -> np.ndarray:
    """error / |truth|; an error where the truth is 0 is infinite, no error there is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0, 0.0, error / np.abs(truth.mid))
