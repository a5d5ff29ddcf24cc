"""Every catalogued mistake: would it have been seen, and, planted and judged, is it named?"""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.formats import format_of
from ..derivations.rules import VARIANTS, Variant
from ..faults.update_rules import WrongRule, wrong_rules
from ..judgement.verdict import judge
from ..measurement.sample import Sample
from ..vocabulary import Finding, Verdict
from . import vectors
from .explain import Answers, answers, explained, with_reason
from .same import same
from .truth import proven, roughly, rounding
from .vectors import Layout, Sequence, layout

KEPT = 3  # runs that the catalogue is tried on
MORE = 8  # of a coarse format, where each shows fewer mistakes


def kept(dtype: str) -> int:
    return MORE if vectors.is_coarse(dtype) else KEPT


def with_kills(
    finding: Finding, variant: Variant, where: Layout, samples: list[Sample], advice: str
) -> Finding:
    """The finding, with every catalogued mistake that changes anything, and whether it shows.

    Where one does not show, nothing is accepted; `advice` says what could be done about it.
    """
    tried = [sample for sample in samples[: kept(finding.dtype)] if not sample.failure]
    usable = [_Shown.of(sample, variant, where) for sample in tried]
    made = ((w.fault.name, _killed(w.variant, where, usable)) for w in wrong_rules(variant.name))
    kills = {name: seen for name, seen in made if seen is not None}
    finding = replace(finding, kills=kills)
    unseen = [name for name, seen in kills.items() if not seen]
    if finding.verdict is not Verdict.CORRECT or not unseen:
        return finding
    said = f"these mistakes would have gone unseen: {', '.join(unseen)}; {advice}"
    return replace(finding, verdict=Verdict.UNDECIDED, reason=said)


LATE = ("count stops at 256", "count starts again at 256")  # mistakes that only a long run shows


def with_horizon(
    finding: Finding, variant: Variant, where: Layout, samples: list[Sample], dtype: str
) -> Finding:
    """The finding, with a note of what these runs were too short to see, or too coarse."""
    usable = [sample for sample in samples if not sample.failure]
    if not usable:
        return finding
    longest = max(len(sample.args[0].gradients) for sample in usable)
    said = f"the longest run had {longest} steps: later mistakes are not seen; steps= asks for more"
    long = [sample for sample in usable if len(sample.args[0].gradients) == longest]
    runs = [_Shown.of(sample, variant, where) for sample in long]
    late = [w for w in wrong_rules(variant.name) if w.fault.name in LATE]
    unseen = [w.fault.name for w in late if _killed(w.variant, where, runs) is False]
    if unseen:
        said += f"; hidden by the rounding of {dtype}: {', '.join(unseen)}"
    return replace(finding, notes=(*finding.notes, said))


class _Shown(NamedTuple):
    """One run: what is right, what shows in the dtype, and what is no rounding of float64."""

    sequence: Sequence
    right: np.ndarray
    allowed: np.ndarray
    exact: np.ndarray

    @classmethod
    def of(cls, sample: Sample, variant: Variant, where: Layout) -> "_Shown":
        sequence = sample.args[0]
        bound = rounding(variant, sequence, where, "float64")
        allowed = [a.reshape(len(a), -1) for a in sample.allowed]
        return cls(sequence, bound.values, np.concatenate(allowed, axis=1), 2.0 * bound.allowed)


def _killed(wrong: Variant, where: Layout, runs: list[_Shown]) -> bool | None:
    """Whether a mistake shows; None where it is the same rule on these runs, but for rounding."""
    differs = False
    for run in runs:
        with np.errstate(invalid="ignore"):
            gap = np.abs(roughly(wrong, run.sequence, where) - run.right)
        if (~(gap <= run.allowed + run.exact) & np.isfinite(run.allowed)).any():
            return True
        differs |= bool((gap > run.exact).any())
    return False if differs else None


class Planted(NamedTuple):
    """One mistake in one variant: what was said of it."""

    rule: str
    fault: str
    description: str
    verdict: str
    caught: bool
    first: str  # the first explanation's name
    same: bool  # whether that is this mistake in other words: proven to be the same rule
    named: bool  # whether it is this mistake, the same rule, or what these runs cannot tell from it
    also: tuple[str, ...]  # other rules that these runs cannot tell from the first
    place: int  # of this mistake, or the same rule, in what is said: from 1; 0 where it is not


