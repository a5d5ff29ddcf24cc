"""Answers to one question that are no two the same: all of them are judged, and the worst stands.

Sums whose order is left to chance, as those of atomic additions, answer differently each time and
are right.  What such a kernel is worth is told by all its answers beside the budget: inside, it is
a note; outside, the answer that is outside is judged as any other, and how far they are apart is
said.  Where they are further apart than from the truth, and nobody knows that digits are lost,
there is no answer to judge; where all of them share an error that is larger, that is a mistake.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from ..oracles.question import as_exact
from .sample import Sample, Spread, decidable, missed, outside

VARIES = "called twice alike, it answers differently, by less than rounding allows"
DIFFERS = "called twice alike, it answers differently in {leaf}, by {much}"
ANSWERS = 8  # of one that answers differently


class Inconstant(Exception):
    """The answers are those of no function; the message says where."""


def asked_again(sample: Sample, ask: Callable, is_right: Callable[[Sample], bool | None]) -> Sample:
    """The sample with the worst of its answers.  Raises Inconstant.

    `is_right(sample)` says whether the formula is right there, and only digits are lost; it is
    asked where the answers are far apart.
    """
    if alike(other := ask(*sample.args), sample):
        return sample
    seen = reduce(seen_with, [sample, with_answer(sample, other)], None)
    for _ in range(ANSWERS - 2):
        seen = seen_with(seen, with_answer(sample, ask(*sample.args)))
    assert seen is not None
    spread = widest(seen)
    if not is_outside(seen.worst):
        if spread.budgets > 2.0:  # two sides of a kink, say: each is right, and not both
            raise Inconstant(sentence(spread))
        return replace(sample, spread=spread)
    if spread.budgets > 2.0 and not share_an_error(seen) and is_right(seen.worst) is not True:
        raise Inconstant(sentence(spread))
    return replace(seen.worst, spread=spread._replace(beyond=True))


def alike(leaves: Sequence, sample: Sample) -> bool:
    pairs = zip(map(as_exact, leaves), sample.got, strict=True)
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)


def with_answer(sample: Sample, leaves: Sequence) -> Sample:
    return replace(sample, got=list(map(as_exact, leaves)))


def is_outside(sample: Sample) -> bool:
    return any(bool(outside(sample, k).any()) for k in range(len(sample.paths)))


# --- how far apart they are ----------------------------------------------------------------------


class Answers(NamedTuple):
    """What is kept of them, leaf by leaf, however many they are."""

    worst: Sample  # the first that is outside; else the first
    low: list[np.ndarray]
    high: list[np.ndarray]
    errors: list[np.ndarray]  # the least of each entry
    gaps: list[np.ndarray]  # entries that were a number once, and none at another time


def seen_with(before: Answers | None, sample: Sample) -> Answers:
    """One answer more."""
    errors = [missed(sample, k) for k in range(len(sample.paths))]
    got = list(map(_signed, sample.got))
    if before is None:
        return Answers(sample, got, got, errors, [np.zeros(np.shape(x), bool) for x in got])
    worst = sample if is_outside(sample) and not is_outside(before.worst) else before.worst
    gaps = [
        g | (np.isnan(a) != np.isnan(b))
        for g, a, b in zip(before.gaps, got, before.low, strict=True)
    ]
    least = lambda one, other: list(map(np.minimum, one, other))
    high = list(map(np.maximum, before.high, got))
    return Answers(worst, least(before.low, got), high, least(before.errors, errors), gaps)


def share_an_error(seen: Answers) -> bool:
    """Whether some entry is further from the truth, in all answers, than they are apart."""
    with np.errstate(invalid="ignore"):
        far = [
            e > high - low for e, low, high in zip(seen.errors, seen.low, seen.high, strict=True)
        ]
    leaves = range(len(far))
    return any(bool((outside(seen.worst, k) & far[k]).any()) for k in leaves)


def widest(seen: Answers) -> Spread:
    """How far apart two of the answers are at most, and in which leaf."""
    found = (_spread(seen, k) for k in range(len(seen.low)))
    return max(found, key=lambda one: one.budgets)


def _spread(seen: Answers, leaf: int) -> Spread:
    low, high, sample = seen.low[leaf], seen.high[leaf], seen.worst
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = (high - low) / sample.allowed[leaf]
    ratio = np.where((low == high) | np.isnan(low), 0.0, ratio)
    ratio = np.where(seen.gaps[leaf] | np.isnan(ratio), np.inf, ratio)
    known = decidable(sample, leaf)
    return Spread(float(ratio[known].max(initial=0.0)), sample.paths[leaf] or "the gradient")


def _signed(leaf: np.ndarray) -> np.ndarray:
    """Numbers that can be subtracted: booleans are 0 and 1."""
    return leaf.astype(np.int64) if leaf.dtype.kind == "b" else leaf


# --- what is said of it --------------------------------------------------------------------------


def wider(one: Spread | None, other: Spread | None) -> Spread | None:
    """What two cases say together."""
    if one is None or other is None:
        return one or other
    largest = max(one, other, key=lambda spread: spread.budgets)
    return largest._replace(beyond=one.beyond or other.beyond)


def sentence(spread: Spread | None) -> str:
    """What is to be said of it, and where it is so large how large; empty where there is none."""
    if spread is None:
        return ""
    if not spread.beyond and spread.budgets <= 2.0:
        return VARIES
    much = f"up to {spread.budgets:.3g} times what rounding allows"
    return DIFFERS.format(leaf=spread.leaf, much=much if np.isfinite(spread.budgets) else NONE)


NONE = "more than any rounding does"
