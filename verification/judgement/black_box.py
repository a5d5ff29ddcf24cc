"""Judge by witnesses: a function that can only be called, its derivative measured by three of them.

What makes an answer wrong.  No witness alone: every estimate must exclude it, each
by its own error bound and the budget.  Where there is no complex step, two kinds of differences
are left, and Taylor's remainder has a veto: it must not fall as it does for a right gradient.
Where they do not all exclude it the entry is undecided.

Budget.  Measured, too: the deviation of the complex step's own rounding (or else the relative noise
of the function) in the dtype that is judged, times the quantile that the budgets of traced
functions have.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy import stats

from ..arithmetic.formats import format_of
from ..measurement.answer import cast
from ..measurement.budget import Budget
from ..measurement.evaluation import Proof, evaluated, held
from ..measurement.higher_precision import NO_MIXTURE, Told, by_shape, in_float64
from ..measurement.joint import in_words
from ..measurement.sample import Sample, mixed_up, outside, outside_measured_sides
from ..measurement.subject import Subject
from ..measurement.tolerance import FALSE_ALARM
from ..oracles import black_box
from ..oracles.function_noise import Noise, scale_of
from ..vocabulary import Ball, Case, Finding, Silent, Undecided, Verdict
from ..vocabulary.raised import in_words as raised
from .called import BlackBox, FloatsTracedBox, TracedBox, of_jax_arrays, waits
from .held_still import STILL, holds_still
from .measured_kinks import around_kink, beside

MEASURED = "measured noise"
HALF = 2.0**-26  # of the digits: less than this of the terms of f, a gradient may be measured as 0
CALLS = 2**10  # products that a call counts for
DOUBLE, SINGLE = 2.0**-53, 2.0**-24


class Witnesses(NamedTuple):
    """What is measured, why there is no proof, and what was seen at the draws so far."""

    subject: Subject
    why: str
    traced: bool
    seen: list[black_box.Measured]

    def box(self, args: tuple, cotangent: Any) -> BlackBox:
        if self.traced:
            return TracedBox(self.subject, args, cotangent)
        box = FloatsTracedBox(self.subject, args, cotangent)
        return box if box.is_traced else BlackBox(self.subject, args, cotangent)


def at(
    witnesses: Witnesses, case: Case, rng: np.random.Generator, edge: bool = False
) -> Sample | None:
    """The candidate's answer at a case, beside what the witnesses measured."""
    subject = witnesses.subject
    here = held(case, subject.dtype, subject.argnums)
    if here is None:
        return None
    cotangent = above(subject, here, rng)
    args = here.args if cotangent is None else (*here.args, cotangent)
    box = witnesses.box(here.args, cotangent)
    named = Case(case.label, args)
    try:
        if witnesses.traced and holds_still(subject.of, here.args, subject.argnums):
            raise Undecided(STILL)
        found = _measured(witnesses, box, rng)
    except Silent as said:
        return _silent(subject, box, named, edge, str(said))
    if not edge:
        witnesses.seen.append(found)
    proof = Proof(box.question, _balls(box, found), "")
    kink = around_kink(box, found.noise.deviation, rng)
    found = found if kink is None else black_box.by_noise(found, _quantile(box))
    allowed = _allowed(subject, box, found)
    sample = evaluated(partial(answer, subject), proof, lambda: allowed, named, edge)
    names = sorted({e.name for e in found.estimates} - {"polynomial"})
    sample = sample if kink is None else beside(box, sample, kink)
    return _gated(subject, replace(sample, oracle=", ".join(names)), box, found, rng)


def _measured(witnesses: Witnesses, box: BlackBox, rng: np.random.Generator) -> black_box.Measured:
    """Raises Silent."""
    known = max((m.noise.relative for m in witnesses.seen if m.noise.is_narrow), default=0.0)
    return black_box.measured(box, box.x, rng, _quantile(box), box.size, known)


def _quantile(box: BlackBox) -> float:
    entries = box.x.size
    return float(stats.t.isf(FALSE_ALARM / (2 * entries), black_box.DEGREES * entries))


def _allowed(subject: Subject, box: BlackBox, found: black_box.Measured) -> Budget:
    unit = format_of(subject.dtype).unit
    coarser = unit / (SINGLE if found.noise.is_narrow else DOUBLE)
    least = unit * np.abs(found.estimates[0].mid) / np.sqrt(3.0)
    sigma = np.maximum(found.sigma * coarser, least)
    return Budget(box.split(_quantile(box) * sigma), (MEASURED,) * len(box.paths))


def _silent(subject: Subject, box: BlackBox, case: Case, edge: bool, why: str) -> Sample:
    unknown = [np.zeros(part.shape) for part in box.split(box.x)]
    truth = [Ball(z, z, z + np.inf, proven=False) for z in unknown]
    allowed = Budget([z + np.inf for z in unknown], ())
    proof = Proof(box.question, truth, why)
    return evaluated(partial(answer, subject), proof, lambda: allowed, case, edge)


def _balls(box: BlackBox, found: black_box.Measured) -> list[Ball]:
    """The first estimate; a leaf whose every entry may be 0, to half of the digits, is 0."""
    first = found.estimates[0]
    least = HALF * box.size / scale_of(box.x)
    zero = (np.abs(first.mid) <= first.rad) & (first.rad <= least)
    parts = zip(*(box.split(x) for x in (first.mid, first.rad, zero)), strict=True)
    middles = ((np.zeros_like(m) if z.all() else m, r) for m, r, z in parts)
    return [Ball(mid, np.zeros_like(mid), rad, proven=False) for mid, rad in middles]


