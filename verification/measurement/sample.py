"""One case with everything needed to judge an answer to it: truth, budget, answer."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..vocabulary import Ball
from .error import beyond
from .joint import Joint, at_kink, joint, shares

VALUE = "value"  # how the paths begin of what is no gradient, but the function's own value


class Spread(NamedTuple):
    """How far apart answers to one question are at most, in budgets, in which leaf."""

    budgets: float
    leaf: str
    beyond: bool = False  # some of them are outside


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
    spread: Spread | None = None  # of the answers, where they are no two the same

    @cached_property
    def joint(self) -> Joint:
        """What entries that share a tie say together."""
        return joint(self.truth, self.allowed, self.got)


def restricted(sample: Sample, keep: list[int]) -> Sample:
    """The sample with these leaves alone."""
    picked = lambda items: [items[k] for k in keep]
    return replace(
        sample,
        paths=tuple(picked(sample.paths)),
        truth=picked(sample.truth),
        allowed=picked(sample.allowed),
        got=picked(sample.got),
        budgets=tuple(picked(sample.budgets)) if sample.budgets else (),
    )


def thinned(sample: Sample, most: int) -> Sample:
    """The sample with some entries of each leaf, in a row; as it is where entries share a tie."""
    if any(ball.sides is not None for ball in sample.truth):
        return sample
    thin = lambda x: np.asarray(x).flat[:: max(1, np.size(x) // most)]
    truth = [Ball(thin(b.mid), thin(b.tail), thin(b.rad), b.proven) for b in sample.truth]
    allowed, got = ([thin(x) for x in leaves] for leaves in (sample.allowed, sample.got))
    return replace(sample, truth=truth, allowed=allowed, got=got)


def decidable(sample: Sample, leaf: int) -> np.ndarray:
    """Entries where a correct implementation must be finite and the truth is known."""
    known = np.isfinite(sample.allowed[leaf]) & np.isfinite(sample.truth[leaf].rad)
    sides = sample.truth[leaf].sides
    if sides is None or sides.exact or len(sample.got) != len(sample.truth):
        return np.asarray(known)
    return np.asarray(known & ~sample.joint.open[leaf])


def missed(sample: Sample, leaf: int) -> np.ndarray:
    """The least possible error: to the nearest point of the ball, or mixture of the sides."""
    alone = beyond(sample.got[leaf], sample.truth[leaf])
    if not shares(sample.truth[leaf]) or len(sample.got) != len(sample.truth):
        return alone
    return np.maximum(
        alone,
        sample.joint.off[leaf] + np.where(sample.joint.off[leaf] > 0.0, sample.allowed[leaf], 0.0),
    )


def outside(sample: Sample, leaf: int) -> np.ndarray:
    """Entries that no correct implementation would answer.  NaN is outside."""
    inside = missed(sample, leaf) <= sample.allowed[leaf]
    return np.asarray(decidable(sample, leaf) & ~inside)


def visible(sample: Sample, leaf: int) -> np.ndarray:
    """The smallest error of each entry that is certain to be seen: it must clear both sides."""
    return np.asarray(2.0 * (sample.allowed[leaf] + sample.truth[leaf].rad))


def mixed_up(sample: Sample) -> bool:
    """Whether each entry alone may be what it is, and not all of them at once."""
    leaves = range(len(sample.got))
    alone = (beyond(sample.got[k], sample.truth[k]) <= sample.allowed[k] for k in leaves)
    return any(x.any() for x in sample.joint.off) and all(x.all() for x in alone)


def outside_measured_sides(sample: Sample) -> bool:
    """Whether an entry with several sides, which were measured, is outside of what it may be."""
    leaves = [k for k, ball in enumerate(sample.truth) if not ball.proven]
    return any(bool((outside(sample, k) & at_kink(sample.truth[k])).any()) for k in leaves)
