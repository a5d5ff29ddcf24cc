"""What the cases have shown so far: a fold over samples that keeps only a few of them.

A sample of a large network holds five arrays for each of its leaves; a record holds two of half
the width, however many cases there are, and EVIDENCE samples to explain a mistake by.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..measurement.constancy import wider
from ..measurement.error import ulp
from ..measurement.higher_precision import Told, concluded
from ..measurement.power import Best, better, kills
from ..measurement.sample import Sample, Spread, decidable, missed, outside
from ..measurement.subgradients import answers
from ..vocabulary import Worst

Fit = Callable[[Mapping | None, Sample], Mapping]
Excuse = Callable[[Sample], Told]
EVIDENCE, HEAVY = 6, 2**20  # cases kept to explain a mistake by; entries of one that is too large


class Record(NamedTuple):
    """The sum of the cases that were looked at."""

    cases: int = 0
    left_out: int = 0  # beyond the format's range: never looked at
    skipped: int = 0  # answered, with entries that nobody could judge
    whole: int = 0  # judged at every entry
    draws: int = 0  # of the whole ones, those that are no edges
    partial: int = 0  # of the others, those that are no edges
    failure: str = ""  # the first answer that was none
    failed: int = 0  # how many were none
    open: str = ""  # the first draw with entries that nobody could judge
    silences: tuple[str, ...] = ()  # why nobody could, each once
    overflows: bool = False  # some open entry had a truth, but no bound on its rounding
    wrong: bool = False  # some entry was outside its budget
    told: Told | None = None  # whether at all such cases by lost digits alone
    worst: Worst | None = None
    at_worst: Sample | None = None  # where that is outside
    number: Worst | None = None  # the worst of the entries that are numbers
    oracles: tuple[str, ...] = ()  # whose truth it was
    best: Best = {}
    kills: Mapping[str, bool | None] = {}
    budgets: Mapping[str, int] = {}  # kind of budget -> leaves it judged
    kinks: Counter[str] = Counter()  # slope answered at a kink -> how often
    fits: Mapping[Any, bool] | None = (
        None  # constant factor -> whether it explained every case so far
    )
    numberless: Mapping[tuple, np.ndarray] = {}  # path, shape -> entries never a number so far
    notes: tuple[str, ...] = ()  # what was seen beside the values, each once
    spread: Spread | None = None  # of answers to one question, where they are no two the same
    evidence: tuple[Sample, ...] = ()  # a few cases, those with a mistake first: to be explained


def looked(
    record: Record,
    sample: Sample | None,
    dtype: str,
    faults,
    excuse: Excuse,
    fit: Fit = lambda before, sample: {},
) -> Record:
    """The record with one more sample in it; None is a case beyond the format's range."""
    if sample is None:
        return record._replace(left_out=record.left_out + 1)
    new = (note for note in sample.notes if note not in record.notes)
    record = record._replace(cases=record.cases + 1, notes=(*record.notes, *new))
    if sample.failure:
        return _failed(record, sample)
    wrong = any(outside(sample, k).any() for k in range(len(sample.paths)))
    furthest = worst(record.worst, sample, dtype)
    return _decided(record, sample)._replace(
        wrong=record.wrong or wrong,
        told=_told(record.told, sample, excuse) if wrong else record.told,
        worst=furthest,
        at_worst=sample if wrong and furthest is not record.worst else record.at_worst,
        number=worst(record.number, numbers_alone(sample), dtype) if wrong else record.number,
        numberless=_numberless(record.numberless, sample),
        oracles=tuple(sorted({*record.oracles, *_oracles(sample)})),
        best=better(record.best, sample),
        kills=kills(record.kills, sample, faults, dtype),
        budgets=Counter(record.budgets) + Counter(sample.budgets),
        kinks=record.kinks + answers(sample),
        evidence=kept_to_explain(record.evidence, sample, wrong),
        spread=wider(record.spread, sample.spread),
        fits=fit(record.fits, sample),
    )


def _numberless(before: Mapping, sample: Sample) -> Mapping[tuple, np.ndarray]:
    """Entries that were no number at every draw at which they could be judged."""
    after = dict(before)
    for k, path in enumerate(sample.paths) if not sample.edge else ():
        fine = np.isfinite(sample.got[k]) | ~decidable(sample, k)
        after[path, fine.shape] = np.asarray(after.get((path, fine.shape), True) & ~fine)
    return after


def never_a_number(numberless: Mapping[tuple, np.ndarray]) -> str:
    """The first entry that has no number anywhere, by name; empty where there is none."""
    for (path, _), never in numberless.items():
        if never.any():
            index = list(map(int, np.argwhere(never)[0]))
            return f"{path}{index if index else ''}" or "the gradient"
    return ""


