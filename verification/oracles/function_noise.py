"""The rounding noise of a function that can only be called (Moré and Wild 2011).

Sixth differences along rays from x, with steps of 2^-20 and 2^-40 of x, have nothing of a smooth
function left in them.  Rays, and not lines through x: a kink at x itself is no noise.  A forward
pass in float32 shows at the wider step.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

NEAR, NEARER = 2.0**-20, 2.0**-40  # relative steps at which only noise differs
STEPS, ORDER = 9, 6
LINES = 2
NARROW = 2.0**-36  # relative noise that float64 does not have, but for cancellation


class Noise(NamedTuple):
    """The deviation of f's rounding; the terms that f sums; what moving x by itself changes."""

    deviation: float
    size: float
    reach: float = 0.0

    @property
    def relative(self) -> float:
        """Over what a float64 function of this condition rounds."""
        total = self.size + self.reach
        return float(self.deviation / total) if total and np.isfinite(self.deviation) else 0.0

    @property
    def is_narrow(self) -> bool:
        """Whether f computes in less than float64."""
        return bool(self.relative > NARROW)


def scale_of(x: np.ndarray) -> np.ndarray:
    """The size of each coordinate, and of the others where it is 0."""
    usual = float(np.sqrt(np.mean(x * x))) or 1.0
    return np.where(x == 0.0, usual, np.abs(x))


def noise_of(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, rng: np.random.Generator
) -> float:
    """The standard deviation of f's own rounding, along a few rays at two spacings."""
    return float(noises_of(lambda points: f(points)[:, None], x, rng)[0])


def noises_of(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The same of each output of f, which takes points (k, n) and answers values (k, m).

    Values that differ and are all float32 numbers have at least the rounding of float32.
    """
    lines = rng.choice([-1.0, 1.0], (LINES, x.size)) * rng.uniform(0.5, 1.0, (LINES, x.size))
    rays = np.concatenate([lines, -lines]) * scale_of(x)
    steps = np.outer([NEAR, NEARER], np.arange(1, STEPS + 1))
    points = x + rays[:, None, None, :] * steps[..., None]
    values = f(points.reshape(-1, x.size))
    values = values.reshape(len(values) // STEPS, STEPS, -1)
    values = values[np.isfinite(values).all(axis=(1, 2))]
    if not len(values):
        return np.zeros(values.shape[2])
    found = deviation(values.transpose(1, 0, 2), ORDER).max(axis=0)
    narrow = (values.astype(np.float32) == values).all(axis=(0, 1))
    rounded = np.ptp(values, axis=(0, 1)) > 0.0
    least = np.abs(values).max(axis=(0, 1)) * 2.0**-24
    return np.where(narrow & rounded, np.maximum(found, least), found)


def deviation(values: np.ndarray, order: int) -> np.ndarray:
    """Of noise in equally spaced values: differences of this order have C(2k, k) its variance.

    No number where the values are none.
    """
    count = float(np.prod([(order + k) / k for k in range(1, order + 1)]))
    with np.errstate(over="ignore", invalid="ignore"):
        parts = np.diff(values, order, axis=0)
        return np.asarray(np.sqrt(np.mean(parts * parts, axis=0) / count))
