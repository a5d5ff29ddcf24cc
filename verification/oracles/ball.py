"""Oracle: ball arithmetic.  Proves that every partial derivative lies in a small interval.

Method       One pass forward and one reverse sweep over real balls; double the bits until every
             entry is thin.
Independent  of JAX's derivative rules and of float64; it shares only the forward program.
Guarantee    proven.  The inputs are the exact rationals that the floats denote.
Kinks        where a comparison is a tie, or the slope there is no number, the truth is what the
             derivative tends to beside the point: one limit, or the sides that a subgradient mixes.
Assumes      that the program is the function on every side of a tie: a branch that is taken by
             equality alone says a value, not a slope.  See one_sided.py for what is assumed there.
Silent on    primitives without a rule (NoRule), undecided branches (an infinite radius), and
             points where the function jumps.
"""

import functools
import math
from collections.abc import Callable

import numpy as np
from flint import arb, ctx

from ..arithmetic import sweep
from ..arithmetic.ball_slopes import Unsure, slopes
from ..arithmetic.balls import BALLS, UNIT, UNKNOWN
from ..arithmetic.ties import Recorded
from ..vocabulary import Ball, Rank, Sides, Undecided
from .clarke import Hull, hull
from .enclosures import fatness, to_ball
from .one_sided import Beside
from .question import Question
from .sums import by_entry
from .work import products

NAME, RANK = "ball", Rank.PROVEN
BITS = 128  # working precision at first
MAX_BITS = 2048  # working precision at which we stop trying
SHARES = 2**40  # of a tie, from which one is drawn


def gradient(question: Question) -> list[Ball]:
    """Enclose every partial derivative, leaf by leaf."""
    if (of_sum := by_entry(question)) is not None:
        return of_sum
    with ctx.workprec(BITS):
        leaves, value, recorded = _sweep(question, UNIT)
    compared = any(tie.compares for tie in recorded.ties.values())
    if not recorded.ties:
        found = refined(lambda bits: enclose(question, bits) if bits > BITS else leaves)
        if all(np.isfinite(ball.rad).all() for ball in found):
            return found
    elif not compared and not fatness(known := _of_every_share(question, leaves)):
        return refined(lambda bits: known)
    try:
        said = hull(Beside(question, recorded.ties, value, leaves), products(question.program))
    except Undecided:
        return [_unknown(leaf) for leaf in leaves]
    with ctx.workprec(BITS):
        return limits(question, said)


def _of_every_share(question: Question, leaves: list[np.ndarray]) -> list[np.ndarray]:
    """The leaves, where overlapping balls are given all shares of a tie at once.

    They are thin where no side of the tie matters: nothing comes from above, as to the diagonal of
    correlations that are clipped at 1, or all sides have one slope.
    """
    if fatness(leaves) < math.inf:
        return leaves
    with ctx.workprec(BITS):
        known = _sweep(question, UNIT, lambda: UNIT)[0]
        return _of_drawn_shares(question) if fatness(known) else known


def _of_drawn_shares(question: Question) -> list[np.ndarray]:
    """The leaves at two draws of all these shares, where they overlap: no share changes anything.

    What comes to a clipped d / sqrt(d) / sqrt(d) is handed on in three parts that cancel, whatever
    it is; balls of all shares at once do not see that.  The gradient is a polynomial in the shares,
    of degree 1 in each.  One that is not constant has one value at two draws of n shares with a
    chance of at most n / SHARES (Schwartz 1980).  Where they do not overlap nothing is known: what
    lies between two draws is not all that lies between the sides.
    """
    rng = np.random.default_rng(question.leaves[0].size)
    drawn = lambda: arb(int(rng.integers(SHARES))) / SHARES
    one, other = (_sweep(question, UNIT, drawn)[0] for _ in range(2))
    return [_array(_joined(a, b)) for a, b in zip(one, other, strict=True)]


