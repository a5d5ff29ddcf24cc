"""A library that only updates: (before - after) / rate of one step of descent is its gradient."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

RATE = 2.0**20  # so large that nothing of the gradient is lost under the weights; and exact


def updated(step: Callable, rate: float = RATE, *, argnums: int | tuple[int, ...] = 0) -> Callable:
    """gradient(*args) -> (before - after) / rate of args[argnums].

    step     step(*args) takes one step of plain descent: it writes into args[argnums], or returns
             them anew: one of them, or a tuple in the order of argnums
    rate     of that step.  The gradient keeps its digits where rate times it is large beside the
             weights: take a large power of two, as it is at first.  Nothing else may come into
             the step: no momentum, no decay, no clipping

    Arguments are copied, so that the caller's stay as they are.  Raises ValueError for a rate that
    is 0 or not finite, and for an answer of another structure or shape.
    """
    if not np.isfinite(rate) or rate == 0.0:
        raise ValueError(f"rate is {rate!r}; pass the rate of the step, a number other than 0")
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def gradient(*args):
        own = [jax.tree.map(np.array, arg) for arg in args]
        before = [jax.tree.map(np.array, args[i]) for i in chosen]
        answer = step(*own)
        after = [own[i] for i in chosen]
        if answer is not None:
            after = [answer] if len(chosen) == 1 else list(answer)
        slopes = tuple(_slope(old, new, rate) for old, new in zip(before, after, strict=True))
        return slopes[0] if isinstance(argnums, int) else slopes

    gradient.__name__ = getattr(step, "__name__", "updated")
    return gradient


def _slope(before: Any, after: Any, rate: float) -> Any:
    if jax.tree.structure(before) != jax.tree.structure(after):
        raise ValueError(
            f"the step answered {jax.tree.structure(after)}; the weights are "
            f"{jax.tree.structure(before)}"
        )
    return jax.tree.map(lambda old, new: taken(old, np.asarray(new), rate), before, after)


def taken(old: np.ndarray, new: np.ndarray, rate: float) -> np.ndarray:
    """(before - after) / rate of one array."""
    if new.shape != old.shape:
        raise ValueError(f"the step answered an array of shape {new.shape}; it was {old.shape}")
    return np.asarray((old - new) / new.dtype.type(rate))
