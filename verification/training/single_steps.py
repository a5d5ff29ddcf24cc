"""Every step alone, from the first on, until one is wrong: which of its parts left first.

Truth and budget of the slopes at many steps are one program over a batch of steps, run once, with
the same running bounds as of one step.  Where they leave less than half of the digits of the dtype
the step is looked at alone, with random rounding: a mistake in a loop is no matter of last digits.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np

from ..arithmetic.bounded import Bounded
from ..arithmetic.bounds import bounds
from ..arithmetic.formats import Format, format_of
from ..measurement.budget import RUNNING, floored, running, traced
from ..measurement.error import beyond
from ..measurement.sample import Sample, decidable, outside
from ..measurement.subject import with_stored
from ..measurement.tolerance import lost, root_mean_square
from ..oracles.question import as_exact
from ..oracles.work import products
from ..vocabulary import Silent
from . import narrow
from .local import Memory, Reference, ball, moved, own, sloped, start
from .steps import Step

ROOM = 2**24  # products of the steps that are run at once


def slopes(reference: Reference, points: Sequence[tuple[Sequence, tuple]]) -> list[Sample]:
    """Truth and budget of loss and gradient at every (weights, batch)."""
    groups: dict[Any, list[int]] = {}
    for k, (_, batch) in enumerate(points):
        groups.setdefault(tuple(map(np.shape, jax.tree.leaves(batch))), []).append(k)
    out: dict[int, Sample] = {}
    for ks in groups.values():
        leaves, batch = points[ks[0]]
        one, _ = traced(reference.slopes, (reference.tree(leaves), *batch))
        count = max(1, int(ROOM // max(products(one), 1)))
        for first in range(0, len(ks), count):
            some = ks[first : first + count]
            out |= zip(some, _together(reference, [points[k] for k in some]), strict=True)
    return [out[k] for k in range(len(points))]


def _together(reference: Reference, points: list[tuple]) -> list[Sample]:
    alone = lambda point: sloped(reference.slopes, reference, *point)
    if len(points) == 1:
        return [alone(points[0])]
    args = [(reference.tree(leaves), *batch) for leaves, batch in points]
    stacked = jax.tree.map(lambda *rows: np.stack(list(map(as_exact, rows))), *args)
    target = format_of(reference.dtype)
    try:
        program, leaves = traced(_stacked(reference.of), stacked)
        pairs = running(program, leaves, bounds(target))
    except Silent:
        return list(map(alone, points))
    one, _ = traced(reference.slopes, args[0])
    samples, names = [], ("loss", *reference.paths)
    for k, point in enumerate(points):
        flushed = lost(target, jax.tree.leaves(jax.tree.map(as_exact, args[k])))
        found = [(v[k, ...], floored(v[k, ...], e[k, ...], one, target, flushed)) for v, e in pairs]
        if not all(_leaves_half(v, e, target) for v, e in found):
            samples.append(alone(point))
            continue
        balls = [ball(v[k, ...], own(e[k, ...], target)) for v, e in pairs]
        allowed = [np.asarray(error) for _, error in found]
        kinds = (RUNNING,) * len(names)
        samples.append(Sample("", names, balls, allowed, [], args[k], budgets=kinds))
    return samples


def _leaves_half(value: np.ndarray, error: np.ndarray, target: Format) -> bool:
    finite = np.isfinite(value)
    scale = root_mean_square(value, finite)
    return bool(finite.all() and (error <= target.unit**0.5 * scale).all())


@lru_cache(maxsize=64)
def _stacked(of: Callable) -> Callable:
    """(params, *batch), a row for each step -> losses and gradients, with room as of one step."""
    many = with_stored(jax.vmap(of))

    def slopes(params, *batch):
        losses, back = jax.vjp(lambda weights: many(weights, *batch), params)
        return losses, back(jax.numpy.ones_like(losses))[0]

    return slopes


class Judged(NamedTuple):
    """One step: its samples, with the candidate's answers."""

    step: int
    slopes: Sample | None  # loss and gradient, those that were told
    update: Sample
    base: Sample  # truth and budget of loss and gradient, told or not

    @property
    def samples(self) -> tuple[Sample, ...]:
        return (self.slopes, self.update) if self.slopes else (self.update,)


