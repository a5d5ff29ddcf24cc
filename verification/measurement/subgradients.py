"""Which of the slopes that a kink allows an implementation answers with."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from ..vocabulary import Ball
from .sample import Sample, decidable, outside

MOST = 6  # choices that are said one by one


def conventions(sample: Sample) -> str:
    """What was answered at every kink, such as "0 of [0, 1] at 2 kinks"; "" where there is none."""
    return in_words(answers(sample))


def answers(sample: Sample) -> Counter[str]:
    """How often each slope was answered; add them up over samples.

    A kink is an entry with a proven interval of slopes that is wider than the budget.  Slopes are
    given over the end of the interval that is furthest from 0, whatever arrived from above: at
    the kink of max(z, 0) that is 1.
    """
    leaves = range(len(sample.got))
    return Counter(said for leaf in leaves for said in _answers(sample, leaf))


def in_words(counts: Mapping[str, int]) -> str:
    """Every choice with the number of kinks; of more than MOST the commonest, and how many more."""
    plural = lambda n: "1 kink" if n == 1 else f"{n} kinks"
    first = sorted(counts, key=lambda said: (-counts[said], said))[:MOST]
    lines = [f"{said} at {plural(counts[said])}" for said in sorted(first)]
    rest = [n for said, n in counts.items() if said not in first]
    more = [f"{len(rest)} other choices at {plural(sum(rest))}"] if rest else []
    return ", ".join(lines + more)


def _answers(sample: Sample, leaf: int) -> list[str]:
    truth, got = sample.truth[leaf], sample.got[leaf]
    if not truth.proven and truth.sides is None:
        return []
    known = decidable(sample, leaf) & ~outside(sample, leaf)
    low, high = _interval(truth)
    with np.errstate(invalid="ignore"):  # infinite sides are not known
        at = known & (high - low > 2.0 * sample.allowed[leaf])
    low, high, answer = low[at], high[at], got[at]
    downward = low + high < 0.0
    far = np.where(downward, low, high)
    near = np.where(downward, high, low) / far
    pairs = zip(answer / far, near, strict=True)
    return [f"{_short(slope, 1 - n)} of [{_short(n, 1 - n)}, 1]" for slope, n in pairs]


def _interval(truth: Ball) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest slope of every entry."""
    if truth.sides is None:
        return np.asarray(truth.mid - truth.rad), np.asarray(truth.mid + truth.rad)
    low, high = truth.sides.mixture(np.min), truth.sides.mixture(np.max)
    return np.asarray(low), np.asarray(high)


def _short(slope: float, width: float) -> str:
    """To a hundredth of the interval: rounding is not a convention."""
    step = 10.0 ** np.floor(np.log10(width) - 2.0)
    return f"{np.rint(slope / step) * step + 0.0:.3g}"
