"""A finding about a training run, and what the steps have shown so far that goes into it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..faults import Fault
from ..judgement.evidence import worst
from ..measurement.power import Best, better, kills
from ..measurement.sample import Sample, decidable, outside, restricted
from ..vocabulary import Finding, Worst
from .single_steps import Judged, whole


@dataclass(frozen=True, repr=False)
class TrainingFinding(Finding):
    """A finding, and where the run left the reference; `cases` are its steps.

    `left` says what was outside its budget first at the first wrong step: "loss" (the forward pass
    or the data), "gradient" (the backward pass) or "update" (the rule, or where gradients are not
    told, either); "band" where every step alone is right and only all of them together are not.
    """

    step: int | None = None  # the first that left, from 1
    tensor: str = ""  # the first that left: its name in the parameters, or "loss"
    left: str = ""
    out_of_band: int | None = None  # the first step whose weights are outside the band
    chaos_from: int | None = None  # the first step at which the band is as wide as the weights
    band: float = 0.0  # its width over the weights at the last step


class Seen(NamedTuple):
    """The sum of the steps that were looked at."""

    worst: Worst | None = None
    best: Best = {}  # of gradients where they are told, else of the weights
    kills: Mapping[str, bool | None] = {}
    skipped: int = 0
    open: int = 0  # the first step with an entry that nobody could judge
    silence: str = ""


def looked(seen: Seen, step: Judged, dtype: str, faults: Iterable[Fault]) -> Seen:
    """With one more step in it."""
    told = _gradient(step.slopes) if step.slopes else None
    shown = told or step.update
    unknown = not whole(step)
    first = unknown and not seen.open
    why = next((s.silence for s in step.samples if s.silence), "a correct run may overflow there")
    return seen._replace(
        worst=_worst(seen.worst, step, dtype),
        best=better(seen.best, shown),
        kills=kills(seen.kills, told, faults, dtype) if told else seen.kills,
        skipped=seen.skipped + unknown,
        open=step.step if first else seen.open,
        silence=why if first else seen.silence,
    )


def _gradient(slopes: Sample) -> Sample | None:
    kept = [k for k, path in enumerate(slopes.paths) if path != "loss"]
    if not kept:
        return None
    return replace(restricted(slopes, kept), budgets=())


def _worst(before: Worst | None, step: Judged, dtype: str) -> Worst | None:
    """The worst entry of all steps; at a wrong step, of the part that left first."""
    for sample in step.samples:
        if any(outside(sample, k).any() for k in range(len(sample.paths))):
            return worst(None, sample, dtype)
    for sample in step.samples:
        if any(decidable(sample, k).any() for k in range(len(sample.paths))):
            before = worst(before, sample, dtype)
    return before
