"""Where no digit of an answer is left, the same code is asked nearer to 0, where digits are.

1 - s(-x) is exactly 0 from x = -37 on, and a staircase a little before: the truth, e^x, is below
one rounding of 1.  Whether that was rounded away or never computed cannot be told there.  At x / 2,
x / 4 and so on the same code shows its formula.  It is a right one if it is off by no more than
some roundings of 1 at every such point, and if a factor of 1.0005 would have been seen in each
leaf.
"""

from collections.abc import Callable, Iterator

import jax
import numpy as np

from ..oracles.question import as_exact
from .roughness import FACTOR, is_real, room_of_one
from .sample import Sample

HALVINGS = range(1, 11)


def is_right_nearer(
    gradient: Callable,
    reference: Callable | None,
    sample: Sample,
    moved: tuple[int, ...],
    wrong: list[int],
) -> bool:
    """Whether each of the leaves is right at points nearer to 0, beside `reference` in float64.

    Raises whatever `gradient` raises there.
    """
    if reference is None:
        return False
    room, told = room_of_one(sample, moved), dict.fromkeys(wrong, False)
    for args in _points(sample, moved):
        with jax.enable_x64(True), np.errstate(all="ignore"):
            ours, known = (jax.tree.leaves(ask(*args)) for ask in (gradient, reference))
        for k in wrong:
            truth, error = as_exact(known[k]), np.abs(as_exact(ours[k]) - as_exact(known[k]))
            telling = np.isfinite(truth) & (FACTOR * np.abs(truth) > room)
            if (telling & ~(error <= room)).any():
                return False
            told[k] |= bool(telling.any())
    return all(told.values())


def _points(sample: Sample, moved: tuple[int, ...]) -> Iterator[tuple]:
    """The arguments halved again and again; what comes from above stays."""
    inputs = moved[:-1] if len(moved) > 1 else moved
    for n in HALVINGS:
        scaled = lambda x, n=n: _halved(np.asarray(x), n)
        yield tuple(
            jax.tree.map(scaled, arg) if i in inputs else arg for i, arg in enumerate(sample.args)
        )


def _halved(x: np.ndarray, times: int) -> np.ndarray:
    return (as_exact(x) * 2.0**-times).astype(x.dtype) if is_real(x) else x
