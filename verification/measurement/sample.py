"""One case with everything needed to judge an answer to it: truth, budget, answer."""

from dataclasses import dataclass

import numpy as np

from ..vocabulary import Ball
from .error import beyond

VALUE = "value"  # how the paths begin of what is no gradient, but the function's own value


@dataclass(frozen=True)
class Sample:
    """Leaf by leaf: the proven truth, the budget and the answer (or why there is none)."""

    label: str
    paths: tuple[str, ...]
    truth: list[Ball]
    allowed: list[np.ndarray]
    got: list[np.ndarray]
    args: tuple = ()
    edge: bool = False
    budgets: tuple[str, ...] = ()  # which budget judges each leaf
    silence: str = ""  # not empty: why the truth or the budget is not known
    failure: str = ""  # not empty: the implementation did not answer properly
    extreme: bool = False  # an edge far from the draws, where digits may be lost
    notes: tuple[str, ...] = ()  # what was seen beside the values, and is held against nobody
    oracle: str = ""  # whose truth it is, where it is neither a proof nor reverse autodiff


def decidable(sample: Sample, leaf: int) -> np.ndarray:
    """Entries where a correct implementation must be finite and the truth is known."""
    return np.asarray(np.isfinite(sample.allowed[leaf]) & np.isfinite(sample.truth[leaf].rad))


def outside(sample: Sample, leaf: int) -> np.ndarray:
    """Entries that no correct implementation would answer.  NaN is outside."""
    inside = beyond(sample.got[leaf], sample.truth[leaf]) <= sample.allowed[leaf]
    return np.asarray(decidable(sample, leaf) & ~inside)


def visible(sample: Sample, leaf: int) -> np.ndarray:
    """The smallest error of each entry that is certain to be seen: it must clear both sides."""
    return np.asarray(2.0 * (sample.allowed[leaf] + sample.truth[leaf].rad))