def _failed(record: Record, sample: Sample) -> Record:
    said = record.failure or f"{sample.label}: {sample.failure}"
    return record._replace(failure=said, failed=record.failed + 1)


def kept_to_explain(kept: tuple[Sample, ...], sample: Sample, wrong: bool) -> tuple[Sample, ...]:
    """Cases with a mistake drive out those without, which tell what it must leave alone."""
    if sum(ball.mid.size for ball in sample.truth) > HEAVY:
        return kept or ((sample,) if wrong else ())
    is_wrong = lambda one: any(outside(one, k).any() for k in range(len(one.paths)))
    if len(kept) < EVIDENCE:
        return (sample, *kept) if wrong else (*kept, sample)
    if not wrong or all(map(is_wrong, kept)):
        return kept
    return (sample, *kept[:-1])


def _told(before: Told | None, sample: Sample, excuse: Excuse) -> Told:
    """A formula that is wrong once is wrong, and is not asked for again."""
    if before is None:
        return excuse(sample)
    return before if before.right is False else concluded([before, excuse(sample)])


def numbers_alone(sample: Sample) -> Sample:
    """The sample without the entries that are infinite or NaN."""
    pairs = zip(sample.got, sample.allowed, strict=True)
    allowed = [np.where(np.isfinite(got), room, np.inf) for got, room in pairs]
    return replace(sample, allowed=allowed)


def _oracles(sample: Sample) -> set[str]:
    """Who knew: real balls, or where they are too dear reverse autodiff with its error."""
    known = [ball for ball in sample.truth if np.isfinite(ball.rad).any()]
    if sample.oracle and known:
        return {sample.oracle}
    return {"ball" if ball.proven else "reverse_autodiff" for ball in known}


def _decided(record: Record, sample: Sample) -> Record:
    """A sample counts as judged where all its entries could be."""
    draw = not sample.edge
    if all(decidable(sample, k).all() for k in range(len(sample.paths))):
        return record._replace(whole=record.whole + 1, draws=record.draws + draw)
    new = () if sample.silence in record.silences else (sample.silence,)
    return record._replace(
        skipped=record.skipped + 1,
        partial=record.partial + draw,
        open=record.open or (sample.label if draw else ""),
        silences=record.silences + new,
        overflows=record.overflows or _may_overflow(sample),
    )


def _may_overflow(sample: Sample) -> bool:
    pairs = zip(sample.truth, sample.allowed, strict=True)
    return any((np.isfinite(ball.rad) & ~np.isfinite(room)).any() for ball, room in pairs)


def worst(before: Worst | None, sample: Sample, dtype: str) -> Worst | None:
    """The entry with the largest error in budgets over all samples; NaN is the largest."""
    return worse(before, *(_worst(sample, k, dtype) for k in range(len(sample.paths))))


def worse(*found: Worst | None) -> Worst | None:
    return max(filter(None, found), key=lambda w: w.budgets, default=None)


def _worst(sample: Sample, leaf: int, dtype: str) -> Worst | None:
    error = missed(sample, leaf)
    ratio = in_budgets(sample, leaf, error)
    first = int(np.argmax(ratio)) if ratio.size else 0
    if not (ratio.size and ratio.flat[first] >= 0.0):
        return None
    at = np.unravel_index(first, ratio.shape)
    return _entry(sample, leaf, at, dtype, error[at], ratio[at])


def ratios(sample: Sample, leaf: int) -> np.ndarray:
    """The errors in budgets; NaN is the largest, and -1 is where nobody knows."""
    return in_budgets(sample, leaf, missed(sample, leaf))


def in_budgets(sample: Sample, leaf: int, error: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(error == 0, 0.0, error / sample.allowed[leaf])
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    return np.asarray(np.where(decidable(sample, leaf), ratio, -1.0))


def entry_at(sample: Sample, leaf: int, at: tuple, dtype: str) -> Worst:
    error = missed(sample, leaf)
    return _entry(sample, leaf, at, dtype, error[at], in_budgets(sample, leaf, error)[at])


def _entry(sample: Sample, leaf: int, at: tuple, dtype: str, error: Any, budgets: Any) -> Worst:
    truth, got = sample.truth[leaf], sample.got[leaf]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ulps = error / ulp(truth.mid[at], dtype)
    return Worst(
        leaf=sample.paths[leaf],
        index=tuple(map(int, at)),
        got=float(got[at]),
        expected=float(truth.mid[at]),
        radius=float(truth.rad[at]),
        budgets=float(budgets),
        ulps=float(ulps),
        case=sample.label,
        allowed=float(sample.allowed[leaf][at]),
    )
