"""How far a float64 derivative may be off by rounding: the same derivative in float32, scaled.

At points that float32 holds exactly, both widths answer the same question, so that what lies
between the answers is float32's rounding; float64's is as large times 2^-29.  An estimate, not
a bound: it is taken over a few neighbouring points, and with a factor to spare.
"""

from collections.abc import Callable

import numpy as np

from ..vocabulary import Ball, Silent
from .question import Question

NEIGHBOURS = 4  # points at which the two widths are compared
SPARE = 16.0  # the largest of a few errors may be much smaller than the next one
RATIO = 2.0**-29  # of float64's unit to float32's
NEAR = 2.0**-20  # relative distance of the neighbours
TINY = np.finfo(np.float64).tiny  # below it, results may be flushed to 0

Leaves = list[np.ndarray]
Derive = Callable[[Leaves], Leaves]


def neighbours(question: Question, count: int = NEIGHBOURS) -> list[Leaves]:
    """Points beside the question's that float32 holds exactly, as float64."""
    rng = np.random.default_rng(count)
    beside = lambda x: x * (1.0 + NEAR * rng.uniform(-1.0, 1.0, x.shape))
    held = lambda x: np.asarray(beside(x), np.float32).astype(np.float64)
    with np.errstate(over="ignore"):
        return [
            [held(x) if f else x for x, f in zip(question.leaves, question.floats, strict=True)]
            for _ in range(count)
        ]


def balls(what: str, answer: Leaves, wide: list[Leaves], narrow: list[Leaves]) -> list[Ball]:
    """The answer with its error estimate, from answers at the neighbours in both widths.

    Raises Silent where the answer is not finite, or where float32 has no answer at all.
    """
    lost = sum(int((~np.isfinite(x)).sum()) for x in answer)
    if lost:
        raise Silent(f"{what} is inf or NaN in float64 at {lost} of {_size(answer)} entries")
    columns = zip(zip(*wide, strict=True), zip(*narrow, strict=True), strict=True)
    rads = [_radius(x, *column) for x, column in zip(answer, columns, strict=True)]
    if rads and all(np.isinf(rad).all() for rad in rads if rad.size):
        raise Silent(f"{what} is inf or NaN in float32: its rounding cannot be estimated here")
    zero = np.zeros_like
    return [Ball(x, zero(x), rad, proven=False) for x, rad in zip(answer, rads, strict=True)]


def _radius(answer: np.ndarray, wide, narrow) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(np.stack(wide) - np.stack(narrow).astype(np.float64))
        apart = np.where(np.isfinite(apart), apart, np.inf)
        own = apart.max(axis=0, initial=0.0)
        usual = np.median(own) if own.size else 0.0  # an entry may be lucky at every neighbour
        rounding = RATIO * (own + usual) + np.spacing(np.abs(answer))
        return np.asarray(SPARE * rounding + TINY)


def _size(leaves: Leaves) -> int:
    return sum(x.size for x in leaves)
