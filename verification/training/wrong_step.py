"""The wrong step, and how well a hypothesis explains it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..measurement.error import beyond
from ..measurement.sample import Sample
from .local import Memory, Reference
from .steps import Step


class WrongStep(NamedTuple):
    """The wrong step, and all that a hypothesis may look at."""

    reference: Reference
    steps: Sequence[Step]
    k: int  # counts from 0
    base: Sample  # truth and budget of its loss and gradient
    memory: Memory  # the rule's before it

    @property
    def step(self) -> Step:
        return self.steps[self.k]

    @property
    def before(self) -> list[np.ndarray]:
        return self.reference.weights(self.steps, self.k)

    @property
    def batch(self) -> tuple:
        return self.reference.batches[self.k]


def fitted(told: list) -> dict:
    """residual, in budgets, and whether it fits; entries without a bound say nothing."""
    worst, known = 0.0, 0
    for got, truth, allowed in told:
        with np.errstate(all="ignore"):
            off = beyond(np.asarray(got, np.float64), truth)
            share = np.where(off == 0.0, 0.0, off / allowed)
        share = np.where(np.isfinite(allowed) & np.isfinite(truth.rad), share, 0.0)
        known += int((np.isfinite(allowed) & (np.abs(truth.mid) > allowed)).sum())
        worst = max(worst, float(np.nan_to_num(share, nan=np.inf).max(initial=0.0)))
    return {"residual": worst, "fits": bool(worst <= 1.0 and known)}


def nearest(of: list[np.ndarray], by: list[np.ndarray]) -> float | None:
    """c of the nearest c by, over all tensors."""
    a, b = (np.concatenate([leaf.ravel() for leaf in leaves]) for leaves in (of, by))
    square = b @ b
    return float(a @ b / square) if square > 0.0 and np.isfinite(a).all() else None
