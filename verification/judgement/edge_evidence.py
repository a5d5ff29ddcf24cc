"""What edges have shown: at each of them an answer is right, lost digits, is no number, or differs.

A near edge decides like a draw.  At a far one a number that is none is a loss, not a mistake, and
so are digits that saturation takes of a right formula.  Beyond, where right formulas of many kinds
keep no digits (a variance in one pass), a number is all that is asked for.  A shape that nobody
draws decides nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from ..arithmetic.formats import format_of
from ..inputs.structure import Edge, Region
from ..measurement.higher_precision import Told
from ..measurement.joint import shares
from ..measurement.sample import Sample, decidable, missed, outside
from ..measurement.subgradients import answers
from ..measurement.tolerance import root_mean_square
from ..vocabulary import Verdict, Worst
from .evidence import EVIDENCE, Excuse, numbers_alone, worst

MODES = {  # edges= of validate -> where edges decide
    "judge": (Region.NEAR, Region.FAR, Region.BEYOND),
    "near": (Region.NEAR,),
    "note": (),
    "none": (),
}


class Result(StrEnum):
    """What an answer at an edge is, where it is not simply right."""

    NO_NUMBER = "no number"  # NaN, infinite or an exception, where the truth is finite
    DIFFERENT = "different"  # a number that no right program answers
    LOST = "digits lost"  # by a right formula
    UNTOLD = "untold"  # lost digits, or a mistake


class Visit(NamedTuple):
    """An edge and the sample there, None where it is not judged; in_words() says what failed.

    is_number: the answer is one, and nothing else is asked for there.
    """

    edge: Edge
    sample: Sample | None
    in_words: Callable[[], str] = lambda: ""
    is_number: bool = False

    def where(self, holds: Callable[[tuple], bool]) -> "Visit":
        """The visit, of which there is no sample where its arguments do not hold."""
        is_held = self.sample is None or holds(self.sample.args)
        return self if is_held else self._replace(sample=None)


class Observation(NamedTuple):
    """An edge at which the answer is not simply right."""

    edge: Edge
    result: Result
    said: str  # how it came that there is no number
    told: Told | None
    worst: Worst | None
    sample: Sample | None  # of the first few

    @property
    def verdict(self) -> Verdict | None:
        """What it makes of the finding where it decides."""
        return VERDICTS.get((self.edge.region, self.result))


VERDICTS = {
    (Region.NEAR, Result.NO_NUMBER): Verdict.REJECTED,
    (Region.NEAR, Result.DIFFERENT): Verdict.WRONG,
    (Region.FAR, Result.NO_NUMBER): Verdict.INACCURATE,
    (Region.FAR, Result.DIFFERENT): Verdict.WRONG,
    (Region.BEYOND, Result.NO_NUMBER): Verdict.INACCURATE,
}


class Edges(NamedTuple):
    """What is visited beside the draws: visits(), where they decide, and what `vary` names."""

    visits: Callable[[], Iterable[Visit]] = lambda: ()
    mode: str = "judge"
    named: tuple[int, ...] = ()


NOWHERE = Edges()


class Seen(NamedTuple):
    """The sum of the edges that were visited."""

    judged: int = 0
    skipped: int = 0
    observations: tuple[Observation, ...] = ()
    worst: Worst | None = None  # of the answers that are right
    kinks: Counter[str] = Counter()
    positions: frozenset[int] = frozenset()  # of the arguments that were moved, and judged
    turning: tuple[str, ...] = ()  # where the slope turns its sign, and the answer is no number


def seen(visits: Iterable[Visit], dtype: str, excuse: Excuse) -> Seen:
    return reduce(partial(_looked, dtype=dtype, excuse=excuse), visits, Seen())


def _looked(before: Seen, visit: Visit, dtype: str, excuse: Excuse) -> Seen:
    edge, sample = visit.edge, visit.sample
    if visit.is_number:
        moved = before.positions | {edge.position}
        return before._replace(judged=before.judged + 1, positions=moved)
    if sample is not None and any(turns(sample, k).any() for k in range(len(sample.paths))):
        before = before._replace(turning=(*before.turning, edge.case.label))
        sample = without_turns(sample)
    if sample is None or not is_judged(sample):
        return before._replace(skipped=before.skipped + 1)
    after = before._replace(judged=before.judged + 1, positions=before.positions | {edge.position})
    result, told = observed(edge, sample, excuse, dtype)
    if result is None and edge.region is Region.BEYOND:
        return after
    if result is None:
        better, kinks = worst(before.worst, sample, dtype), before.kinks + answers(sample)
        return after._replace(worst=better, kinks=kinks)
    said = visit.in_words() if result is Result.NO_NUMBER else ""
    kept = sample if len(before.observations) < EVIDENCE else None
    there = worst(None, _decisive(sample, result), dtype) if sample.got else None
    found = Observation(edge, result, said, told, there, kept)
    return after._replace(observations=(*before.observations, found))


def is_judged(sample: Sample) -> bool:
    """Whether the truth is known: at all entries for an exception, which answers every one."""
    known = [decidable(sample, k) for k in range(len(sample.paths))]
    return all(x.all() for x in known) if sample.failure else any(x.any() for x in known)


def turns(sample: Sample, leaf: int) -> np.ndarray:
    """Entries without an answer where the derivative turns its sign, as that of |x| does at 0.

    There is no derivative there, and x / |x|, which is right beside it, has no value.  At other
    kinks one of the sides is what every program can answer.
    """
    truth = sample.truth[leaf]
    with np.errstate(invalid="ignore"):
        room = sample.allowed[leaf] + 4.0 * np.spacing(np.abs(truth.mid) + truth.rad)
        both = (truth.mid - truth.rad < -room) & (truth.mid + truth.rad > room)
    none = True if sample.failure else ~np.isfinite(sample.got[leaf])
    is_known = truth.proven or truth.sides is not None
    return np.asarray(decidable(sample, leaf) & both & none & is_known)


def without_turns(sample: Sample) -> Sample | None:
    """The other entries; nothing is left of an exception, which may be theirs."""
    if sample.failure:
        return None
    leaves = range(len(sample.paths))
    open_there = lambda k: np.where(turns(sample, k), np.inf, sample.allowed[k])
    return replace(sample, allowed=[open_there(k) for k in leaves])


def observed(
    edge: Edge, sample: Sample, excuse: Excuse, dtype: str
) -> tuple[Result | None, Told | None]:
    """What the answer is, and what is known of the formula; nothing where it is right."""
    if sample.failure:
        return Result.NO_NUMBER, None
    if not _is_outside(sample):
        return None, None
    numbers = numbers_alone(sample)
    is_none = not all(map(_is_finite_where_wrong, *_columns(sample)))
    if edge.region is Region.BEYOND:
        return (Result.NO_NUMBER if is_none else None), None
    if is_none and (edge.region is not Region.FAR or not _is_outside(numbers)):
        return Result.NO_NUMBER, None
    is_far = edge.region is not Region.NEAR
    told = excuse(numbers if is_far else _outside_alone(numbers))
    if told.right is False and told.sure:
        return Result.DIFFERENT, told
    if is_none:
        return Result.NO_NUMBER, None
    if told.right:
        return Result.LOST, told
    is_gross = not is_far and _is_gross(numbers, dtype)
    return (Result.DIFFERENT if is_gross else Result.UNTOLD), told


def _is_gross(sample: Sample, dtype: str) -> bool:
    """Whether some leaf has lost more than half of its digits: near the draws nothing else does."""
    half = format_of(dtype).unit ** 0.5
    return any(_is_gross_in(sample, k, half) for k in range(len(sample.paths)))


def _is_gross_in(sample: Sample, leaf: int, half: float) -> bool:
    known, out = decidable(sample, leaf), outside(sample, leaf)
    size = root_mean_square(sample.truth[leaf].mid, known)
    error = missed(sample, leaf)
    return bool((error[out] > half * size).any())


def _columns(sample: Sample) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return sample.got, [outside(sample, k) for k in range(len(sample.paths))]


def _is_finite_where_wrong(got: np.ndarray, wrong: np.ndarray) -> bool:
    return bool(np.isfinite(got[wrong]).all())


def _is_outside(sample: Sample) -> bool:
    return any(outside(sample, k).any() for k in range(len(sample.paths)))


def _outside_alone(sample: Sample) -> Sample:
    """The sample at the entries in question: a value of another entry does not excuse them.

    Entries that share a tie are one question.
    """
    if any(map(shares, sample.truth)):
        return sample
    wrong = [outside(sample, k) for k in range(len(sample.paths))]
    pairs = zip(wrong, sample.allowed, strict=True)
    return replace(sample, allowed=[np.where(out, room, np.inf) for out, room in pairs])


def _decisive(sample: Sample, result: Result) -> Sample:
    """A wrong number says more than one that is none."""
    return numbers_alone(sample) if result is Result.DIFFERENT else sample
