"""The budget of a function that is known in several spellings: room for each that is right.

The first spelling sets the budget.  Another one widens it where, in float64, its own value is the
truth but for its own budget: then it is a right program, and may round as it does.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from ..arithmetic.bounds import bounds
from ..arithmetic.formats import format_of
from ..oracles.question import as_exact
from ..vocabulary import Ball, Silent
from .beside import budget_beside
from .budget import Budget, running, traced
from .error import beyond


def budget_spelled(
    truth: Sequence[Ball],
    references: Sequence[Callable],
    args: tuple,
    dtype: str,
    moved: Sequence[int],
    first: Callable[[], Budget] | None = None,
) -> Budget:
    """Entry by entry the largest of right spellings; `first`: the budget of the first, if known.

    Raises Silent where the first has none.
    """
    own, *others = references
    budget = first() if first else budget_beside(truth, own, args, dtype, moved)
    for other in others:
        budget = _widened(budget, truth, other, args, dtype, moved)
    return budget


def _widened(budget: Budget, truth, other: Callable, args: tuple, dtype: str, moved) -> Budget:
    try:
        found = budget_beside(truth, other, args, dtype, moved)
    except Silent:
        return budget
    parts = zip(budget.allowed, found.allowed, truth, _in_numpy(other, args), strict=True)
    return Budget([_wider(*part) for part in parts], budget.kinds)


def _wider(one: np.ndarray, other: np.ndarray, ball: Ball, value: np.ndarray) -> np.ndarray:
    right = beyond(value, ball) <= other  # false where the value is no number
    return np.asarray(np.where(right & np.isfinite(other), np.maximum(one, other), one))


def _in_numpy(gradient: Callable, args: tuple) -> list[np.ndarray]:
    """As float64_values, by the program of which its budget is made: it is not traced again."""
    program, leaves = traced(gradient, args)
    return [value for value, _ in running(program, leaves, bounds(format_of("float64")))]


def float64_values(gradient: Callable, args: tuple, is_compiled: bool) -> list[np.ndarray]:
    """The leaves of gradient(*args), in float64.

    Compiled, it is asked at many points; else no more of it is in memory than an operation needs.
    """
    of = _compiled(gradient) if is_compiled else gradient
    with jax.enable_x64(True), np.errstate(all="ignore"):
        found: Any = of(*jax.tree.map(as_exact, args))
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(found)]


@lru_cache(maxsize=16)
def _compiled(gradient: Callable) -> Callable:
    return jax.jit(gradient)
