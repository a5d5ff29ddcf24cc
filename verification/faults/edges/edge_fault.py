"""A mistake that only an edge shows: a gradient that is right wherever one draws, and its twin."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...vocabulary import Verdict

Sample = Callable[[np.random.Generator], tuple]


class EdgeFault(NamedTuple):
    """`wrong` differs from `right` at edges alone, where it deserves `verdict`."""

    name: str
    of: Callable
    right: Callable
    wrong: Callable
    sample: Sample
    verdict: Verdict
    argnums: int | tuple[int, ...] = 0


def normal(*shape: int) -> Sample:
    return lambda rng: (rng.normal(size=shape),)


def elementwise(of: Callable, slope: Callable) -> Callable:
    """g times the slope."""
    return lambda x, g: g * slope(x)