def limits(question: Question, said: Hull) -> list[Ball]:
    """Balls that hold all one-sided gradients, and the sides that leaves share."""
    balls, low = [], 0
    for i in question.wanted:
        shape, size = question.leaves[i].shape, question.leaves[i].size
        cut = slice(low, low + size)
        balls.append(_between(said, cut, shape))
        low += size
    return balls


def _between(said: Hull, cut: slice, shape: tuple[int, ...]) -> Ball:
    """The limit where there is one; else the mean of the sides, and how far it is to the ends."""
    still = np.array([_limit([side.slopes[k] for side in said.sides]) for k in _range(cut)], object)
    mid, tail, rad, *_ = to_ball(still)
    sides = Sides(said.columns[:, cut], said.blocks, said.exact)
    low, mean, high = (sides.mixture(f) for f in (np.min, np.mean, np.max))
    if not said.exact and not said.blocks.any():
        mean = sides.columns[:2].mean(axis=0)  # of opposite sides
    with np.errstate(invalid="ignore"):  # infinite sides are not known
        moving, ends = high > low, np.maximum(high - mean, mean - low)
    wide = (ends if said.exact else 2.0 * ends) + np.spacing(np.maximum(np.abs(low), np.abs(high)))
    mid, tail = np.where(moving, mean, mid), np.where(moving, 0.0, tail)
    rad = np.where(said.known[cut] & ~np.isnan(wide), np.where(moving, wide, rad), np.inf)
    sides = sides._replace(columns=sides.columns.reshape(-1, *shape))
    return Ball(mid.reshape(shape), tail.reshape(shape), rad.reshape(shape), True, sides)


def _range(cut: slice) -> range:
    return range(cut.start, cut.stop)


def _limit(sides: list[arb]) -> arb:
    """The limit lies amid what is nearly so on opposite sides; 0 if they cannot be told from it."""
    both = functools.reduce(arb.union, sides)
    wide = both + (both - both)
    return wide - wide.mid() if wide.contains(0) else wide


def _unknown(leaf: np.ndarray) -> Ball:
    zero = np.zeros(leaf.shape)
    return Ball(zero, zero, zero + np.inf, proven=False)


def refined(enclosure: Callable[[int], list[np.ndarray]]) -> list[Ball]:
    """Leaves of balls at 128 bits, then at twice as many until they are thin or stop improving."""
    bits, before = BITS, math.inf
    leaves = enclosure(bits)
    while (fat := fatness(leaves)) > 0 and (fat < before or fat == math.inf) and bits < MAX_BITS:
        bits, before = 2 * bits, fat
        leaves = enclosure(bits)
    with ctx.workprec(bits):
        return [to_ball(leaf) for leaf in leaves]


def enclose(question: Question, bits: int) -> list[np.ndarray]:
    """The gradient as arrays of balls, at one working precision; of a tie, all its shares."""
    with ctx.workprec(bits):
        return _sweep(question, UNIT)[0]


def _sweep(
    question: Question, tie: arb, unsure: Unsure = lambda: UNKNOWN
) -> tuple[list[np.ndarray], arb, Recorded]:
    args = [
        BALLS.lift(a) if f else a for a, f in zip(question.leaves, question.floats, strict=True)
    ]
    recorded = Recorded()
    table = slopes(tie, [], unsure)
    value, leaves = sweep.value_and_gradient(
        question.program, args, question.wanted, BALLS, table, recorded
    )
    made = [_array(_as_balls(leaf)) for leaf in leaves]
    return made, np.asarray(value, object).ravel()[0], recorded


_as_balls = np.frompyfunc(lambda x: x if isinstance(x, arb) else arb(x), 1, 1)
_joined = np.frompyfunc(lambda a, b: a.union(b) if a.overlaps(b) else UNKNOWN, 2, 1)


def _array(value) -> np.ndarray:
    return np.asarray(value, dtype=object)
