"""What a check would have caught: a verdict without this number says nothing.

power(leaf) is the smallest error of any single entry, relative to the leaf's root mean square,
that is certain to be flagged at one case at least.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..faults import Fault
from .error import ulp
from .sample import Sample, decidable, outside, visible


def power(samples: Iterable[Sample]) -> dict[str, float]:
    """For each leaf path the best case's worst entry; inf where no case can see anything."""
    best: dict[str, float] = {}
    for sample in samples:
        for k, path in enumerate(sample.paths):
            seen = _seen(sample, k)
            best[path] = min(seen, best.get(path, np.inf))
    return best


def _seen(sample: Sample, leaf: int) -> float:
    truth, known = sample.truth[leaf].mid, decidable(sample, leaf)
    if not known.all() or not truth.size:
        return np.inf
    largest = float(np.abs(truth).max())
    if largest == 0:
        return np.inf
    scale = largest * float(np.sqrt(np.mean((truth / largest) ** 2)))  # truth^2 may overflow
    return float(visible(sample, leaf).max()) / scale


def kills(samples: list[Sample], faults: Iterable[Fault], dtype: str) -> dict[str, bool]:
    """fault -> whether some case would have shown it, for the faults that change anything here."""
    return {f.name: _caught(f, samples, dtype) for f in faults if _applies(f, samples, dtype)}


def _applies(fault: Fault, samples: list[Sample], dtype: str) -> bool:
    return any(_plant(fault, s, dtype) is not None for s in samples)


def _caught(fault: Fault, samples: list[Sample], dtype: str) -> bool:
    for sample in samples:
        wrong = _plant(fault, sample, dtype)
        if wrong is not None and any(outside(wrong, k).any() for k in range(len(wrong.paths))):
            return True
    return False


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
