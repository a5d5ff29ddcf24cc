"""A point with a kink of a function that can only be called: the answer beside measured sides.

Axis by axis an interval is all that is known there, and not even that: the median of three equal
numbers does not move with any of them alone.  So the answer in all entries together must be a
mixture of gradients that are measured beside the point, as at ties of a program that is traced.
"""

from dataclasses import replace

import numpy as np

from ..measurement.answer import cast
from ..measurement.sample import Sample
from ..measurement.subject import Subject
from ..oracles.function_noise import noise_of
from ..oracles.measured_sides import Around, Jump, Sides, sides
from ..vocabulary import Ball, Silent
from ..vocabulary import Sides as Shared
from .called import BlackBox, TracedBox, is_factored


def around_kink(box: BlackBox, noise: float, rng: np.random.Generator) -> Around | None:
    """What is to be measured beside the point; None where there is no kink."""
    if not box.x.size:
        return None
    around = Around(box, box.x, noise, rng)
    return around if np.isfinite(around.value) and around.has_kink() else None


def told_by_floats(subject: Subject, sample: Sample, rng: np.random.Generator) -> Sample:
    """The sample, where balls know too few sides of its ties to judge the answer.

    A norm at 0 has endlessly many.  Those that would let the answer in are looked for in float64,
    as of a function that can only be called.
    """
    leaves = range(len(sample.truth))
    if subject.function is not None or sample.failure or len(sample.got) != len(sample.truth):
        return sample
    if not any(sample.joint.open[k].any() for k in leaves):
        return sample
    args, above = sample.args[: subject.inputs], sample.args[subject.inputs :]
    box = TracedBox(subject, args, above[0] if above else None)
    around = around_kink(box, noise_of(box, box.x, rng), rng)
    whole = not is_factored(subject.of, cast(args, "float64"))
    return sample if around is None else beside(box, sample, around, whole)


def beside(box: BlackBox, sample: Sample, around: Around, whole: bool = False) -> Sample:
    """The sample with the sides of the kink as its truth; `whole`: no matrix is factored.

    Where the function jumps, what is known of each entry alone stays; where the sides cannot be
    told, nothing is known.
    """
    if sample.failure:
        return sample
    flat = lambda arrays: np.concatenate([np.ravel(a) for a in arrays])
    known = [np.isfinite(b.rad) for b in sample.truth]
    room = np.where(flat(known), flat(sample.allowed), np.inf)
    try:
        found = sides(around, flat(sample.got), room, whole or _has_rank(box))
    except Jump:
        return sample
    except Silent as said:
        return _open(sample, f"the sides of a kink are not known: {said}")
    return replace(sample, truth=_shared(box, sample.truth, found))


def _has_rank(box: BlackBox) -> bool:
    """Whether no matrix that is differentiated by has lost it."""
    matrices = [x for x in (box.leaves[i] for i in box.wanted) if x.ndim >= 2 and x.size]
    ranks = ((np.linalg.matrix_rank(x), min(x.shape[-2:])) for x in matrices)
    return all(bool((rank == full).all()) for rank, full in ranks)


def _open(sample: Sample, why: str) -> Sample:
    truth = [b._replace(rad=np.full(b.rad.shape, np.inf)) for b in sample.truth]
    return replace(sample, truth=truth, silence=sample.silence or why)


def _shared(box: BlackBox, truth: list[Ball], found: Sides) -> list[Ball]:
    """Balls around all that an entry may be; entries that are the same on all sides are known."""
    moving = np.ptp(found.columns, axis=0) > 2.0 * found.error
    if not moving.any():
        return truth
    columns = map(np.stack, zip(*map(box.split, found.columns), strict=True))
    parts = zip(truth, box.split(moving), box.split(found.error), columns, strict=True)
    return [_ball(*part) for part in parts]


def _ball(ball: Ball, moving: np.ndarray, error: np.ndarray, columns: np.ndarray) -> Ball:
    still = ~moving & (ball.rad <= error)
    low, high = columns.min(axis=0), columns.max(axis=0)
    mid = np.where(still, ball.mid, 0.5 * (low + high))
    rad = np.where(still, ball.rad, 0.5 * (high - low) + error)
    columns = np.where(moving, columns, mid)
    blocks = np.zeros(len(columns), int)
    shared = Shared(columns, blocks, exact=True, error=np.where(moving, error, 0.0))
    return Ball(mid, np.zeros_like(mid), rad, proven=False, sides=shared)
