"""Taylor's remainder: with the right gradient g, |f(x + h d) - f(x) - h g.d| falls like h^2.

With a wrong one it falls like h.  Which of the two is seen is no matter of tolerance: the order
is the slope between steps where the remainder stands clear of the rounding noise of f.
"""

from typing import NamedTuple

import numpy as np

from . import sampling
from .question import Question

STEPS = 2.0 ** -np.arange(2.0, 32.0)
NOISE = 8.0  # roundings of f, in units of its own last place, that a value may carry
CLEAR = 64.0  # a remainder counts while it is so many times its noise
ENOUGH = 4  # steps in a row that must count
EXPECTED = 2


class Order(NamedTuple):
    """How fast the remainder falls.  `decided` is False where noise leaves too few steps."""

    observed: float
    expected: int
    decided: bool
    note: str

    @property
    def agrees(self) -> bool:
        """Nearer to 2 than to 1; never where it is undecided."""
        return self.decided and self.observed > 1.5


def order(question: Question, claimed: list[np.ndarray], rng: np.random.Generator) -> Order:
    """The order at which the remainder falls along one random direction.

    `claimed` has one array per wanted leaf.  A linear f has no remainder: its order is inf.
    """
    x = sampling.point(question)
    d = rng.standard_normal(x.shape) * np.maximum(np.abs(x), 2.0**-4)
    g = np.concatenate([np.asarray(part, np.float64).ravel() for part in claimed])
    points = x + STEPS[:, None] * d
    values = sampling.along_lines(question, np.concatenate([points, x[None]]))
    with np.errstate(all="ignore"):
        linear = (points - x) @ g
        remainder = np.abs((values[:-1] - values[-1]) - linear)
        size = np.abs(values[:-1]) + np.abs(values[-1]) + np.abs(points - x) @ np.abs(g)
        noise = NOISE * np.finfo(float).eps * size
    return judged(remainder, noise)


def judged(remainder: np.ndarray, noise: np.ndarray) -> Order:
    """The order from remainders at STEPS: the median slope over the smallest clear steps."""
    finite = np.isfinite(remainder) & np.isfinite(noise)
    if not finite[-ENOUGH:].all():
        return Order(np.nan, EXPECTED, False, "f or the claimed gradient is inf or NaN")
    if (remainder[finite] <= CLEAR * noise[finite]).all():
        return Order(np.inf, EXPECTED, True, "no remainder above rounding: f is linear here")
    clear = finite & (remainder > CLEAR * noise)
    last = len(clear) if clear.all() else int(np.argmin(np.append(clear[_first(clear) :], False)))
    last = min(last + _first(clear), len(clear))
    steps = np.arange(_first(clear), last)[-ENOUGH:]
    if len(steps) < ENOUGH:
        note = f"only {len(steps)} steps stand clear of rounding noise; {ENOUGH} are needed"
        return Order(np.nan, EXPECTED, False, note)
    slopes = np.diff(np.log2(remainder[steps])) / np.diff(np.log2(STEPS[steps]))
    note = (
        f"seen between h = 2^{np.log2(STEPS[steps[0]]):.0f} and 2^{np.log2(STEPS[steps[-1]]):.0f}"
    )
    return Order(float(np.median(slopes)), EXPECTED, True, note)


def _first(clear: np.ndarray) -> int:
    return int(np.argmax(clear)) if clear.any() else len(clear)