class Left(NamedTuple):
    """What was outside first: the step, the part of it, and the tensors of that part."""

    step: int
    part: str  # loss, gradient or update
    tensors: tuple[str, ...]
    sample: Sample


def judged(reference: Reference, steps: Sequence[Step]) -> Iterator[Judged]:
    """Every step, from where the candidate was before it: ask for no more than are needed."""
    points = [(reference.weights(steps, k), reference.batches[k]) for k in range(len(steps))]
    bases = slopes(reference, points)
    for k, (sample, _) in enumerate(updates(reference, bases, steps)):
        update = replace(sample, label=f"step {k + 1}", got=_exact(steps[k].weights))
        yield Judged(k + 1, told(bases[k], steps[k], k + 1), update, bases[k])


def updates(
    reference: Reference, bases: Sequence[Sample], steps: Sequence[Step]
) -> Iterator[tuple[Sample, Memory]]:
    """Truth and budget of the weights after each step, and the memory before it."""
    memory, own = start(reference), narrow.itself(reference)
    for k, (base, step) in enumerate(zip(bases, steps, strict=True)):
        gradient, before = fed(base, step), reference.weights(steps, k)
        sample, after = moved(reference, memory, gradient, before)
        if own is not None:
            sample, own = narrow.beside(sample, own, reference, gradient, before)
        yield sample, memory
        memory = after


def fed(base: Sample, step: Step) -> list[Bounded]:
    """The gradient that the update was given: the candidate's own, or ours with its error."""
    if step.gradient is not None:
        return [Bounded(np.asarray(leaf, np.float64)) for leaf in step.gradient]
    pairs = zip(base.truth[1:], base.allowed[1:], strict=True)
    return [Bounded(ball.mid, ball.rad + allowed) for ball, allowed in pairs]


def told(base: Sample, step: Step, k: int) -> Sample | None:
    """The sample of what the candidate told of loss and gradient; None where it told nothing."""
    kept, got = [], []
    if step.loss is not None:
        kept, got = [0], _exact([step.loss])
    if step.gradient is not None:
        kept, got = [*kept, *range(1, len(base.truth))], [*got, *_exact(step.gradient)]
    pick = lambda whole: [whole[i] for i in kept]
    return only(base, pick, f"step {k}", got) if kept else None


def only(base: Sample, pick, label: str, got: list) -> Sample:
    return replace(
        base,
        label=label,
        paths=tuple(pick(base.paths)),
        truth=pick(base.truth),
        allowed=pick(base.allowed),
        budgets=tuple(pick(base.budgets)) if base.budgets else (),
        got=got,
    )


def _exact(leaves: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(leaf).astype(np.float64) for leaf in leaves]


def left(step: Judged) -> Left | None:
    """The first part of the step that is outside its budget."""
    slopes = step.slopes
    if slopes is not None:
        wrong = [p for k, p in enumerate(slopes.paths) if outside(slopes, k).any()]
        if wrong:
            part = "loss" if wrong[0] == "loss" else "gradient"
            tensors = tuple(path for path in wrong if path != "loss") or ("loss",)
            return Left(step.step, part, tensors if part == "gradient" else ("loss",), slopes)
    update = step.update
    wrong = tuple(p for k, p in enumerate(update.paths) if outside(update, k).any())
    return Left(step.step, "update", wrong, update) if wrong else None


def whole(step: Judged) -> bool:
    """Whether every entry of the step could be judged."""
    return all(decidable(s, k).all() for s in step.samples for k in range(len(s.paths)))


class WrongStep(NamedTuple):
    """The wrong step, and all that a hypothesis may look at."""

    reference: Reference
    steps: Sequence[Step]
    k: int  # counts from 0
    base: Sample  # truth and budget of its loss and gradient
    memory: Memory  # the rule's before it
    earlier: Sequence[Sample] = ()  # as `base`, of the steps before

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