def planted(
    name: str,
    dtype: str = "float64",
    cases: int = 2,
    seed: int = 0,
    every: int = 1,
    only: Collection[str] = (),
) -> list[Planted]:
    """Each mistake that changes what the variant does, or one in `every`, at the same runs.

    `only` these mistakes, by their names, where there are any.
    """
    variant, where = VARIANTS[name], layout(vectors.params_of(VARIANTS[name]))
    samples = runs(variant, where, dtype, cases, seed)
    known = answers(samples, variant, where, dtype)
    mistakes = [w for w in wrong_rules(name)[::every] if not only or w.fault.name in only]
    made = (_judged(w, variant, where, dtype, samples, known) for w in mistakes)
    return [one for one in made if one is not None]


def runs(variant: Variant, where: Layout, dtype: str, cases: int, seed: int) -> list[Sample]:
    """Runs of a variant with its own answers, in the dtype."""
    rng = np.random.default_rng(seed)
    return [run_of(variant, where, dtype, rng, f"case {k}") for k in range(cases)]


def run_of(variant: Variant, where: Layout, dtype: str, rng: np.random.Generator, label: str):
    h = vectors.hyperparameters(variant, rng, dtype)
    rates = vectors.rates(h.pop("learning_rate"), 16, changes=True, dtype=dtype)
    sequence = Sequence(h, *vectors.draw(rng, where.size, 16, dtype, variant.family), rates)
    return Sample(
        label=label,
        paths=where.paths,
        truth=proven(variant, sequence, where),
        allowed=where.leaves_of(rounding(variant, sequence, where, dtype).allowed),
        got=where.leaves_of(roughly(variant, sequence, where, dtype)),
        args=(sequence, None),
        budgets=("running bound",) * len(where.paths),
    )


def verdict_on(
    rule: Variant,
    variant: Variant,
    where: Layout,
    dtype: str,
    samples: list[Sample],
    known: Answers | None = None,
) -> Finding:
    """What is said of a rule that does what `rule` does, against `variant`."""
    given = [
        replace(s, got=where.leaves_of(roughly(rule, s.args[0], where, dtype))) for s in samples
    ]
    explain = partial(explained, variant=variant, layout=where, dtype=dtype, known=known)
    finding = judge(rule.name, dtype, given, explain=lambda evidence: explain(given))
    return with_reason(finding, given, variant, where, dtype, known)


def _judged(
    w: WrongRule, variant: Variant, where: Layout, dtype: str, samples, known: Answers
) -> Planted | None:
    if all(_same(w.variant, s, where, dtype) for s in samples):
        return None
    finding = verdict_on(w.variant, variant, where, dtype, samples, known)
    said: Any = finding.explanation[0] if finding.explanation else None
    also = said.confused_with if said else ()
    first = said.fault if said else ""
    fits = bool(said and said.fits)
    alike = fits and first != w.fault.name and bool(same(variant.name, w.fault.name, first).same)
    named = fits and (alike or w.fault.name in (first, *also))
    caught = finding.verdict in (Verdict.WRONG, Verdict.REJECTED)
    place = _place(variant.name, w.fault.name, finding)
    return Planted(
        variant.name,
        w.fault.name,
        w.fault.description,
        str(finding.verdict),
        caught,
        first,
        alike,
        named,
        also,
        place,
    )


def _place(rule: str, fault: str, finding: Finding) -> int:
    for k, one in enumerate(finding.explanation, 1):
        if one.fits and (one.fault == fault or same(rule, fault, one.fault).same):
            return k
    return 0


def _same(wrong: Variant, sample: Sample, where: Layout, dtype: str) -> bool:
    """Whether the mistake does nothing at this run, but for rounding in float64."""
    sequence = sample.args[0]
    values = roughly(wrong, sequence, where)
    right = roughly(VARIANTS[wrong.name], sequence, where)
    room = np.concatenate([a.reshape(len(a), -1) for a in sample.allowed], axis=1)
    scale = 1.0 if dtype == "float64" else format_of("float64").unit / format_of(dtype).unit
    with np.errstate(invalid="ignore"):
        return bool((np.abs(values - right) <= 2.0 * scale * room).all())
