"""The first of two mistakes: slopes and factors that explain one leaf, or all but one edge's part.

Two cases are enough to guess by; what is guessed is held against every entry of all cases later.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import Spot
from .columns import Table, fits, mix
from .edges import Edges
from .problem import Problem
from .slope_values import COMMON, columns_of
from .slopes import Guess

LOOKED_AT = 2  # cases that are guessed by
BEST = 3  # edges and slopes of each leaf
EXACT = 1e-4  # the share of a leaf's difference that an explanation of it may leave
PLAIN = (0.0, -1.0, 2.0, 0.5)
MIXED, FIRST = 32, 8  # combinations of the directions, in which an edge is looked for; at first
SMALL = 0.01  # EXACT is far below: what is left of a column that lies off every edge by its root


class First(NamedTuple):
    """A slope at a unit, or a factor at a spot, and the share of the difference that is left."""

    slope: Guess | None
    spot: Spot | None
    factor: float
    left: float


def firsts(edges: Edges) -> Iterator[First]:
    """All that explain one leaf alone, or all but what one edge explains."""
    some = edges.problems[:LOOKED_AT]
    few = edges.table.case < len(some)
    table = Table(edges.table.names, edges.table.columns[few], edges.table.case[few])
    target = edges.target[few]
    blocks = [rows_of(some, k) for k in range(len(some[0].wrong))]
    wrong = [rows for rows in blocks if np.any(np.abs(target[rows]) > 1.0)]
    wrong = wrong if len(wrong) > 1 else []
    yield from _slopes(some, table, target, wrong)
    yield from _factors(table, target, wrong)


def _slopes(
    some: Sequence[Problem], table: Table, target: np.ndarray, wrong: Sequence[np.ndarray]
) -> Iterator[First]:
    """What one case, and a few combinations of the directions, do not rule out is looked at."""
    met, rows = [p.units for p in some], len(some[0].target)
    whose = np.full(len(target), -1)  # leaf of each direction
    for k, looks in enumerate(wrong):
        whose[looks] = k
    size = np.sqrt([np.sum(target[looks] ** 2) for looks in wrong])
    after = _After(table, target, [len(p.target) for p in some])
    enter = [{at.enters for ats in found.values() for at in ats} for found in met]
    speeds = after.mix.rates([p.rates for p in some], enter)
    for unit in dict.fromkeys(u for found in met for u in found):
        mixed = [after.mix.summed(x) for x in columns_of(some, met, unit, (), speeds)]
        last = after(*mixed)
        each = _each(whose[:rows], target[:rows], size, columns_of(some[:1], met[:1], unit))
        if not np.any(np.fmin(each, last) < EXACT):
            continue
        each = _each(whose, target, size, columns_of(some, met, unit))
        share = np.where(np.isfinite(each), np.fmin(each, last), np.inf)
        for k in np.argsort(share, kind="stable")[:BEST]:
            if share[k] < EXACT:
                yield First(Guess(unit, COMMON[k], 1.0, 0.0), None, 1.0, float(share[k]))


MOST = np.finfo(float).max


def _each(whose: np.ndarray, target, size, flows: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The least share of a leaf that each slope leaves; not a number where it has no value."""
    right, columns = flows
    rest = (target + right)[:, None] - columns
    usable = np.isfinite(rest).all(axis=0)
    order = np.argsort(whose, kind="stable")[np.count_nonzero(whose < 0) :]
    leaf, starts = np.unique(whose[order], return_index=True)
    if not len(leaf):
        return np.where(usable, MOST, np.nan)
    left = np.add.reduceat(np.where(usable, rest, 0.0)[order] ** 2, starts, axis=0)
    share = np.sqrt(left) / size[leaf][:, None]
    return np.where(usable, share.min(axis=0), np.nan)


def _factors(table: Table, target: np.ndarray, wrong: Sequence[np.ndarray]) -> Iterator[First]:
    """Edges that explain one leaf by a plain factor."""
    for rows in wrong:
        part = Table(table.names, table.columns[rows], table.case[rows])
        for fit in fits(part, target[rows], apart=False)[:BEST]:
            c = 1.0 + fit.factors[0]
            plain = min(PLAIN, key=lambda x, c=c: abs(x - c))
            if fit.left < EXACT and abs(plain - c) <= EXACT:
                yield First(None, fit.name, plain, fit.left)


class _After:
    """What is left when the edge that suits best takes its part.

    Seen in a few combinations of the directions: what is nothing in all of them is nothing.
    """

    def __init__(self, table: Table, target: np.ndarray, counts: Sequence[int]):
        self.mix = mix(counts, MIXED)
        columns, self.target = self.mix.of(table.columns), self.mix.of(target)
        size = np.sqrt((columns**2).sum(axis=0))
        self.edges = columns / np.where(size > 0.0, size, 1.0)
        few = self.edges[:FIRST]
        size = np.sqrt((few**2).sum(axis=0))
        self.first = (few / np.where(size > 0.0, size, 1.0)).astype(np.float32)
        self.whole = max(float(np.sqrt((self.target**2).sum())), np.finfo(float).tiny)

    def __call__(self, right: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The share for each column, along the combinations, that flows in place of `right`."""
        every = (self.target + right)[:, None] - columns
        share, near = np.full(every.shape[1], np.inf), self._near(every[:FIRST])
        mixed = every[:, near]
        part = self.edges.T @ mixed  # edges, slopes
        best = np.argmax(np.abs(part), axis=0)
        left = mixed - self.edges[:, best] * np.take_along_axis(part, best[None], axis=0)
        share[near] = np.sqrt((left**2).sum(axis=0)) / self.whole
        return share

    def _near(self, few: np.ndarray) -> np.ndarray:
        """Which columns are small, or lie along an edge, in the first of the combinations."""
        size = np.sqrt((few**2).sum(axis=0))
        along = self.first.T @ (few / np.where(size > 0.0, size, 1.0)).astype(np.float32)
        most = np.square(along).max(axis=0, initial=0.0)
        return np.flatnonzero((most > 1.0 - SMALL) | (size <= SMALL * self.whole))


def rows_of(problems: Sequence[Problem], leaf: int) -> np.ndarray:
    """Which of the stacked directions look at the leaf."""
    looks = [p.directions[leaf].reshape(len(p.directions[leaf]), -1) for p in problems]
    return np.concatenate([np.any(block != 0.0, axis=1) for block in looks])
