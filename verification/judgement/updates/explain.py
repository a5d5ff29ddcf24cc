"""Which update rule is this?  The variants and the mistakes that do what was seen, ranked.

Each candidate is run on the same vectors.  It fits where every answer lies within what rounding
may do to the answers of the candidate itself.  Variants come before mistakes of the same fit.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...derivations.rules import VARIANTS, Variant, family_of
from ...faults.update_rules import wrong_rules
from ...vocabulary import Explanation
from ..sample import Sample
from .leaves import Layout
from .truth import Trajectory, roughly, rounding
from .vectors import Sequence

CLOSEST = 12  # candidates looked at with their own rounding
SAID = 5  # explanations at most
REACH = 64.0  # times the budget: further away in float64, nothing is looked at with its rounding


class Candidate(NamedTuple):
    """A rule that may be what was written."""

    variant: Variant
    kind: str  # of vocabulary.KINDS
    name: str
    says: str
    order: int  # of equally good ones the smallest comes first
    renamed: tuple[tuple[str, float], ...] = ()  # hyperparameters that differ


def candidates(variant: Variant) -> Iterator[Candidate]:
    """Variants of the same rule, its mistakes, defaults for arguments, then all other rules."""
    family = {v.name for v in family_of(variant.name)} - {variant.name}
    for name in family:
        yield Candidate(VARIANTS[name], "variant", name, VARIANTS[name].formula, 0)
    for fault, wrong in wrong_rules(variant.name):
        yield Candidate(wrong, "fault", fault.name, fault.description, 1)
    for name, value in variant.defaults.items():
        said = f"{name} is ignored: it is {value:g}, whatever was asked for"
        yield Candidate(variant, "fault", f"{name} ignored", said, 2, ((name, value),))
    for name, other in VARIANTS.items():
        if name not in family and name != variant.name:
            yield Candidate(other, "variant", name, other.formula, 3)


def explained(
    evidence: tuple[Sample, ...], variant: Variant, layout: Layout, dtype: str
) -> tuple[Explanation, ...]:
    """What the answers are the answers of; empty where nothing is near."""
    if not evidence:
        return ()
    seen = [(sample.args[0], _rows(sample.got)) for sample in evidence]
    own = [rounding(variant, sequence, layout, dtype) for sequence, _ in seen]
    near = sorted(
        ((_screened(c, seen, own, layout), c) for c in others_than(variant, seen, own, layout)),
        key=lambda pair: (pair[0], pair[1].order),
    )
    best = [pair for pair in near if pair[0] <= REACH][:CLOSEST] or near[:1]
    judged = [(_residual(c, seen, layout, dtype), c) for _, c in best]
    judged.sort(key=lambda pair: (max(pair[0], 1.0), pair[1].order, pair[0]))
    fitting = [pair for pair in judged if pair[0] <= 1.0]
    if fitting:
        return _fitting(fitting, variant, own, seen, layout, dtype)
    residual, nearest = judged[0]
    base = max(_distance(rows, trajectory) for (_, rows), trajectory in zip(seen, own, strict=True))
    if not residual < base:
        return ()
    return (_said(nearest, variant, residual, "", ()),)


def others_than(variant: Variant, seen, own: list[Trajectory], layout: Layout) -> list[Candidate]:
    """The candidates that do something else than the rule asked for on these runs."""
    runs = [(sequence, t.values) for (sequence, _), t in zip(seen, own, strict=True)]
    return [c for c in candidates(variant) if _screened(c, runs, own, layout) > 1.0]


def narrower(sample: Sample, variant: Variant, layout: Layout, dtype: str) -> str:
    """The wider of the formats below dtype whose rounding explains the answers; "" if none does."""
    sequence, rows = sample.args[0], _rows(sample.got)
    for name in BELOW.get(dtype, ()):
        if _distance(rows, rounding(variant, sequence, layout, name)) <= 1.0:
            return name
    return ""


BELOW = {"float64": ("float32", "bfloat16"), "float32": ("float16", "bfloat16")}


def _fitting(fitting, variant, own, seen, layout, dtype) -> tuple[Explanation, ...]:
    out = []
    for residual, candidate in fitting[:SAID]:
        others = tuple(c.name for _, c in fitting if c is not candidate)
        when = _equal_until(candidate, seen[0][0], own[0], layout, dtype)
        out.append(_said(candidate, variant, residual, when, others))
    return tuple(out)


def _said(c: Candidate, variant: Variant, residual: float, when: str, others) -> Explanation:
    what = f"this is {c.name}: {c.says}" if c.kind == "variant" else f"{c.name}: {c.says}"
    return Explanation(
        kind=c.kind,
        term="the update",
        mistake=what.rstrip(".") + (f" ({when})" if when else ""),
        remedy=f"{variant.name} is {variant.formula}",
        residual=residual,
        fits=residual <= 1.0,
        fault=c.name,
        confused_with=others,
    )


def _equal_until(c: Candidate, sequence: Sequence, own: Trajectory, layout, dtype: str) -> str:
    """From which step on a candidate and the rule asked for differ, and what happened there."""
    theirs = rounding(c.variant, _with(c, sequence), layout, dtype)
    apart = np.abs(theirs.values - own.values) > theirs.allowed + own.allowed
    steps = np.flatnonzero(apart.any(axis=1))
    if not len(steps) or steps[0] == 0:
        return ""
    first = int(steps[0])
    changed = sequence.rates[first] != sequence.rates[first - 1]
    why = "until the rate changes, " if changed else "until "
    return f"equal {why}step {first + 1}"


def _with(c: Candidate, sequence: Sequence) -> Sequence:
    changed = {**sequence.hyperparameters, **dict(c.renamed)}
    return sequence._replace(hyperparameters=changed)


def _rows(leaves: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)


def _screened(c: Candidate, seen, own: list[Trajectory], layout: Layout) -> float:
    """How far away in budgets of the rule asked for, at the worst entry of all runs."""
    worst = 0.0
    for (sequence, rows), trajectory in zip(seen, own, strict=True):
        values = roughly(c.variant, _with(c, sequence), layout)
        worst = max(worst, _distance(rows, Trajectory(values, trajectory.allowed)))
        if worst > REACH**2:
            return worst
    return worst


def _residual(c: Candidate, seen, layout: Layout, dtype: str) -> float:
    """In budgets of the candidate itself, which also has the rounding of its float64 values."""
    pairs = ((rounding(c.variant, _with(c, s), layout, dtype), rows) for s, rows in seen)
    return max(_distance(rows, replaced(t)) for t, rows in pairs)


def replaced(trajectory: Trajectory) -> Trajectory:
    """Twice the budget: the candidate's own values are not exact."""
    return trajectory._replace(allowed=2.0 * trajectory.allowed)


def _distance(rows: np.ndarray, trajectory: Trajectory) -> float:
    """The largest error in budgets; entries without a budget say nothing."""
    known = np.isfinite(trajectory.allowed)
    with np.errstate(all="ignore"):
        error = np.abs(rows - trajectory.values)
        ratio = np.where(error == 0.0, 0.0, error / trajectory.allowed)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)[known]
    return float(ratio.max()) if ratio.size else np.inf
