"""Ties that are shared wrongly: every entry may be what it is, and all of them at once may not."""

from collections.abc import Sequence

from ..measurement.joint import in_words
from ..measurement.sample import Sample, mixed_up, outside
from ..vocabulary import Explanation


def shared_wrongly(evidence: Sequence[Sample]) -> tuple[Explanation, ...]:
    """Said where nothing else is wrong at any of the cases."""
    answered = [one for one in evidence if one.got and not one.failure]
    wrong = [one for one in answered if any(outside(one, k).any() for k in range(len(one.got)))]
    if not wrong or not all(map(mixed_up, wrong)):
        return ()
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
