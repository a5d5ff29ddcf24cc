"""Where we look, what we derived, what is true: cases, derivations, balls, ranks, verdicts."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import numpy as np

Leaves = list[Any]  # the floating-point arrays of a pytree, in flattening order


class Verdict(StrEnum):
    """What a finding says of an implementation."""

    CORRECT = "correct"
    INACCURATE = "inaccurate"
    WRONG = "wrong"
    UNDECIDED = "undecided"
    REJECTED = "rejected"


SEVERITY = (  # the least favourable first: several verdicts together are that of the first met
    Verdict.REJECTED,
    Verdict.WRONG,
    Verdict.INACCURATE,
    Verdict.UNDECIDED,
    Verdict.CORRECT,
)


class Evidence(StrEnum):
    """What stands behind a claim, or against it."""

    PROVED = "proved"
    ENCLOSED = "enclosed"
    EXACT = "exact"
    MEASURED = "measured"
    REFUTED = "refuted"


class Rank(IntEnum):
    """The authority of an oracle.  Oracles have rank; they do not vote."""

    WITNESS = 1
    ROUNDED = 2
    PROVEN = 3


class Sides(NamedTuple):
    """One leaf of the one-sided gradients around a point where the program has ties.

    A subgradient is sum over blocks, sum over columns j of the block, of w_j columns[j], with the
    same weights w_j >= 0, 1 in all for each block, in every leaf.
    """

    columns: np.ndarray  # columns first
    blocks: np.ndarray  # the block of each column
    exact: bool  # whether all sides are known; else the columns span them, but may be too few
    error: np.ndarray | None = None  # of measured columns: how far off each entry may be

    def mixture(self, pick: Callable) -> np.ndarray:
        """pick(columns, axis=0) of every block, added up: np.min, np.max, or np.mean."""
        parts = (pick(self.columns[self.blocks == b], axis=0) for b in np.unique(self.blocks))
        return np.asarray(sum(parts))


class Ball(NamedTuple):
    """The truth lies within rad of mid + tail, entry by entry (mid + tail is not rounded)."""

    mid: np.ndarray
    tail: np.ndarray
    rad: np.ndarray
    proven: bool
    sides: Sides | None = None  # where the gradient is a choice, what all leaves must share


class Case(NamedTuple):
    """One point at which a function is looked at."""

    label: str
    args: tuple


@dataclass(frozen=True)
class Arrow:
    """One factor of the chain rule: a function, its pullback, and the formula as LaTeX."""

    name: str
    latex: str
    function: Callable
    gradient: Callable  # gradient(*args, cotangent) -> one entry per argnums
    draw: Callable[[np.random.Generator], tuple]
    argnums: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Derivation:
    """A function of refnet and its gradient by hand, with the arrows it is composed of.

    `gradient(*args)` for a scalar function, `gradient(*args, cotangent)` for an array-valued
    one; it returns a tuple with one pytree for each of `argnums`.
    """

    name: str
    function: Callable
    gradient: Callable
    latex: str
    arrows: tuple[Arrow, ...]
    draw: Callable[[np.random.Generator], tuple]
    edges: Callable[[np.dtype], tuple[Case, ...]]
    argnums: tuple[int, ...] = (0,)
    scalar: bool = False
    domain: str = ""
    reference: str = ""
    of: str = ""  # the public name in refnet, where it differs from `name`
