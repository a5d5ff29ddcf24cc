"""Least squares of what an answer differs by against what each mistake would differ by.

All cases are stacked; a column has its one factor common to all, or one for each case.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

MOST = 96  # directions
NUMBERS = 2**20  # of all directions together
LARGE, FEW = 2**16, 2**12  # entries of a leaf that is large; those that directions look at in it
REST = 0.1  # of the error at most is left by what is called the closest explanation
FAR, CLEAR = 0.5, 2.0**16  # a share that is left; budgets, beyond which it is no rounding
TINY = np.finfo(float).tiny


class Table(NamedTuple):
    """Columns over the stacked directions of all cases; `case` says whose row it is."""

    names: list[Any]
    columns: np.ndarray  # rows, names
    case: np.ndarray


class Fit(NamedTuple):
    """One column: its factor in every case, how sure it is, and the share it leaves."""

    name: Any
    factors: tuple[float, ...]
    off: float
    left: float  # |b - factor column| / |b|


def table(flows: Sequence[Mapping[Any, np.ndarray]], counts: Sequence[int]) -> Table:
    """A column for every name that occurs in any case, 0 where it does not."""
    names = list(dict.fromkeys(name for found in flows for name in found))
    blocks = []
    for found, count in zip(flows, counts, strict=True):
        zero = np.zeros(count)
        blocks.append(
            np.stack([found.get(n, zero) for n in names], axis=1) if names else zero[:, None]
        )
    columns = np.nan_to_num(np.concatenate(blocks), posinf=0.0, neginf=0.0)
    return Table(names, columns, np.repeat(np.arange(len(counts)), counts))


def fits(t: Table, target: np.ndarray, apart: bool) -> list[Fit]:
    """Every column against the target, the best first; `apart`: one factor for each case."""
    groups = [t.case == k for k in np.unique(t.case)] if apart else [t.case >= 0]
    factors = np.zeros((t.case.max() + 1, len(t.names)))
    rest = np.zeros(len(t.names))
    size = np.full(len(t.names), np.inf)
    for rows in groups:
        a, b = t.columns[rows], target[rows]
        norms = (a * a).sum(axis=0)
        found = np.divide(b @ a, norms, out=np.zeros(len(t.names)), where=norms > 0)
        rest += ((b[:, None] - a * found) ** 2).sum(axis=0)
        factors[np.unique(t.case[rows])] = found
        size = np.minimum(size, np.sqrt(norms))
    whole = max(float(np.sqrt((target**2).sum())), TINY)
    left = np.sqrt(rest) / whole
    count = len(target) ** 0.5
    off = np.divide(np.sqrt(rest) + count, size, out=np.full(len(size), np.inf), where=size > 0)
    order = np.argsort(left, kind="stable")
    return [
        Fit(t.names[k], tuple(factors[:, k]), float(off[k]), float(left[k]))
        for k in order
        if size[k] > 0
    ]


def is_far(left: float, target: np.ndarray) -> bool:
    """Whether so much is left of a difference so large that no rounding makes it fit."""
    return left > FAR and float(np.sqrt(np.mean(target**2))) > CLEAR


def alike(t: Table, name: Any) -> list[Any]:
    """The names whose columns are the same as that of `name`, itself left out."""
    mine = t.columns[:, t.names.index(name)]
    scale = np.sqrt((mine**2).sum())
    apart = np.sqrt(((t.columns - mine[:, None]) ** 2).sum(axis=0))
    same = apart <= len(mine) * np.finfo(float).eps ** 0.75 * scale
    return [n for n, s in zip(t.names, same, strict=True) if s and n != name]


def directions_of(
    weights: Sequence[np.ndarray], apart: Sequence[np.ndarray], together: bool = False
) -> list[np.ndarray]:
    """For each leaf, its part of every direction, directions first; each looks at one leaf.

    In a large one at some entries alone: those that are furthest apart, and others.  `together`:
    where there are many leaves, fewer directions, each of which looks at all of them.
    """
    rng = np.random.default_rng(0)
    total = max(sum(w.size for w in weights), 1)
    each = max(min(MOST, NUMBERS // total) // max(len(weights), 1), 2)
    pairs = list(zip(weights, apart, strict=True))
    if together and len(weights) * each > MOST < total:
        signs = lambda x: rng.choice([-1.0, 1.0], size=(MOST, *x.shape)) * x
        return [signs(_some(rng, w, d)) for w, d in pairs]
    blocks = [_block(rng, _some(rng, w, d), each) for w, d in pairs]
    count, first, laid = sum(map(len, blocks)), 0, []
    for block in blocks:
        whole = np.zeros((count, *block.shape[1:]))
        whole[first : first + len(block)] = block
        laid.append(whole)
        first += len(block)
    return laid


def _block(rng: np.random.Generator, weights: np.ndarray, most: int) -> np.ndarray:
    """Entry by entry where there are few; signs drawn at random over all of them elsewhere."""
    if weights.size <= most:
        return np.eye(weights.size).reshape(weights.size, *weights.shape) * weights
    return rng.choice([-1.0, 1.0], size=(most, *weights.shape)) * weights


def _some(rng: np.random.Generator, weights: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """The weights, and 0 at all but a few entries of many."""
    if weights.size <= LARGE:
        return weights
    far = np.argpartition((np.abs(apart) * weights).ravel(), -FEW // 2)[-FEW // 2 :]
    at = np.concatenate([far, rng.integers(0, weights.size, FEW // 2)])
    kept = np.zeros(weights.size)
    kept[at] = weights.ravel()[at]
    return kept.reshape(weights.shape)


class Mix(NamedTuple):
    """A few combinations of the directions of all cases: a block of columns for each case.

    What is nothing in all of them is nothing; a share that is left there is off by a quarter.
    """

    blocks: list[np.ndarray]

    def rates(self, found: Sequence[Mapping[int, Any]], numbers: Sequence) -> list[dict[int, Any]]:
        """The tangents of some numbers of each case, along the combinations."""
        triples = zip(self.blocks, found, numbers, strict=True)
        return [
            {i: np.tensordot(block, known[i], 1) for i in wanted if i in known}
            for block, known, wanted in triples
        ]

    def of(self, stacked: np.ndarray) -> np.ndarray:
        """What is stacked over the directions of all cases, along the combinations."""
        return np.concatenate(self.blocks, axis=1) @ stacked

    def summed(self, stacked: np.ndarray) -> np.ndarray:
        """What is stacked over the combinations of each case, added up over the cases."""
        return stacked.reshape(len(self.blocks), -1, *stacked.shape[1:]).sum(axis=0)


def mix(counts: Sequence[int], rows: int) -> Mix:
    """Drawn at random: `rows` of them, over so many directions of each case."""
    count = sum(counts)
    drawn = np.random.default_rng(0).normal(size=(rows, count)) / rows**0.5
    drawn = np.eye(count) if count <= rows else drawn
    return Mix(np.split(drawn, np.cumsum(counts)[:-1], axis=1))


def along(directions: Sequence, leaves: Sequence) -> np.ndarray:
    parts = [r.reshape(len(r), -1) @ x.reshape(-1) for r, x in zip(directions, leaves, strict=True)]
    return np.sum(parts, axis=0)
