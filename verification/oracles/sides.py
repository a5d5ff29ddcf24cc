"""Sides of a point with ties that were looked at, and what the gradient changes by between them."""

from typing import NamedTuple

import numpy as np
from flint import ctx

from ..vocabulary import Undecided
from .one_sided import Beside, Side

SAME = 1e-9  # of float64 combinations of exact rates: equal, or 0


class Parts(NamedTuple):
    """Columns, the block of each, and whether all sides are among their mixtures."""

    columns: np.ndarray
    blocks: np.ndarray
    exact: bool


class Seen:
    """The sides that were looked at so far, and how many more may be."""

    def __init__(self, beside: Beside, runs: int):
        self.beside, self.left = beside, runs
        self.directions: list[np.ndarray] = []
        self.sides: list[Side] = []

    def __call__(self, direction: np.ndarray) -> Side:
        if not self.left:
            raise Undecided("there are more sides to a tie than are looked at")
        self.left -= 1
        side = self.beside.at(direction)
        self.directions.append(direction)
        self.sides.append(side)
        return side


def numbers(side: Side) -> np.ndarray:
    return np.array([float(x.mid()) if x.is_finite() else np.nan for x in side.slopes])


def step(beside: Beside, side: Side, base: Side, known: np.ndarray) -> np.ndarray:
    """What the gradient changes by between two sides; 0 where they cannot be told apart."""
    out = np.zeros(beside.size)
    with ctx.workprec(4 * beside.exponent):
        for k in np.flatnonzero(known):
            gap = side.slopes[k] - base.slopes[k]
            if not abs(gap) < (1 + abs(base.slopes[k])) * beside.resolution:
                out[k] = float(gap.mid())
    if not np.isfinite(out).all():
        raise Undecided("there is no derivative on one side of a tie")
    return out


def kept(found: list[np.ndarray], step: np.ndarray, fresh: int) -> int:
    """How many steps in a row were seen before, with this one; a new one is kept."""
    room = SAME * np.abs(step).max(initial=0.0)
    if any(np.abs(step - one).max(initial=0.0) <= room for one in found):
        return fresh + 1
    found.append(step)
    return 0


def all_seen(fresh: int, found: int, ways: int) -> bool:
    """Whether so many steps in a row were nothing new that there are no others."""
    return fresh > 4 * found + 4 * ways


def same(step: np.ndarray, added: np.ndarray, columns: list[np.ndarray]) -> None:
    if np.abs(step - added).max() > SAME * np.abs(columns).max():
        raise Undecided("ties depend on each other")
