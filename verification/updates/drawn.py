"""What a correct step may be off by where a bound says nothing: by draws of its rounding.

A running bound takes the worst of every operation.  In 8 bits that soon says nothing: five steps of
Newton and Schulz, or a quotient whose divisor a bound allows to be 0.  What is allowed there is K
sigma, as it is of gradients (see measurement/tolerance.py), and what roundings WIDE times as large
do in any draw: a sign that may turn must be seen.  A statistic.
"""

from collections.abc import Callable

import numpy as np

from ..arithmetic.formats import Format
from ..measurement.tolerance import allowances
from .draws import Draws, of_leaves
from .random_rounding import RandomRounding
from .vectors import Layout, filled

WIDE = 4.0  # as in arithmetic/samples.py


def says_nothing(values: np.ndarray, errors: np.ndarray, layout: Layout) -> np.ndarray:
    """Whether a bound is no smaller than the root mean square of its leaf, at each step."""
    size = lambda x, **_: np.sqrt((x**2).mean(axis=-1, keepdims=True))
    return np.asarray(errors >= of_leaves(values, layout.slices, size))


def with_draws(
    steps_in: Callable[[RandomRounding], list[Draws]],
    values: np.ndarray,
    errors: np.ndarray,
    least: float,
    layout: Layout,
    target: Format,
) -> np.ndarray:
    """`errors` (..., steps, entries), and where they say nothing, what draws of the steps say.

    No less than `least`, what underflow takes.  Each step of each leaf of each run is a leaf of its
    own: errors grow on the way.
    """
    nothing = says_nothing(values, errors, layout)
    if not nothing.any():
        return errors
    wider = target._replace(unit=WIDE * target.unit, sums=WIDE * target.sums)
    with np.errstate(all="ignore"):
        rows, wide = (
            np.stack([w.rows for w in steps_in(RandomRounding(layout.slices, f))], axis=-2)
            for f in (target, wider)
        )
        sigma = np.sqrt(((rows[1:] - rows[:1]) ** 2).mean(axis=0))
        turned = np.abs(wide[1:] - wide[:1]).max(axis=0)
    unknown = np.isnan(sigma) | np.isnan(turned)
    drawn, sigma = errors.copy(), np.where(unknown, np.inf, sigma)
    steps = np.argwhere(nothing.any(axis=-1))
    places = [(*k, s) for k in steps for s in filled(layout.slices) if nothing[*k, s].any()]
    pairs = [sigma[place] for place in places], [errors[place] for place in places]
    for place, allowed in zip(places, allowances(*pairs, least), strict=True):
        drawn[place] = np.maximum(allowed, turned[place])
    return np.where(nothing, np.fmin(errors, drawn), errors)
