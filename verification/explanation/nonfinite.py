"""A wrong slope that is not finite: the term that makes the numbers of an answer that are none.

Nothing can be fitted to NaN; the slopes of the bank that are not finite somewhere are swept through
one by one, and must spoil the same entries and leave all others as they were answered.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from ..vocabulary import Explanation
from .bank import BANK, Slope
from .elsewhere import ELSEWHERE, Elsewhere
from .problem import Problem
from .residuals import NOT_HERE
from .slopes import Guess, explained, gradient_with, slope_at
from .units import At

WORK = 10**6  # operations of all sweeps together


def not_finite(problems: Sequence[Problem]) -> list[Explanation]:
    """The slopes that spoil the same entries in every case, and answer the others alike."""
    met = [p.units for p in problems]
    room = WORK // max(len(problems[0].tape.operations), 1)
    alike = [g for g in islice(_guesses(problems, met), room) if _spoils_the_same(problems[0], g)]
    return [e for g in alike if (e := explained(problems, met, g)).fits]


def _guesses(problems: Sequence[Problem], met: list[dict]) -> Iterator[Guess]:
    for unit in dict.fromkeys(u for found in met for u in found):
        for slope in (*BANK, *ELSEWHERE):
            ats = [(p, at) for p, m in zip(problems, met, strict=True) for at in m.get(unit, [])]
            if any(_spoils(slope, p, at) for p, at in ats):
                yield Guess(unit, slope, 1.0, 0.0)


def _spoils(slope: Slope | Elsewhere, p: Problem, at: At) -> bool:
    try:
        return not np.isfinite(slope_at(slope, p, at)).all()
    except NOT_HERE:
        return False


def _spoils_the_same(p: Problem, guess: Guess) -> bool:
    """At the first case; a slope that has no value in some shape is none of these."""
    wrong = gradient_with(p, p.units.get(guess.unit, []), guess).gradient
    triples = zip(wrong, p.sample.got, p.known, strict=True)
    pattern = lambda x: np.isfinite(np.asarray(x))
    return all(np.array_equal(pattern(w)[k], pattern(g)[k]) for w, g, k in triples)
