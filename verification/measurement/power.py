"""What a check would have caught: a verdict without this number says nothing.

An error of an entry is certain to be flagged where it is more than twice what its budget and the
truth's radius leave room for.  Entry by entry the best case counts; the power of a leaf is that of
its worst entry: whichever single entry were off by as much, some case would have flagged it.

It is told over the leaf's root mean square; of a leaf that is 0 at every case it is the error
itself.  A mistake that changes nothing at any case is no mistake there: an arrangement of entries
where the gradient is the same in both, a cast of numbers that the narrower format holds.  It counts
as such only where the check would have seen it of other numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, Context, Decimal
from typing import NamedTuple

import numpy as np

from ..arithmetic.formats import format_of
from ..faults import Fault
from ..vocabulary import Sensitivity, Spread
from .error import ulp
from .joint import at_kink
from .sample import Sample, decidable, outside, visible
from .tolerance import root_mean_square

NOTHING = 2.0**-40  # of a budget: less than float64 tells beside it
COARSEST = 2.0**-4  # half of the digits of bfloat16: what may be as large is not known to be 0
FIRST = 2**16  # entries
CLEAR = 4.0  # times the room of an entry that a mistake must be there
OTHERS = 1.0 + np.sqrt(np.array([2.0, 3.0, 5.0, 6.0, 7.0, 10.0, 11.0])) % 1.0  # of full precision


class Seen(NamedTuple):
    """The smallest error of each entry that is certain to be flagged; inf where none is."""

    of_rms: np.ndarray  # over the root mean square of the leaf; float32, rounded up
    of_entry: np.ndarray  # over the entry's own size
    is_zero: bool = False  # the leaf is 0 at every case so far

    @property
    def power(self) -> float:
        """The worst entry's; inf for a leaf without entries, where nothing can be seen."""
        return float(self.of_rms.max()) if self.of_rms.size else np.inf


class Leaf(NamedTuple):
    """A leaf as the cases have it: shapes may differ, and edges are apart from draws."""

    path: str
    edge: bool
    shape: tuple[int, ...]


Best = Mapping[Leaf, Seen]


