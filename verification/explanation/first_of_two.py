"""The first of two mistakes: slopes and factors that explain one leaf, or all but one edge's part.

Two cases are enough to guess by; what is guessed is held against every entry of all cases later.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import Spot
from .columns import Table, fits
from .edges import Edges
from .problem import Problem
from .slope_values import COMMON, columns_of
from .slopes import Guess

LOOKED_AT = 2  # cases that are guessed by
BEST = 3  # edges and slopes of each leaf
EXACT = 1e-4  # the share of a leaf's difference that an explanation of it may leave
PLAIN = (0.0, -1.0, 2.0, 0.5)
MIXED = 32  # combinations of the directions, in which an edge is looked for


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
    target, met = edges.target[few], [p.units for p in some]
    blocks = [rows_of(some, k) for k in range(len(some[0].wrong))]
    wrong = [rows for rows in blocks if np.any(np.abs(target[rows]) > 1.0)]
    leaves = np.stack(wrong).astype(float) if len(wrong) > 1 else np.zeros((0, len(target)))
    size = np.sqrt(leaves @ target**2)
    after = _After(table, target)
    for unit in dict.fromkeys(u for found in met for u in found):
        right, columns = columns_of(some, met, unit)
        rest = (target + right)[:, None] - columns
        usable = np.isfinite(rest).all(axis=0)
        rest = np.where(usable, rest, 0.0)
        each = np.sqrt(leaves @ rest**2) / size[:, None]
        share = np.where(usable, np.minimum(each.min(axis=0, initial=np.inf), after(rest)), np.inf)
        for k in np.argsort(share, kind="stable")[:BEST]:
            if share[k] < EXACT:
                yield First(Guess(unit, COMMON[k], 1.0, 0.0), None, 1.0, float(share[k]))
    yield from _factors(table, target, wrong if len(wrong) > 1 else [])


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

    def __init__(self, table: Table, target: np.ndarray):
        rows = len(target)
        self.mix = np.eye(rows)
        if rows > MIXED:
            self.mix = np.random.default_rng(0).normal(size=(MIXED, rows)) / rows**0.5
        columns = self.mix @ table.columns
        size = np.sqrt((columns**2).sum(axis=0))
        self.edges = columns / np.where(size > 0.0, size, 1.0)
        self.whole = max(float(np.sqrt(((self.mix @ target) ** 2).sum())), np.finfo(float).tiny)

    def __call__(self, rest: np.ndarray) -> np.ndarray:
        """The share of each column of `rest`."""
        mixed = self.mix @ rest
        part = self.edges.T @ mixed  # edges, slopes
        best = np.argmax(np.abs(part), axis=0)
        left = mixed - self.edges[:, best] * np.take_along_axis(part, best[None], axis=0)
        return np.sqrt((left**2).sum(axis=0)) / self.whole


def rows_of(problems: Sequence[Problem], leaf: int) -> np.ndarray:
    """Which of the stacked directions look at the leaf."""
    looks = [p.directions[leaf].reshape(len(p.directions[leaf]), -1) for p in problems]
    return np.concatenate([np.any(block != 0.0, axis=1) for block in looks])
