"""What rounding may do at a tie: what it may do there, or a little beside it.

At the tie itself the reference gradient may be on a branch that is taken by equality alone, and
have no roundings, or no value; beside it, it rounds as every correct program does.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from ..arithmetic.formats import format_of
from ..oracles.question import as_exact
from ..vocabulary import Ball, Silent
from .batch import budget_at
from .budget import Budget

NEAR = 4.0  # times the root of the unit, of the smallest number: no rounding leads back to the tie
WAYS = (0.0, 1.0, -1.0, 1.0, -1.0)


def budget_beside(
    truth: Sequence[Ball], gradient: Callable, args: tuple, dtype: str, moved: Sequence[int]
) -> Budget:
    """The budget at args; where the truth is one of several sides, the largest around args too.

    args[i] for i in `moved` are led off.  Raises Silent where nothing is known anywhere.
    """
    if all(ball.sides is None for ball in truth):
        return budget_at(gradient, args, dtype)
    step = NEAR * format_of(dtype).unit ** 0.5
    found, silence = [], Silent("nothing is known beside a tie")
    for number, way in enumerate(WAYS):
        rng = np.random.default_rng((number + 1) // 2)  # opposite ways in pairs
        try:
            found.append(budget_at(gradient, _led(args, way * step, moved, rng), dtype))
        except Silent as why:
            silence = why
    if not found:
        raise silence
    return _largest(found, truth, format_of(dtype).unit)


def _led(args: tuple, way: float, moved: Sequence[int], rng: np.random.Generator) -> tuple:
    exact = jax.tree.map(as_exact, args)
    least = _least(exact)
    lead = lambda x: x + way * least * rng.uniform(-1.0, 1.0, x.shape) if x.dtype.kind == "f" else x
    return tuple(jax.tree.map(lead, a) if i in moved else a for i, a in enumerate(exact))


def _least(exact: Any) -> float:
    """The smallest number that is not 0, or 1."""
    floats = [np.abs(x) for x in jax.tree.leaves(exact) if x.dtype.kind == "f"]
    return min((float(x[x > 0].min()) for x in floats if (x > 0).any()), default=1.0)


def _largest(found: list[Budget], truth: Sequence[Ball], unit: float) -> Budget:
    """Entry by entry the largest that is finite, and no less than the rounding of a share."""
    columns = zip(*(budget.allowed for budget in found), strict=True)
    pairs = zip(columns, truth, strict=True)
    return Budget([_most(column, ball, unit) for column, ball in pairs], found[0].kinds)


def _most(column: Sequence[np.ndarray], ball: Ball, unit: float) -> np.ndarray:
    """A budget as wide as the tie is that of roundings that lead across it, which none did here."""
    low, high = _ends(ball)
    across = lambda a: ((high > low) & (a >= 0.25 * (high - low))).any()
    usable = [np.where(np.isfinite(a) & (not across(a)), a, -np.inf) for a in column]
    most = np.max(usable, axis=0)
    least = np.where(high > low, unit * np.maximum(np.abs(low), np.abs(high)), most)
    known = np.isfinite(most) | (high > low)
    return np.asarray(np.where(known, np.maximum(most, least), np.inf))


def _ends(ball: Ball) -> tuple[np.ndarray, np.ndarray]:
    if ball.sides is None:
        return ball.mid, ball.mid
    return ball.sides.mixture(np.min), ball.sides.mixture(np.max)
