"""The truth of what is too large for a proof and too deep for a bound: float64, and its draws.

A running bound takes every rounding at its worst, and multiplies it by all weights on its way: a
dozen layers make more of it than the numbers are.  What float64 is off by is then told as what the
judged format may be off by: by random rounding.

Assumed      an error of first order is in proportion to the unit of the format, so that float64's
             is the allowance of the judged format, times the ratio of the two units.
Guarantee    a statistic, as the budget is; nothing is proven, and no running bound holds.
Silent on    float64 itself, whose answers are no worse than this truth; points with ties; entries
             that are inf or NaN in float64, or in a draw.
"""

from collections.abc import Callable

import numpy as np

from ..arithmetic.formats import format_of
from ..oracles.float_ties import is_tied
from ..vocabulary import Ball, Silent
from .budget import Budget
from .evaluation import Proof
from .spelled import float64_values

FINER = 2.0**12  # so much finer than the format is float64, or it is no truth
NAME = "float64, and its rounding drawn"


def drawn_truth(
    found: Proof, budget: Callable[[], Budget], gradient: Callable, args: tuple, dtype: str
) -> Proof | None:
    """gradient(*args) in float64, each entry within its share of the budget; None: see above.

    None, too, where a running bound is known and nowhere wider than the budget.
    """
    target, finest = format_of(dtype), format_of("float64").unit
    share = finest / min(target.unit, target.sums)
    if share * FINER > 1.0:
        return None
    try:
        allowed = budget().allowed
        if _is_enough(found, allowed) or is_tied(found.question):
            return None
    except Silent:
        return None
    mids = float64_values(gradient, args)
    if not all(np.isfinite(mid).all() for mid in mids):
        return None
    pairs = zip(mids, allowed, strict=True)
    balls = [Ball(m, np.zeros_like(m), share * room, proven=False) for m, room in pairs]
    return Proof(found.question, balls, "")


def _is_enough(found: Proof, allowed: list[np.ndarray]) -> bool:
    if found.silence:
        return False
    return all((b.rad <= room).all() for b, room in zip(found.truth, allowed, strict=True))
