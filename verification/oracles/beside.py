"""A function that was measured at a point, as a program: y + J d + d H d / 2, d = x - x there.

What the value, the slopes and the bends may be off by, and what a program rounds them by, comes in
with each number: see arithmetic/observed.py.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..arithmetic.observed import observed
from .jacobian import Local


def beside(at: Local, x: Any) -> Any:
    """The function beside the point, with all that is not known of it."""
    exact = np.zeros_like
    number = lambda *parts: observed.bind(*(jnp.asarray(part, x.dtype) for part in parts))
    d = x - number(at.x, exact(at.x), exact(at.x))
    y = number(at.y, at.y_errors, at.y_units)
    y = y.at[at.rows].add(number(at.slopes, at.errors, at.units) * d[at.columns])
    outputs, first, second = at.at
    if not outputs.size:
        return y
    half = number(0.5 * at.bends, at.bend_errors, exact(at.bends))
    return y.at[outputs].add(half * d[first] * d[second])
