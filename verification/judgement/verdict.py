"""From samples to a finding: who is convicted, of what, and how sure the acquittals are."""

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np

from ..faults import Fault
from ..vocabulary import Finding, Verdict, Worst
from .error import beyond, ulp
from .power import kills, power
from .sample import Sample, decidable, outside


def judge(
    name: str,
    dtype: str,
    samples: list[Sample],
    faults: Iterable[Fault] = (),
    formula_is_right: Callable[[Sample], bool] = lambda sample: False,
    reproduce: str = "",
) -> Finding:
    """The verdict on one implementation in one dtype.

    `formula_is_right` is asked of samples with an entry outside its budget: a right formula has
    only lost digits (inaccurate), any other is wrong.  Nothing undecided is ever a pass.
    """
    answered = [s for s in samples if not s.failure]
    strength = power(answered)
    caught = kills(answered, faults, dtype)
    verdict, reason = _verdict(samples, answered, strength, caught, formula_is_right, dtype)
    return Finding(
        name=name,
        dtype=dtype,
        verdict=verdict,
        reason=reason,
        power=strength,
        worst=worst(answered, dtype),
        cases=len(samples),
        skipped=sum(not _fully_decided(s) for s in answered),
        oracle="ball",
        budget=budgets(answered),
        kills=caught,
        reproduce=reproduce,
    )


def _verdict(samples, answered, strength, caught, formula_is_right, dtype) -> tuple[Verdict, str]:
    for s in samples:
        if s.failure:
            return Verdict.REJECTED, f"{s.label}: {s.failure}"
    bad = [s for s in answered if any(outside(s, k).any() for k in range(len(s.paths)))]
    if bad:
        return _convict(bad, formula_is_right, dtype)
    open_cases = [s for s in answered if not s.edge and not _fully_decided(s)]
    if not answered or all(not _fully_decided(s) for s in answered):
        why = next((f": {s.silence}" for s in answered if s.silence), "")
        return Verdict.UNDECIDED, f"no oracle could decide at any case{why}"
    if open_cases:
        return Verdict.UNDECIDED, f"no oracle could decide {open_cases[0].label}"
    blind = [path or "the gradient" for path, seen in strength.items() if not np.isfinite(seen)]
    if blind:
        return Verdict.UNDECIDED, f"no case could show a mistake in {', '.join(blind)}"
    missed = [name for name, seen in caught.items() if not seen]
    if missed:
        return Verdict.UNDECIDED, f"these mistakes would have gone unseen: {', '.join(missed)}"
    return Verdict.CORRECT, f"every entry inside its budget at all {len(samples)} cases"


def _convict(bad: list[Sample], formula_is_right, dtype) -> tuple[Verdict, str]:
    where = worst(bad, dtype)
    assert where is not None
    seen = f"{where.leaf}{list(where.index)} is {where.got!r}, not {where.expected!r}"
    seen += f" ({where.budgets:.3g} budgets away, {where.case})"
    if all(formula_is_right(s) for s in bad):
        return Verdict.INACCURATE, f"the formula is right but loses digits: {seen}"
    if not np.isfinite(where.got):
        return Verdict.REJECTED, f"not finite where the truth is: {seen}"
    return Verdict.WRONG, f"not by rounding: {seen}"


def _fully_decided(sample: Sample) -> bool:
    return all(decidable(sample, k).all() for k in range(len(sample.paths)))


def budgets(samples: list[Sample]) -> str:
    """Which budget judged how many leaves."""
    counts = Counter(kind for s in samples for kind in s.budgets)
    if len(counts) < 2:
        return next(iter(counts), "")
    return ", ".join(f"{kind} ({n} leaves)" for kind, n in sorted(counts.items()))


def worst(samples: list[Sample], dtype: str) -> Worst | None:
    """The entry with the largest error in budgets over all samples; NaN is the largest."""
    found = [w for s in samples for k in range(len(s.paths)) if (w := _worst(s, k, dtype))]
    return max(found, key=lambda w: np.inf if np.isnan(w.budgets) else w.budgets, default=None)


def _worst(sample: Sample, leaf: int, dtype: str) -> Worst | None:
    truth, got, known = sample.truth[leaf], sample.got[leaf], decidable(sample, leaf)
    if not known.any():
        return None
    error = beyond(got, truth)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ulps = error / ulp(truth.mid, dtype)
        ratio = np.where(error == 0, 0.0, error / sample.allowed[leaf])
    ratio = np.where(known, np.where(np.isnan(ratio), np.inf, ratio), -1.0)
    at = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return Worst(
        leaf=sample.paths[leaf],
        index=tuple(map(int, at)),
        got=float(got[at]),
        expected=float(truth.mid[at]),
        radius=float(truth.rad[at]),
        budgets=float(ratio[at]),
        ulps=float(ulps[at]),
        case=sample.label,
    )
