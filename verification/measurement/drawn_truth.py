"""The truth of what is too large for a proof and too deep for a bound: float64, and its draws.

A running bound takes every rounding at its worst, and multiplies it by all weights on its way: a
dozen layers make more of it than the numbers are.  What float64 is off by is then told as what the
judged format may be off by: by random rounding.

Assumed      an error of first order is in proportion to the unit of the format, so that float64's
             is the allowance of the judged format, times the ratio of the two units.
Guarantee    a statistic, as the budget is; nothing is proven, and no running bound holds.
Ties         an entry that a tie gives a choice is open: see oracles/float_ties.py.
Silent on    float64 itself, whose answers are no worse than this truth; entries that are inf or NaN
             in float64, or in a draw.
"""

from collections.abc import Callable

import jax
import numpy as np

from ..arithmetic.formats import format_of
from ..oracles.float_ties import is_tied, opened
from ..oracles.question import Question
from ..oracles.work import products
from ..vocabulary import Ball, Silent
from .answer import PROVABLE
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
    try:
        allowed = budget().allowed
        if is_enough(found, allowed):
            return None
        balls = float64_balls(found.question, gradient, args, allowed, dtype)
    except Silent:
        return None
    return Proof(found.question, balls, "") if balls else None


def float64_balls(
    question: Question, gradient: Callable, args: tuple, allowed: list[np.ndarray], dtype: str
) -> list[Ball] | None:
    """The same, whose budget is known: the balls alone."""
    share = share_of(dtype)
    if share * FINER > 1.0:
        return None

    at_many = products(question.program) <= PROVABLE  # later draws, while the first are proven

    def drawn(here: Question) -> list[Ball]:
        point = jax.tree.unflatten(jax.tree.structure(args), here.leaves)
        mids = float64_values(gradient, point, at_many)
        if not all(np.isfinite(mid).all() for mid in mids):
            raise Silent("inf or NaN in float64")
        pairs = zip(mids, allowed, strict=True)
        return [Ball(mid, np.zeros(mid.shape), share * room, proven=False) for mid, room in pairs]

    if len(allowed) == len(question.wanted):
        return opened(question, drawn)
    return None if is_tied(question) else drawn(question)  # an answer that is given twice


def share_of(dtype: str) -> float:
    """What float64 may be off by, over the budget of the format."""
    target = format_of(dtype)
    return format_of("float64").unit / min(target.unit, target.sums)


def is_enough(found: Proof, allowed: list[np.ndarray]) -> bool:
    """Whether the truth is known everywhere, and nowhere less well than an answer may be off."""
    if found.silence:
        return False
    return all((b.rad <= room).all() for b, room in zip(found.truth, allowed, strict=True))