def seen(sample: Sample, leaf: int) -> Seen:
    """What one case sees of one leaf."""
    truth, zero = np.abs(sample.truth[leaf].mid), is_zero(sample, leaf)
    scale = 1.0 if zero else _rms(sample, leaf)
    least = np.where(decidable(sample, leaf), visible(sample, leaf), np.inf)
    if zero:
        least = np.where(least <= COARSEST, least, np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        own = np.where(least == 0.0, 0.0, least / truth)
        of_rms = least / scale if scale else np.full(least.shape, np.inf)
    return Seen(_single(of_rms), _single(own), zero)


def is_zero(sample: Sample, leaf: int) -> bool:
    """Whether the whole leaf is 0, or so far below its budget that float64 would not tell it."""
    mid, allowed = np.abs(sample.truth[leaf].mid), sample.allowed[leaf]
    known = decidable(sample, leaf)
    return bool(mid.size and known.all() and (mid <= NOTHING * np.where(known, allowed, 0.0)).all())


def better(best: Best, sample: Sample) -> Best:
    """The best of every entry, with one more case."""
    new = {}
    for k, path in enumerate(sample.paths):
        key, here = Leaf(path, sample.edge, sample.truth[k].mid.shape), seen(sample, k)
        new[key] = _best_of(best.get(key, here), here)
    return {**best, **new}


def _best_of(one: Seen, other: Seen) -> Seen:
    """Entry by entry the better; a case in which the leaf is 0 counts among such alone."""
    if one.is_zero != other.is_zero:
        return other if one.is_zero else one
    least = lambda a, b: np.asarray(np.minimum(a, b))
    return Seen(least(one.of_rms, other.of_rms), least(one.of_entry, other.of_entry), one.is_zero)


def by_leaf(best: Best) -> dict[str, Seen]:
    """For each path the shape at which it is seen best: among draws, or else among edges."""
    chosen: dict[str, Leaf] = {}
    rank = lambda leaf: (
        np.isinf(best[leaf].power),
        best[leaf].is_zero,
        leaf.edge,
        best[leaf].power,
    )
    for leaf in best:
        chosen[leaf.path] = min(leaf, chosen.get(leaf.path, leaf), key=rank)
    return {path: best[leaf] for path, leaf in chosen.items()}


def sensitivity(leaf: Seen) -> Sensitivity:
    return Sensitivity(_spread(leaf.of_rms), _spread(leaf.of_entry))


def in_words(powers: Iterable[float]) -> str:
    """The sentence that goes with `correct`; its number is rounded up."""
    largest = max(powers)
    if largest == 0.0:
        return "any error of one entry would have been seen"
    shown = float(Context(prec=2, rounding=ROUND_CEILING).create_decimal(Decimal(largest)))
    return f"one entry off by {shown:.2g} of its leaf's RMS would have been seen"


def kills(
    before: Mapping[str, bool | None], sample: Sample, faults: Iterable[Fault], dtype: str
) -> Mapping[str, bool | None]:
    """fault -> whether some case has shown it so far, for the faults that change anything.

    None where there was nothing to see: it may be no mistake of this function, or of these cases.
    """
    after, right = dict(before), _right(sample)
    for fault in faults:
        if after.get(fault.name) or (wrong := _plant(fault, right, dtype)) is None:
            continue
        caught = _caught(replace(sample, got=wrong), right)
        chosen = not caught and _is_a_choice(sample, right, wrong)
        if caught or not (chosen or _is_no_mistake(fault, sample, right, dtype)):
            after[fault.name] = caught
        elif not chosen:
            after.setdefault(fault.name, None)
    return after


def _is_a_choice(sample: Sample, right: list[np.ndarray], wrong: list[np.ndarray]) -> bool:
    """Whether an answer that was accepted differs at kinks alone: it is another subgradient."""
    apart = [np.abs(w - r) > a for w, r, a in zip(wrong, right, sample.allowed, strict=True)]
    pairs = zip(apart, sample.truth, strict=True)
    return any(far.any() for far in apart) and all(
        not (far & ~at_kink(b)).any() for far, b in pairs
    )


def _caught(wrong: Sample, right: list[np.ndarray]) -> bool:
    """Whether some entry is outside; a leaf that is still the truth is not, but at a shared tie."""
    alone = all(ball.sides is None for ball in wrong.truth) and len(wrong.got) == len(right)
    moved = (k for k in range(len(wrong.paths)) if not (alone and wrong.got[k] is right[k]))
    return any(outside(wrong, k).any() for k in moved)


def _right(sample: Sample) -> list[np.ndarray]:
    """The gradient as it is, with the leaves that are 0 exactly so."""
    middles = [np.asarray(b.mid) for b in sample.truth]
    return [np.zeros_like(mid) if is_zero(sample, k) else mid for k, mid in enumerate(middles)]


def _plant(fault: Fault, right: list[np.ndarray], dtype: str) -> list[np.ndarray] | None:
    """What an implementation with this mistake would answer; None where it has no effect."""
    wrong = fault.apply(right, dtype)
    if wrong is None or all(_same(w, r, dtype) for w, r in zip(wrong, right, strict=True)):
        return None
    return wrong


def _same(wrong: np.ndarray, right: np.ndarray, dtype: str) -> bool:
    """A change of less than an ulp is another rounding, not another function."""
    if wrong.shape != right.shape:
        return False
    moved = np.flatnonzero(wrong != right)
    few, many = moved[:FIRST], moved[FIRST:]  # of a wrong leaf the first of them tell
    return _within_ulp(wrong, right, few, dtype) and _within_ulp(wrong, right, many, dtype)


def _within_ulp(wrong: np.ndarray, right: np.ndarray, at: np.ndarray, dtype: str) -> bool:
    one, other = wrong.ravel()[at], right.ravel()[at]
    return bool((np.abs(one - other) <= ulp(other, dtype)).all())


def _is_no_mistake(fault: Fault, sample: Sample, right: list[np.ndarray], dtype: str) -> bool:
    """Whether nothing was seen because there is nothing to see, and not for want of sight.

    Sight: what is not seen has fewer than half of the leaf's digits; a mistake of the last digits,
    made of other numbers of the same size, would be seen at every entry.
    """
    half = format_of(dtype).unit ** 0.5
    leaves = range(len(right))
    rooms = [np.where(decidable(sample, k), visible(sample, k) / 2.0, np.inf) for k in leaves]
    if not all(is_zero(sample, k) or (rooms[k] <= half * _rms(sample, k)).all() for k in leaves):
        return False
    return not fault.of_digits or _seen_of_others(fault, right, rooms, dtype)


def _seen_of_others(fault: Fault, right: list[np.ndarray], rooms: list, dtype: str) -> bool:
    """Whether the mistake would be far outside, entry by entry, of most numbers of this size."""
    sizes = []
    for factor in OTHERS:
        others = [factor * leaf for leaf in right]
        wrong = fault.apply(others, dtype) or others
        sizes.append([np.abs(w - o) for w, o in zip(wrong, others, strict=True)])
    usual = [np.median(np.stack(column), axis=0) for column in zip(*sizes, strict=True)]
    pairs = zip(usual, rooms, right, strict=True)
    none = lambda leaf, room: np.abs(leaf) <= room  # of a measured 0 there are no digits, either
    return all(((size > CLEAR * room) | none(leaf, room)).all() for size, room, leaf in pairs)


def _rms(sample: Sample, leaf: int) -> float:
    """Root mean square of the truth; 0 where it is, or where an entry cannot be judged."""
    known = decidable(sample, leaf)
    return float(root_mean_square(sample.truth[leaf].mid, known)) if known.all() else 0.0


def _single(exact: np.ndarray | np.floating) -> np.ndarray:
    """float32, rounded up: half the memory, and no more is claimed than holds."""
    with np.errstate(over="ignore"):
        near = np.asarray(exact).astype(np.float32)
    return np.asarray(np.where(near < exact, np.nextafter(near, np.float32(np.inf)), near))


def _spread(entries: np.ndarray) -> Spread:
    if not entries.size:
        return Spread(np.inf, np.inf, np.inf)
    return Spread(float(entries.min()), float(np.median(entries)), float(entries.max()))
