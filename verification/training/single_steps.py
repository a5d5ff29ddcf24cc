"""Every step alone, from the first on, until one is wrong: which of its parts left first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..arithmetic.bounded import Bounded
from ..measurement.sample import Sample, decidable, outside
from .local import Memory, Reference, moved, start
from .many import slopes
from .steps import Step


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
    memory = start(reference)
    for k, (base, step) in enumerate(zip(bases, steps, strict=True)):
        sample, after = moved(reference, memory, fed(base, step), reference.weights(steps, k))
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
