"""Oracle: power series.  Encloses directional derivatives by running the program on x + t v.

Method       Series over real balls modulo t^2; the coefficient of t, one pass per direction.
Independent  of JAX's derivative rules, of float64, and of our own slopes and sweep: it checks them.
Guarantee    proven.
Kinks        an open comparison at the point is Undecided.
Silent on    gradients of more than ENTRIES entries: ask for a direction instead.
"""

import numpy as np
from flint import arb, ctx

from ..arithmetic.interpreter import run
from ..arithmetic.series import SERIES, line, terms
from ..vocabulary import Ball, Rank, Silent
from .ball import refined
from .question import Question

NAME, RANK = "power_series", Rank.PROVEN
ENTRIES = 64  # passes over the program that are still quick


def gradient(question: Question) -> list[Ball]:
    """Enclose every partial derivative: one pass for each."""
    count = sum(question.leaves[i].size for i in question.wanted)
    if count > ENTRIES:
        raise Silent(f"{count} entries would need as many passes; {ENTRIES} at most are made")
    return refined(lambda bits: [_leaf(question, i, bits) for i in question.wanted])


def directional(question: Question, direction: list[np.ndarray]) -> Ball:
    """Enclose gradient . direction, with one array per wanted leaf: one pass."""
    return refined(lambda bits: [np.array(slope(question, direction, bits), dtype=object)])[0]


def slope(question: Question, direction: list[np.ndarray], bits: int) -> arb:
    """The coefficient of t, at one working precision."""
    along = dict(zip(question.wanted, direction, strict=True))
    with ctx.workprec(bits), terms(2):
        args = [
            line(x, along.get(i, np.zeros(x.shape))) if f else x
            for i, (x, f) in enumerate(zip(question.leaves, question.floats, strict=True))
        ]
        (out,) = run(question.program, args, SERIES)
        return out[()][1]


def _leaf(question: Question, wanted: int, bits: int) -> np.ndarray:
    out = np.empty(question.leaves[wanted].shape, object)
    for index in np.ndindex(*out.shape):
        direction = [np.zeros(question.leaves[i].shape) for i in question.wanted]
        direction[question.wanted.index(wanted)][index] = 1.0
        out[index] = slope(question, direction, bits)
    return out
