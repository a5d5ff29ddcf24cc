"""Gradients that are differences of two losses: whole numbers of the last places of the loss.

A difference of two numbers of a format is a whole number of units in the last place of the smaller.
Divided by c it is (n unit) / c, rounded once; and c itself may have been rounded.  So got c / unit
is within 3 u |n| of a whole number, and what is no such difference is there by chance:

    the product of 6 u |n| over all entries

where 6 u |n| is below 1.  Source: Overton, Numerical computing with IEEE floating point arithmetic
(2001), chapter 11.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ..arithmetic.formats import Format, rounded_to

DECADES = tuple(m * 10.0**-k for k in range(10, 0, -1) for m in (1.0, 2.0, 5.0))
ROUNDED = 3  # times: the quotient, the divisor and this product
NARROWER = {"float64": "float32", "float32": "bfloat16"}
CHANCE = 2.0**-40  # of all entries to be whole numbers where they are no differences


def divisor(gradient: Sequence[np.ndarray], loss: float, target: Format) -> float | None:
    """The least c by which a difference of two losses was divided, or None."""
    if target.name not in NARROWER:
        return None  # no difference of such losses says anything
    entries = np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in gradient])
    entries = entries[entries != 0.0]
    if np.array_equal(rounded_to(NARROWER[target.name], entries), entries):
        return None  # short numbers are whole ones of many units
    if not (np.isfinite(entries).all() and np.isfinite(loss) and loss):
        return None
    last = 2.0 * target.unit * 2.0 ** np.floor(np.log2(abs(loss)))
    for place in (last, last / 2.0):  # of the loss, and of one just below a power of two
        for c in _divisors(target):
            count = entries * c / place
            room = ROUNDED * target.unit * np.abs(count)
            whole = np.abs(count - np.rint(count)) <= room
            chances = np.log2(np.minimum(2.0 * room, 1.0))
            if whole.all() and chances.sum() < np.log2(CHANCE):
                return c
    return None


def _divisors(target: Format) -> Iterator[float]:
    """Decimal steps and twice as much, and the roots of epsilon that textbooks have."""
    epsilon = 2.0 * target.unit
    roots = (epsilon**0.5, epsilon ** (1.0 / 3.0))
    yield from sorted({c * h for h in (*DECADES, *roots) for c in (1.0, 2.0)})
