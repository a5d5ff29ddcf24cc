"""What a check would have caught: a verdict without this number says nothing.

An error of an entry is certain to be flagged where it is more than twice what its budget and the
truth's radius leave room for.  Entry by entry the best case counts; the power of a leaf is that of
its worst entry: whichever single entry were off by as much, some case would have flagged it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, Context, Decimal
from typing import NamedTuple

import numpy as np

from ..faults import Fault
from ..vocabulary import Sensitivity, Spread
from .error import ulp
from .sample import Sample, decidable, outside, visible
from .tolerance import root_mean_square


class Seen(NamedTuple):
    """The smallest error of each entry that is certain to be flagged; inf where none is."""

    of_rms: np.ndarray  # over the root mean square of the leaf; float32, rounded up
    of_entry: np.ndarray  # over the entry's own size

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
    truth, scale = np.abs(sample.truth[leaf].mid), _rms(sample, leaf)
    least = np.where(decidable(sample, leaf), visible(sample, leaf), np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        own = np.where(least == 0.0, 0.0, least / truth)
        of_rms = least / scale if scale else np.full(least.shape, np.inf)
    return Seen(_single(of_rms), _single(own))


def better(best: Best, sample: Sample) -> Best:
    """The best of every entry, with one more case."""
    new = {}
    for k, path in enumerate(sample.paths):
        key, here = Leaf(path, sample.edge, sample.truth[k].mid.shape), seen(sample, k)
        before = best.get(key, here)
        new[key] = Seen(*(np.asarray(np.minimum(*pair)) for pair in zip(before, here, strict=True)))
    return {**best, **new}


def by_leaf(best: Best) -> dict[str, Seen]:
    """For each path the shape at which it is seen best: among draws, or else among edges."""
    chosen: dict[str, Leaf] = {}
    rank = lambda leaf: (np.isinf(best[leaf].power), leaf.edge, best[leaf].power)
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
    before: Mapping[str, bool], sample: Sample, faults: Iterable[Fault], dtype: str
) -> Mapping[str, bool]:
    """fault -> whether some case has shown it so far, for the faults that change anything."""
    after = dict(before)
    for fault in faults:
        if not after.get(fault.name) and (wrong := _plant(fault, sample, dtype)) is not None:
            after[fault.name] = _caught(wrong)
    return after


def _caught(wrong: Sample) -> bool:
    return any(outside(wrong, k).any() for k in range(len(wrong.paths)))


def _plant(fault: Fault, sample: Sample, dtype: str) -> Sample | None:
    """The sample as if the implementation had made this mistake; None where it has no effect."""
    wrong = fault.apply([np.asarray(b.mid) for b in sample.truth], dtype)
    if wrong is None:
        return None
    if all(_same(w, b.mid, dtype) for w, b in zip(wrong, sample.truth, strict=True)):
        return None
    return replace(sample, got=wrong)


def _same(wrong: np.ndarray, right: np.ndarray, dtype: str) -> bool:
    """A change of less than an ulp is another rounding, not another function."""
    return wrong.shape == right.shape and bool((np.abs(wrong - right) <= ulp(right, dtype)).all())


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
