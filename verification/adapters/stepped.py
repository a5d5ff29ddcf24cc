"""The gradient of a library that does not tell it: what a step of plain descent takes away.

    (before - after) / rate

A rate that is a large power of two makes the step large beside the weights, so that no digit of the
gradient is lost: after is w - r g, of which w is the smallest part.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

RATE = 2.0**30


def stepped_gradient(
    step: Callable, rate: float = RATE, argnums: int | Sequence[int] = 0
) -> Callable:
    """gradient(*args): of the arguments `argnums`, from one step of plain gradient descent.

    step    step(*args) -> the arguments `argnums` after the step, a tuple where they are several;
            or None, where it changed them in place.  It takes the step at `rate`
    rate    that the step is taken at; a power of two loses nothing.  At a small one the gradient
            has only the digits that the step has beside the weights

    Raises ValueError for a rate that is 0 or not finite.
    """
    if not (np.isfinite(rate) and rate):
        raise ValueError(f"rate is {rate!r}; it must be a number other than 0")
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def gradient(*args: Any) -> Any:
        mine = jax.tree.map(np.array, args)
        before = [jax.tree.map(np.array, args[i]) for i in places]
        told = step(*mine)
        after = [mine[i] for i in places] if told is None else told
        after = [after] if told is not None and isinstance(argnums, int) else list(after)
        taken = lambda w, new: (w - np.asarray(new)) / w.dtype.type(rate)
        out = [jax.tree.map(taken, *pair) for pair in zip(before, after, strict=True)]
        return out[0] if isinstance(argnums, int) else tuple(out)

    return gradient
