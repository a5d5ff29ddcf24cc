"""Oracle: ball arithmetic.  Proves that every partial derivative lies in a small interval.

Method       One pass forward and one reverse sweep over real balls; double the bits until every
             entry is thin.
Independent  of JAX's derivative rules and of float64; it shares only the forward program.
Guarantee    proven.  The inputs are the exact rationals that the floats denote.
Kinks        at an exact tie of max, min or |x| the ball is the Clarke interval [left, right].
Silent on    primitives without a rule (NoRule) and undecided branches (an infinite radius).
"""

import math
from collections.abc import Callable

import numpy as np
from flint import arb, ctx

from ..arithmetic import sweep
from ..arithmetic.ball_slopes import slopes
from ..arithmetic.balls import BALLS, UNIT
from ..vocabulary import Ball, Rank
from .question import Question

NAME, RANK = "ball", Rank.PROVEN
THIN = 60  # bits of relative accuracy at which an enclosure is good enough
MAX_BITS = 2048  # working precision at which we stop trying
FLOOR = arb(2) ** -1200  # far below every float64: nothing is told apart down there


def gradient(question: Question) -> list[Ball]:
    """Enclose every partial derivative, leaf by leaf."""
    return refined(lambda bits: enclose(question, bits))


def refined(enclosure: Callable[[int], list[np.ndarray]]) -> list[Ball]:
    """Leaves of balls at 128 bits, then at twice as many until they are thin or stop improving."""
    bits, before = 128, math.inf
    leaves = enclosure(bits)
    while (fat := fatness(leaves)) > 0 and (fat < before or fat == math.inf) and bits < MAX_BITS:
        bits, before = 2 * bits, fat
        leaves = enclosure(bits)
    with ctx.workprec(bits):
        return [to_ball(leaf) for leaf in leaves]


def enclose(question: Question, bits: int) -> list[np.ndarray]:
    """The gradient as arrays of balls, at one working precision.

    A share of [0, 1] for both sides of a tie spans too much where both depend on one number, so
    a single tie is answered by the hull of its two one-sided gradients.
    """
    with ctx.workprec(bits):
        leaves, ties = _sweep(question, UNIT)
        if ties == 1:
            (left, _), (right, _) = _sweep(question, arb(0)), _sweep(question, arb(1))
            hull = np.frompyfunc(arb.union, 2, 1)
            return [_array(hull(a, b)) for a, b in zip(left, right, strict=True)]
        return leaves


def _sweep(question: Question, tie: arb) -> tuple[list[np.ndarray], int]:
    met: list = []
    args = [
        BALLS.lift(a) if f else a for a, f in zip(question.leaves, question.floats, strict=True)
    ]
    table = slopes(tie, met)
    _, leaves = sweep.value_and_gradient(question.program, args, question.wanted, BALLS, table)
    return [_array(np.frompyfunc(arb, 1, 1)(leaf)) for leaf in leaves], len(met)


def _array(value) -> np.ndarray:
    return np.asarray(value, dtype=object)


def fatness(leaves: list[np.ndarray]) -> float:
    """Bits that the widest entry lacks; 0 when all are thin, inf where one is unbounded."""
    return max((_lacking(x) for leaf in leaves for x in leaf.flat), default=0.0)


def _lacking(x: arb) -> float:
    if not x.is_finite():
        return math.inf
    lacking = THIN - x.rel_accuracy_bits()
    return float(lacking) if lacking > 0 and not abs(x) < FLOOR else 0.0


def to_ball(leaf: np.ndarray) -> Ball:
    """The middle as two float64, and a radius that also covers what they leave out."""
    parts = np.frompyfunc(_parts, 1, 3)(leaf)
    mid, tail, rad = (np.asarray(part, dtype=np.float64) for part in parts)
    return Ball(mid, tail, rad, proven=True)


def _parts(x: arb) -> tuple[float, float, float]:
    mid = float(x.mid())
    if not x.is_finite() or math.isinf(mid):
        return 0.0, 0.0, math.inf
    tail = float((x - mid).mid())
    rest = (x - mid - tail).abs_upper()
    return mid, tail, 0.0 if rest == 0 else math.nextafter(float(rest), math.inf)
