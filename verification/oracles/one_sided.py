"""One-sided gradients: what the derivative tends to on every side of a point with ties.

The gradient is enclosed at x + t v, for directions v of the arguments and t far below everything
that the point resolves.  There no comparison is decided by equality, and a formula 0/0 has a value.

Assumed of the program at the point: along a direction it is smooth for 0 < s <= t, with a
derivative that is within t^(1/4) of its limit, relative to 1 and to its own size.  That is looked
at, not proven: at t^2 it must be the same to within as much.  What is still tied there exactly, as
x - x is with 0, is tied all around: both sides have one slope, and a half of each is that one.

Ties whose differences are independent of the others' are blocks of their own: their sides can be
had in any combination, and the subgradients are a sum of convex hulls, one for each block.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from flint import arb, ctx

from ..arithmetic import sweep
from ..arithmetic.ball_slopes import slopes
from ..arithmetic.balls import BALLS
from ..arithmetic.ties import Followed, Tie
from ..vocabulary import Undecided
from .question import Question

FINE = 400  # t is 2^-FINE of the smallest number at the point, or of 1
MOST = 64  # entries that are moved one by one
GRAIN = 2.0**-20  # of directions
HALF = arb(1) / 2


class Side(NamedTuple):
    """The gradient beside the point, the value there, and the rates of the tied differences."""

    slopes: np.ndarray  # of balls, all wanted entries end to end
    value: arb
    rates: np.ndarray


class Jump(Undecided):
    """The value on a side is not that of the point: the function jumps, or may."""


class Beside:
    """A point with ties, and what can be asked beside it.  `value` is the function at the point,
    `own` the gradient that the program has there, leaf by leaf.

    Entries that are held stay where they are, whatever the direction.
    """

    def __init__(self, question: Question, ties: Mapping[int, Tie], value: arb, own: list):
        self.question, self.ties, self.value, self.own = question, ties, value, own
        self.size = sum(question.leaves[i].size for i in question.wanted)
        self.held = np.zeros(self.size, bool)

    @cached_property
    def exponent(self) -> int:
        """t = 2^-exponent."""
        floats = zip(self.question.leaves, self.question.floats, strict=True)
        sizes = [np.abs(x[(x != 0) & np.isfinite(x)]) for x, f in floats if f]
        least = min((float(x.min()) for x in sizes if x.size), default=1.0)
        return FINE + max(0, -int(np.floor(np.log2(least))))

    @cached_property
    def resolution(self) -> float:
        """t^(1/4): what is not told apart, relative to 1 and to the gradient."""
        return float(2.0 ** -(self.exponent // 4))

    def at(self, direction: np.ndarray, power: int = 1) -> Side:
        """The gradient at x + t^power direction."""
        t, followed = arb(2) ** (-power * self.exponent), Followed(self.ties)
        direction = np.where(self.held, 0.0, direction)
        with ctx.workprec(4 * power * self.exponent):
            args = self._moved(t, direction)
            out, leaves = sweep.value_and_gradient(
                self.question.program,
                args,
                self.question.wanted,
                BALLS,
                slopes(HALF, []),
                followed,
            )
            rates = np.array([float((d / t).mid()) for d in followed.rows()])
            flat = [np.frompyfunc(arb, 1, 1)(leaf) for leaf in leaves]
            joined = [np.asarray(leaf, object).ravel() for leaf in flat]
        return Side(np.concatenate(joined), out.ravel()[0], rates)

    def _moved(self, t: arb, direction: np.ndarray) -> list:
        args = []
        for i, leaf in enumerate(self.question.leaves):
            lifted = BALLS.lift(leaf) if self.question.floats[i] else leaf
            if i in self.question.wanted:
                start = sum(self.question.leaves[j].size for j in self._before(i))
                part = direction[start : start + leaf.size].reshape(leaf.shape)
                lifted = np.asarray(lifted + np.frompyfunc(arb, 1, 1)(part) * t, object)
            args.append(lifted)
        return args

    def _before(self, leaf: int) -> tuple[int, ...]:
        return self.question.wanted[: self.question.wanted.index(leaf)]

    def jumps(self, side: Side) -> bool:
        gap, scale = abs(side.value - self.value), 1 + abs(self.value)
        return side.value.is_finite() and not gap < scale * self.resolution

    def has_limit(self) -> bool:
        """Whether the values beside the point are alike, and not the one there; they count then."""
        ways = directions(2, self.size, np.random.default_rng(self.size))
        first, *others = (self.at(sign * way).value for way in ways for sign in (1.0, -1.0))
        near = (1 + abs(first)) * self.resolution
        found = first.is_finite() and all(bool(abs(one - first) < near) for one in others)
        self.value = first if found else self.value
        return found

    def is_otherwise(self, side: Side) -> np.ndarray:
        """Entries that have another slope in the program at the point than beside it."""
        own = [x for leaf in self.own for x in np.asarray(leaf, object).ravel()]
        pairs = zip(own, side.slopes, strict=True)
        return np.array([a.is_finite() and not self._same(a, b) for a, b in pairs], bool)

    def hold_jumping(self) -> None:
        """Hold every entry along which the function jumps.  Raises Undecided for too many."""
        if self.size > MOST:
            raise Undecided("more entries than are moved one by one")
        ways = [sign * row for row in np.eye(self.size) for sign in (1.0, -1.0)]
        jumps = [self.jumps(self.at(way)) for way in ways]
        self.held = np.array(jumps).reshape(-1, 2).any(axis=1)

    def steady(self, side: Side, direction: np.ndarray) -> np.ndarray:
        """Entries whose derivative is the same at t and at t^2.  Raises Jump."""
        if self.jumps(side):
            raise Jump("the function jumps here, or may: it has no derivative")
        nearer = self.at(direction, 2).slopes
        with ctx.workprec(4 * self.exponent):
            pairs = zip(side.slopes, nearer, strict=True)
            return np.array([self._same(a, b) for a, b in pairs], bool)

    def _same(self, a: arb, b: arb) -> bool:
        both_known = a.is_finite() and b.is_finite()
        return both_known and bool(abs(a - b) < (1 + abs(a)) * self.resolution)


def directions(count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Random directions, a row each; their entries are away from 0."""
    sign = rng.choice([-1.0, 1.0], (count, size))
    return sign * np.rint(rng.uniform(0.25, 1.0, (count, size)) / GRAIN) * GRAIN
