"""A right gradient that was clipped: each entry at one size, or all of it to one length.

    entries   min(max(g, -c), c)
    length    g min(1, c / |g|), over all leaves together; PyTorch divides by |g| + 1e-6

What c is follows from the answer.  It is believed where two entries, or two cases, tell the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..vocabulary import Explanation
from .problem import Problem, wrong_leaves

LENGTHENED = (0.0, 1e-6)  # what is added to the length
LEAST = 2  # entries, or cases, that are clipped
REMEDY = "hand over the gradient before it is clipped, and judge what clips by itself"
Leaves = list[np.ndarray]


def clipped(problems: Sequence[Problem]) -> list[Explanation]:
    """What fits; nothing where fewer than two entries, or cases, are clipped."""
    if all(_is_nothing(p) for p in problems):
        return []  # a gradient that is 0 but for rounding is not one that was clipped
    found = []
    for words, predicted in (*_by_entry(problems), *_by_length(problems)):
        left = max(_left(p, predicted(p)) for p in problems)
        if left <= 1.0:
            said = Explanation("clipped", "the gradient", words, remedy=REMEDY, residual=left)
            found.append(replace(said, leaves=wrong_leaves(problems)))
    return found[:1]


def _left(p: Problem, predicted: Leaves) -> float:
    """What is left of the error, in what an entry may be off by; of a black box, too."""
    rest = [np.abs(a - b) for a, b in zip(predicted, p.sample.got, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [r / room for r, room in zip(rest, p.tolerance, strict=True)]
    far = [np.where(r == 0.0, 0.0, share) for r, share in zip(rest, shares, strict=True)]
    return max(float(x.max(initial=0.0)) for x in far)


def _is_nothing(p: Problem) -> bool:
    """Whether no entry is further from 0 than it may be off by."""
    pairs = zip(p.sample.got, p.tolerance, strict=True)
    return all(bool((np.abs(got) <= room).all()) for got, room in pairs)


def _truth(p: Problem) -> Leaves:
    return [ball.mid for ball in p.sample.truth]


def _by_entry(problems: Sequence[Problem]) -> Iterator[tuple[str, Callable]]:
    """The largest entry of all answers is c."""
    c = max(float(np.abs(got).max(initial=0.0)) for p in problems for got in p.sample.got)
    cut = sum(int((np.abs(t) > c).sum()) for p in problems for t in _truth(p))
    if cut >= LEAST and c > 0.0:
        words = f"each entry is clipped to between -{c:.6g} and {c:.6g}"
        yield words, lambda p: [np.asarray(np.clip(t, -c, c)) for t in _truth(p)]


def _by_length(problems: Sequence[Problem]) -> Iterator[tuple[str, Callable]]:
    """The length of the answers that are wrong is c."""
    wrong = [p for p in problems if any(p.wrong)]
    if len(wrong) < LEAST:
        return
    for more in LENGTHENED:
        length = _length(_truth(wrong[0]))
        c = _length(wrong[0].sample.got) * (length + more) / max(length, np.finfo(float).tiny)

        def predicted(p: Problem, more: float = more, c: float = c) -> Leaves:
            share = min(1.0, c / (_length(_truth(p)) + more))
            return [np.asarray(share * t) for t in _truth(p)]

        also = f", with {more:g} added to it" if more else ""
        yield f"it is clipped to a length of {c:.6g} over all leaves{also}", predicted


def _length(leaves: Leaves) -> float:
    return float(np.sqrt(sum(float(np.square(x).sum()) for x in leaves)))