def _gated(subject, sample: Sample, box: BlackBox, found: black_box.Measured, rng) -> Sample:
    """Undecided where the answer is outside the first estimate, but inside another."""
    leaves = range(len(sample.paths))
    if sample.failure or not any(outside(sample, k).any() for k in leaves):
        return sample
    out = np.concatenate([outside(sample, k).ravel() for k in leaves])
    got = np.concatenate([np.ravel(g) for g in sample.got])
    room = np.concatenate([np.ravel(a) for a in sample.allowed])
    with np.errstate(invalid="ignore"):
        excluded = [~(np.abs(got - e.mid) <= e.rad + room) for e in found.estimates]
    at_kinks = outside_measured_sides(sample)
    every = out & (at_kinks | np.all(excluded, axis=0))
    without_step = not at_kinks and found.estimates[0].name != "complex_step"
    noise = found.noise.deviation
    vetoed = without_step and black_box.order(box, box.x, got, noise, rng).agrees
    may_lose = subject.dtype != "float64" and not mixed_up(sample)
    narrow = may_lose and _vanishes(subject, sample)
    if every.any() and not vetoed and not narrow:
        return sample
    why = f"{found.estimates[0].name} excludes the answer at an entry, but another witness does not"
    if narrow:
        why = "computed in float64 its error vanishes; witnesses cannot judge lost digits"
    unknown = [
        np.where(part, np.inf, b.rad) for part, b in zip(box.split(out), sample.truth, strict=True)
    ]
    truth = [b._replace(rad=rad) for b, rad in zip(sample.truth, unknown, strict=True)]
    return replace(sample, truth=truth, silence=why)


def excused(subject: Subject, sample: Sample) -> Told:
    """Every witness excludes the answer: it is wrong, but for digits that its noise explains."""
    if mixed_up(sample):
        return Told(False, in_words(sample.truth, sample.got))
    if outside_measured_sides(sample):
        return Told(False, NO_MIXTURE)
    moved = (*subject.argnums, subject.inputs)
    return by_shape(partial(answer, subject), sample, moved, None, ("every witness excludes it",))


def _vanishes(subject: Subject, sample: Sample) -> bool:
    """Whether its error is gone in float64; not where it cannot be asked there."""
    try:
        return bool(in_float64(partial(answer, subject), sample).right)
    except Exception:  # somebody's gradient, in a dtype it was not written for
        return False


def answer(subject: Subject, *args) -> list:
    """The slopes alone: a function's value is not looked at here."""
    said = subject.answer(*args)
    if subject.function is None:
        return said
    values = len(jax.tree.leaves(args[subject.inputs :]))
    slopes = len(said) - values
    return said[values : values + (slopes // 2 if subject.ahead_at(args) else slopes)]


def above(subject: Subject, case: Case, rng: np.random.Generator) -> Any:
    """A cotangent of what the function returns, which has to be called to know."""
    try:
        out = called(subject, case.args)
    except Exception as error:  # somebody's function may raise anything
        said = f"of raised {raised(error)}, at {case.label}"
        raise ValueError(f"{said}; args must give points where it has a value") from error
    return subject.above(jax.tree.map(np.asarray, out), rng)


def called(subject: Subject, args: tuple) -> Any:
    with jax.enable_x64(True), np.errstate(all="ignore"):
        return subject.of(*cast(args, "float64"))


def work(witnesses: Witnesses, case: Case, rng: np.random.Generator) -> int | None:
    """What an edge costs; None where the function refuses it, or is not finite there.

    Nor is a function visited there that loops for as long as its numbers say: it may never end at
    a point that nobody gave.
    """
    subject = witnesses.subject
    try:
        if witnesses.traced and waits(subject.of, cast(case.args, "float64")):
            return None
        out = jax.tree.leaves(called(subject, case.args))
        finite = bool(out) and all(np.isfinite(v).all() for v in out)
    except Exception:  # somebody's function, where it was never meant to go
        return None
    entries = sum(np.size(x) for x in jax.tree.leaves(case.args))
    return CALLS * entries * 100 if finite else None


def said(witnesses: Witnesses, finding: Finding) -> Finding:
    """The finding, with what the witnesses were and how much they could see."""
    measured, why = witnesses.seen, witnesses.why
    if not measured and finding.verdict is Verdict.REJECTED:
        return finding  # nobody was asked: the answer cannot be one
    words = f"of is a black box ({why}): its derivative is measured"
    if witnesses.traced:
        words = f"no proof of the derivative: {why}; it is measured"
    more = sorted({m.note for m in measured if m.note})
    lines = [words, *(f"no complex step: {note}" for note in more)]
    narrow: list[Noise] = [m.noise for m in measured if m.noise.is_narrow]
    if narrow:
        lines.append(
            f"of computes in less than float64: its noise is {max(n.relative for n in narrow):.1g} "
            "of its terms, so every error estimate is made larger by it"
        )
    because = why if witnesses.traced else "of cannot be traced"
    reason = f"{finding.reason}; by witnesses: {because}"
    return replace(finding, notes=(*finding.notes, *lines), reason=reason)


def pieces(
    subject: Subject, why: str, traced: bool = False
) -> tuple[Callable, Callable, Callable, Callable]:
    """How a case is evaluated, excused, weighed, and what the finding says in the end."""
    subject.of = of_jax_arrays(subject.of) if traced else subject.of
    witnesses = Witnesses(subject, why, traced, [])
    return (
        partial(at, witnesses),
        partial(excused, subject),
        partial(work, witnesses),
        partial(said, witnesses),
    )
