"""Where a rule that nothing explains is right: which cases, leaves and steps, and what they share.

An entry speaks until its first wrong step; what comes later may only be carried along.
"""

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Rows

import numpy as np

from ..measurement.sample import Sample
from ..vocabulary.names import listed
from .explain import rows_of
from .truth import Trajectory
from .vectors import Layout, Sequence

FEW = 0.5  # of the right steps: what more of them share is no mark of the wrong ones
Run = tuple[Sequence, Trajectory]


def _steps(run: Sequence, own: Trajectory) -> np.ndarray:
    return np.diff(np.vstack([run.params, own.values]), axis=0)


def _rates(run: Sequence) -> np.ndarray:
    return np.broadcast_to(np.array(run.rates)[:, None], run.gradients.shape)


def _before(x: np.ndarray) -> np.ndarray:
    return np.vstack([x[:1], x[:-1]])


def _so_far(x: np.ndarray) -> np.ndarray:
    return np.logical_or.accumulate(x, axis=0)


def _turned(g: np.ndarray) -> np.ndarray:
    return np.sign(g) * np.sign(_before(g)) < 0


def _norm(g: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.sqrt((g * g).sum(axis=1, keepdims=True)), g.shape)


MARKS: dict[str, Callable[[Sequence, Trajectory], np.ndarray]] = {  # (steps, entries) of bool
    "the step is longer than the rate": lambda q, own: np.abs(_steps(q, own)) > _rates(q),
    "the gradient's magnitude is above 1": lambda q, own: np.abs(q.gradients) > 1,
    "the gradient's magnitude was above 1 once": lambda q, own: _so_far(np.abs(q.gradients) > 1),
    "the norm of all gradients is above 1": lambda q, own: _norm(q.gradients) > 1,
    "the gradient is 0": lambda q, own: q.gradients == 0,
    "a gradient was 0 once": lambda q, own: _so_far(q.gradients == 0),
    "the gradient is negative": lambda q, own: q.gradients < 0,
    "the gradient has another sign than the one before": lambda q, own: _turned(q.gradients),
    "the gradient has changed its sign once": lambda q, own: _so_far(_turned(q.gradients)),
    "the weight is negative": lambda q, own: _before(own.values) < 0,
    "the rate has changed": lambda q, own: _rates(q) != q.rates[0],
}


def places(samples: Rows[Sample], own: Rows[Trajectory], where: Layout) -> Iterator[str]:
    """Sentences about wrong answers: the cases, leaves and steps that are right, and marks."""
    runs = [(s.args[0], t) for s, t in zip(samples, own, strict=True)]
    wrong = [_wrong(rows_of(s.got), t) for s, t in zip(samples, own, strict=True)]
    if not any(w.any() for w in wrong):
        return
    right = [s.label for s, w in zip(samples, wrong, strict=True) if not w.any()]
    if right:
        yield f"right at {', '.join(right)}"
    kept = [
        path
        for path, part in zip(where.paths, where.slices, strict=True)
        if not any(w[:, part].any() for w in wrong)
    ]
    if kept:
        yield f"right in {listed(kept)}"
    first = min((int(w.any(axis=1).argmax()) for w in wrong if w.any()), default=0)
    if first:
        yield f"the first step that is wrong is step {first + 1}"
    yield from _marks(runs, wrong)


def _wrong(rows: np.ndarray, own: Trajectory) -> np.ndarray:
    """Entries outside of their budget; those without one say nothing."""
    known = np.isfinite(own.allowed) & np.isfinite(own.values)
    with np.errstate(all="ignore"):
        return known & ~(np.abs(rows - own.values) <= own.allowed)


def _marks(runs: list[Run], wrong: list[np.ndarray]) -> Iterator[str]:
    """What all first wrong steps of entries share, and few right ones do, or none."""
    starts = [w & (np.cumsum(w, axis=0) == 1) for w in wrong]
    rights = [~_so_far(w) for w in wrong]
    if not any(r.any() for r in rights):
        yield "wrong in every entry from the first step on"
        return
    for text, mark in MARKS.items():
        marked = [mark(*run) for run in runs]
        begun, kept = _at(marked, starts), _at(marked, rights)
        if begun.all() and not kept.any():
            yield f"wrong exactly where {text}"
        elif begun.all() and kept.mean() < FEW:
            yield f"wrong only where {text}"


def _at(marked: list[np.ndarray], where: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([m[w] for m, w in zip(marked, where, strict=True)])
