"""Which update rule is this?  The variants and the mistakes that do what was seen, ranked.

Each candidate is run on the same vectors.  It fits where every answer lies within what rounding
may do to the answers of the candidate itself.  Variants come before mistakes of the same fit.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..arithmetic.formats import format_of
from ..derivations.rules import Variant
from ..measurement.sample import Sample
from ..vocabulary import Explanation, Finding, Verdict
from . import factors, permuted, rates
from .same import Candidate, candidates, same, with_settings
from .truth import Trajectory, roughly, rounding
from .vectors import Layout, Sequence

CLOSEST = 6  # candidates looked at with their own rounding
SAID = 5  # explanations at most
COARSE = 2.0**-4  # relative: further off on a short run, an order is not looked at
LEFT = 0.1  # of the error at its worst entry: what leaves more of it explains too little to be said
REACH = 64.0  # times the budget: further away in float64, nothing is looked at with its rounding


Samples = tuple[Sample, ...] | list[Sample]


class Answers(NamedTuple):
    """What every candidate would have answered, run by run, and what the rule itself would."""

    candidates: list[Candidate]
    values: list[list[np.ndarray]]  # for each candidate its float64 answers, run by run
    own: list[Trajectory]


def answers(samples: Samples, variant: Variant, layout: Layout, dtype: str) -> Answers:
    """Of the candidates that do something else than the rule asked for on these runs."""
    runs = [sample.args[0] for sample in samples]
    own = [rounding(variant, run, layout, dtype) for run in runs]
    kept = Answers([], [], own)
    for c in candidates(variant):
        values = [roughly(c.variant, with_settings(c, run), layout) for run in runs]
        if _apart([t.values for t in own], values, own, dtype) > 1.0:
            kept.candidates.append(c)
            kept.values.append(values)
    return kept


def near(
    rows: list[np.ndarray], samples: Samples, variant: Variant, layout: Layout, dtype: str
) -> Answers:
    """The answers of candidates that may be what was seen; the longest run is looked at last.

    A candidate that is out of reach on the others is not run over it; the nearest one always is.
    """
    runs = [sample.args[0] for sample in samples]
    own = [rounding(variant, run, layout, dtype) for run in runs]
    longest = max(range(len(runs)), key=lambda k: len(rows[k]))
    others = [k for k in range(len(runs)) if k != longest]
    looked = []
    for c in candidates(variant):
        found = {k: roughly(c.variant, with_settings(c, runs[k]), layout) for k in others}
        looked.append((_far([rows[k] for k in others], found, own, dtype), c, found))
    least = min((far for far, _, _ in looked), default=0.0)
    kept = Answers([], [], own)
    for far, c, found in looked:
        if far > max(REACH, least):
            continue
        found[longest] = roughly(c.variant, with_settings(c, runs[longest]), layout)
        values = [found[k] for k in range(len(runs))]
        if _apart([t.values for t in own], values, own, dtype) > 1.0:
            kept.candidates.append(c)
            kept.values.append(values)
    return kept


def _far(rows: list[np.ndarray], found: dict, own: list[Trajectory], dtype: str) -> float:
    return _apart(rows, list(found.values()), [own[k] for k in found], dtype)


def explained(
    evidence: Samples, variant: Variant, layout: Layout, dtype: str, known: Answers | None = None
) -> tuple[Explanation, ...]:
    """What the answers are the answers of; empty where nothing is near.

    `known` has the answers at these runs in this order, where they were asked for before.
    """
    if not evidence:
        return ()
    seen = [(sample.args[0], rows_of(sample.got)) for sample in evidence]
    rows = [answer for _, answer in seen]
    told = known or near(rows, evidence, variant, layout, dtype)
    ranked = sorted(
        zip(
            (_apart(rows, values, told.own, dtype) for values in told.values),
            told.candidates,
            strict=True,
        ),
        key=lambda pair: (pair[0], pair[1].order),
    )
    best = [pair for pair in ranked if pair[0] <= REACH][:CLOSEST] or ranked[:1]
    judged = [(_residual(c, seen, layout, dtype), c) for _, c in best]
    judged.sort(key=lambda pair: (max(pair[0], 1.0), pair[1].order, pair[0]))
    fitting = [pair for pair in judged if pair[0] <= 1.0]
    if fitting:
        return _fitting(fitting, variant, told.own, seen, layout, dtype)
    other = (
        _factored(variant, seen, layout, dtype)
        or _permuted(variant, seen, layout, dtype)
        or _at_other_rates(variant, seen, told.own, dtype)
    )
    if other:
        return other
    base = _apart(rows, [t.values for t in told.own], told.own, dtype)
    if not judged or not judged[0][0] < LEFT * base:
        return ()
    return (_said(judged[0][1], variant, judged[0][0], "", ()),)


def _factored(variant: Variant, seen: list, layout: Layout, dtype: str) -> tuple[Explanation, ...]:
    """The rule with one constant factor, where that explains every run."""
    for candidate in factors.candidates(variant, seen, layout, dtype):
        residual = _residual(candidate, seen, layout, dtype)
        if residual <= 1.0:
            return (_said(candidate, variant, residual, "", ()),)
    return ()


def _permuted(variant: Variant, seen: list, layout: Layout, dtype: str) -> tuple[Explanation, ...]:
    """The rule with its hyperparameters in another order, where that explains every run."""
    run, rows = min(seen, key=lambda pair: len(pair[1]))
    for candidate in permuted.candidates(variant):
        plain = roughly(candidate.variant, run, layout)
        if not np.allclose(plain, rows, rtol=COARSE, atol=0.0, equal_nan=True):
            continue
        residual = _residual(candidate, seen, layout, dtype)
        if residual <= 1.0:
            return (_said(candidate, variant, residual, "", ()),)
    return ()


def _at_other_rates(variant: Variant, seen: list, own, dtype: str) -> tuple[Explanation, ...]:
    """The rule with another schedule, where one number for each step explains every run."""
    found = rates.schedule([run for run, _ in seen], [rows for _, rows in seen], own, dtype)
    if found is None:
        return ()
    candidate = Candidate(variant, "factor", "another schedule", found[0], 2)
    return (_said(candidate, variant, found[1], "", ()),)


def with_reason(
    finding: Finding,
    given: Samples,
    variant: Variant,
    layout: Layout,
    dtype: str,
    known: Answers | None = None,
) -> Finding:
    """The finding; answers that are no numbers are explained too, by what breaks down like them."""
    answered = [sample for sample in given if not sample.failure]
    if finding.verdict is not Verdict.REJECTED or finding.explanation or not answered:
        return finding
    whole = known if len(answered) == len(given) else None
    told = explained(answered, variant, layout, dtype, whole)
    return replace(finding, explanation=tuple(one for one in told if one.fits))


def _fitting(fitting, variant, own, seen, layout, dtype) -> tuple[Explanation, ...]:
    """Of what fits, the first five; what is the first in other words is said to be."""
    first, out = fitting[0][1], []
    alike = {c.name for _, c in fitting if same(variant.name, first.name, c.name).same}
    for residual, candidate in fitting[:SAID]:
        one = alike if candidate.name in alike else {candidate.name}
        others = tuple(c.name for _, c in fitting if c.name not in one)
        again = [c.name for _, c in fitting if c.name in one and c is not candidate]
        when = _equal_until(candidate, seen[0][0], own[0], layout, dtype)
        notes = (f"the same rule as {name}" for name in again)
        said = "; ".join(filter(None, (when, *notes)))
        out.append(_said(candidate, variant, residual, said, others))
    return tuple(out)


def _said(c: Candidate, variant: Variant, residual: float, beside: str, others) -> Explanation:
    what = f"this is {c.name}: {c.says}" if c.kind == "variant" else f"{c.name}: {c.says}"
    return Explanation(
        kind=c.kind,
        term="the update",
        mistake=what.rstrip(".") + (f" ({beside})" if beside else ""),
        remedy=f"{variant.name} is {variant.formula}",
        residual=residual,
        fits=residual <= 1.0,
        fault=c.name,
        confused_with=others,
    )


def _equal_until(c: Candidate, sequence: Sequence, own: Trajectory, layout, dtype: str) -> str:
    """From which step on a candidate and the rule asked for differ, and what happened there."""
    theirs = rounding(c.variant, with_settings(c, sequence), layout, dtype)
    apart = np.abs(theirs.values - own.values) > theirs.allowed + own.allowed
    steps = np.flatnonzero(apart.any(axis=1))
    if not len(steps) or steps[0] == 0:
        return ""
    first = int(steps[0])
    changed = sequence.rates[first] != sequence.rates[first - 1]
    why = "until the rate changes, " if changed else "until "
    return f"equal {why}step {first + 1}"


def rows_of(leaves: list[np.ndarray]) -> np.ndarray:
    """Leaves, step first, as one row for each step."""
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)


def _apart(
    rows: list[np.ndarray], values: list[np.ndarray], own: list[Trajectory], dtype: str
) -> float:
    """How far apart, in budgets of the rule asked for, at the worst entry of all runs.

    Where that rule is exact, its first step lost, say, others still round.
    """
    worst, unit = 0.0, format_of(dtype).unit
    for answer, value, trajectory in zip(rows, values, own, strict=True):
        least = unit * np.where(np.isfinite(value), np.abs(value), 0.0)
        allowed = np.maximum(trajectory.allowed, least)
        worst = max(worst, distance(answer, Trajectory(value, allowed)))
        if worst > REACH**2:
            break
    return worst


def _residual(c: Candidate, seen, layout: Layout, dtype: str) -> float:
    """In twice the budget of the candidate itself, whose own values are not exact either.

    A run that breaks down everywhere, as the answer does, is no evidence; one with numbers must be.
    """
    worst, evidence = 0.0, False
    for run, rows in seen:
        told = rounding(c.variant, with_settings(c, run), layout, dtype)
        plain = roughly(c.variant, with_settings(c, run), layout, dtype)
        if np.isnan(plain).all() and np.isnan(rows).all():
            continue
        evidence = True
        worst = max(worst, distance(rows, told._replace(allowed=2.0 * told.allowed), plain))
    return worst if evidence else np.inf


def distance(rows: np.ndarray, trajectory: Trajectory, plain: np.ndarray | None = None) -> float:
    """The largest error in budgets; entries without a budget say nothing.

    Where `plain`, the same rule in plain floats, breaks down, the answer must break down too.
    """
    known = np.isfinite(trajectory.allowed)
    values = trajectory.values
    same = (rows == values) | (np.isnan(rows) & np.isnan(values))  # broken down in the same way
    with np.errstate(all="ignore"):
        error = np.where(same, 0.0, np.abs(rows - values))
        ratio = np.where(error == 0.0, 0.0, error / trajectory.allowed)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    if plain is not None:
        broken = ~known & ~np.isfinite(plain)
        ratio = np.where(broken, np.where(np.isfinite(rows), np.inf, 0.0), ratio)
        known |= np.isinf(plain) & (rows == plain)  # an infinity of the same sign is some evidence
        return float(ratio[known | broken].max()) if known.any() else np.inf
    return float(ratio[known].max()) if known.any() else np.inf
