"""What is said of a random estimate: its bias, its variance, and what would have been seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..measurement.sequential import needed, normal_after
from ..vocabulary import Explanation

NAMED = (0.0, -1.0, 2.0, 0.5)  # factors that are said as they are, where they fit


def bias_of(look: Any, scale: Sequence[float]) -> str:
    """Where the bias is largest, in its own room; how large; and how large the spread is."""
    k, index = worst_entry(look)
    moments, spread = look.moments[k], deviation(look, k)
    bias, room, rms = moments.mean[index], look.room[k][index], scale[k]
    return (
        f"biased: on average {entry(look, k, index)} is off by {bias / rms:.2%} of its leaf's "
        f"RMS, of which at most {room / rms:.2%} is chance, after {moments.count} answers at "
        f"{look.case}; one answer spreads by {spread[index] / rms:.2g} times the RMS"
    )


def settled(look: Any, scale: Sequence[float]) -> str:
    seen = max(float((2.0 * r / s).max()) for r, s in zip(look.room, scale, strict=True))
    spread = max(float((deviation(look, k) / s).max()) for k, s in enumerate(scale))
    return (
        f"unbiased as far as {look.moments[0].count} answers show: a bias of {seen:.2%} of a "
        f"leaf's RMS would have been seen; one answer spreads by up to {spread:.2g} times the RMS"
    )


def unsettled(look: Any, scale: Sequence[float], normal: bool, bias: float, error: float) -> str:
    count = look.moments[0].count
    pairs = list(zip(look.moments, scale, strict=True))
    more = max(float(needed(moments, bias * s / 2.0, error).max()) for moments, s in pairs)
    if not normal:
        more = max(more, *(float(normal_after(m, error).max()) for m in look.moments))
        return (
            f"after {count} answers at {look.case} their mean is not yet distributed normally: a "
            "few answers are far larger than the others, so that neither bias nor its absence can "
            f"be told; by these answers samples={_rounded(more)} are needed, and more where larger "
            "ones come; or pass an estimate with a smaller variance"
        )
    seen = max(float((2.0 * r / s).max()) for r, s in zip(look.room, scale, strict=True))
    return (
        f"after {count} answers at {look.case} only a bias of {seen:.2%} of a leaf's RMS would "
        f"have been seen; for {bias:.2%} pass about samples={_rounded(more)}"
    )


def _rounded(count: float) -> int:
    digits = 10 ** max(int(np.log10(max(count, 1.0))) - 1, 0)
    return int(np.ceil(count / digits) * digits)


def explained(look: Any) -> tuple[Explanation, ...]:
    """A factor that every mean has; else which leaves are biased, and which are not."""
    means = [m.mean + ball.mid for m, ball in zip(look.moments, look.truth, strict=True)]
    truths = [ball.mid for ball in look.truth]
    flat, true, weight = (
        np.concatenate([x.ravel() for x in xs]) for xs in (means, truths, look.room)
    )
    weight = 1.0 / np.maximum(weight, np.finfo(float).tiny ** 0.25) ** 2
    fit = float((weight * flat) @ true / max((weight * true) @ true, np.finfo(float).tiny))
    for factor in (*NAMED, fit):
        rooms = zip(means, truths, look.room, strict=True)
        if all((abs(m - factor * t) <= r).all() for m, t, r in rooms):
            return (_factor(factor),)
    biased = [look.paths[k] for k in range(len(look.paths)) if _is_biased(look, k)]
    fine = [path for path in look.paths if path not in biased]
    said = f"the mean is another in {', '.join(biased)}"
    said += f"; unbiased as far as is seen in {', '.join(fine)}" if fine else ""
    return (Explanation("layer", "the estimate", said, leaves=tuple(biased)),)


def _factor(factor: float) -> Explanation:
    if factor == 0.0:
        return Explanation("zero", "the mean of the estimate", "it is zero everywhere")
    said = f"{factor:.4g} times what it should be, in every entry"
    kind = "sign" if factor == -1.0 else "factor"
    return Explanation(kind, "the mean of the estimate", said, factor=factor)


def _is_biased(look: Any, k: int) -> bool:
    return bool((abs(look.moments[k].mean) > look.room[k]).any())


def deviation(look: Any, k: int) -> np.ndarray:
    return np.sqrt(look.moments[k].central()[0])


def worst_entry(look: Any) -> tuple[int, tuple[int, ...]]:
    """The leaf and entry whose bias is largest, in what is allowed there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [
            np.nan_to_num(abs(m.mean) / room, posinf=np.inf)
            for m, room in zip(look.moments, look.room, strict=True)
        ]
    k = int(np.argmax([share.max() for share in shares]))
    return k, tuple(map(int, np.unravel_index(shares[k].argmax(), shares[k].shape)))


def entry(look: Any, k: int, index: tuple[int, ...]) -> str:
    return f"{look.paths[k]}[{', '.join(map(str, index))}]" if index else look.paths[k]
