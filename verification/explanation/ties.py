"""Ties that are shared wrongly, and slopes that no side of a kink has."""

from collections.abc import Sequence

import numpy as np

from ..measurement.joint import in_words
from ..measurement.sample import Sample, mixed_up, outside
from ..vocabulary import Explanation


def shared_wrongly(evidence: Sequence[Sample]) -> tuple[Explanation, ...]:
    """Said where nothing else is wrong at any of the cases."""
    answered = [one for one in evidence if one.got and not one.failure]
    wrong = [one for one in answered if any(outside(one, k).any() for k in range(len(one.got)))]
    if not wrong or not all(map(mixed_up, wrong)):
        return _beyond_sides(wrong) if wrong and all(map(_at_kinks, wrong)) else ()
    first = wrong[0]
    leaves = tuple(p for p, off in zip(first.paths, first.joint.off, strict=True) if off.any())
    return (
        Explanation(
            "kink",
            "what arrives at a tie",
            in_words(first.truth, first.got),
            remedy="give it to one side, or a share to each, in all 1",
            leaves=leaves,
        ),
    )


def _at_kinks(sample: Sample) -> bool:
    """Whether nothing but entries at kinks is wrong."""
    return not any((outside(sample, k) & ~_wide(sample, k)).any() for k in range(len(sample.truth)))


def _wide(sample: Sample, leaf: int) -> np.ndarray:
    """Entries whose sides differ by more than rounding."""
    sides = sample.truth[leaf].sides
    if sides is None:
        return np.zeros(sample.truth[leaf].mid.shape, bool)
    return np.asarray(sides.mixture(np.max) - sides.mixture(np.min) > 2.0 * sample.allowed[leaf])


def _beyond_sides(wrong: Sequence[Sample]) -> tuple[Explanation, ...]:
    """The first entry whose slope is none of its sides', in numbers; all leaves that have one."""
    first = wrong[0]
    off = [outside(first, k) for k in range(len(first.paths))]
    leaf = next(k for k, entries in enumerate(off) if entries.any())
    at = tuple(np.argwhere(off[leaf])[0])
    sides = first.truth[leaf].sides
    assert sides is not None  # the entry is at a kink
    low, high = (float(sides.mixture(f)[at]) for f in (np.min, np.max))
    between = f"{low:.4g} and {high:.4g}, the slopes of its sides"
    return (
        Explanation(
            "kink",
            "what arrives at a kink",
            f"{float(first.got[leaf][at]):.4g} is answered, which is not between {between}",
            remedy="answer the slope of one side, or one between them",
            leaves=tuple(p for p, out in zip(first.paths, off, strict=True) if out.any()),
        ),
    )
