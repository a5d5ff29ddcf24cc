"""What the other oracles say beside the proven ball: agreement, difference or silence."""

import numpy as np

from ..oracles import ALL as ORACLES
from ..oracles.question import Question
from ..vocabulary import Agreement, Ball, Silent
from .answer import truth
from .error import relative


def agreements(question: Question) -> tuple[Agreement, ...]:
    """Each oracle in order of authority.  One that differs raises a flag; it decides nothing."""
    proven = truth(question)
    return tuple(_agreement(name, oracle, question, proven) for name, oracle in ORACLES.items())


def _agreement(name: str, oracle, question: Question, proven: list[Ball]) -> Agreement:
    rank = oracle.RANK.name.lower()
    try:
        said = oracle.gradient(question)
    except Silent as silence:
        return Agreement(name, rank, None, float("nan"), str(silence))
    open_entries = sum(int((~np.isfinite(b.rad)).sum()) for b in said)
    if open_entries:
        return Agreement(name, rank, None, float("nan"), f"unsure of {open_entries} entries")
    apart = [_apart(a, b) for a, b in zip(said, proven, strict=True)]
    agrees = all(inside for inside, _ in apart)
    far = max((d for _, d in apart), default=0.0)
    note = "" if agrees else f"differs by {far:.2g} of the truth, more than it claims to know"
    return Agreement(name, rank, agrees, far, note)


def _apart(said: Ball, proven: Ball) -> tuple[bool, float]:
    """Whether the two balls meet, and the largest distance of their middles over the truth."""
    apart = np.asarray(np.abs((said.mid - proven.mid) + (said.tail - proven.tail)))
    meet = apart <= said.rad + proven.rad
    known = np.isfinite(proven.rad)
    far = np.where(known, relative(apart, proven), 0.0)
    return bool(meet[known].all()), float(far.max(initial=0.0))
