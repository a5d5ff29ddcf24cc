"""Taylor polynomials of h' on cells of numbers that share their first bits, proven.

A cell has all x of one sign and exponent that agree in the next bits; c is its middle, w half of
its width.  With s = (x - c) / w, which is exact, and |s| <= 1,

    h'(x) = sum over k < TERMS of b_k s^k  +  b s^TERMS,    b_k = (k + 1) h_{k+1}(c) w^k

where b is the coefficient b_TERMS of some point of the cell (Lagrange): the ball that the series
around the whole cell has for it.  The first b_k are kept as two float64.
"""

from collections.abc import Callable

import numpy as np
from flint import arb, arb_series, ctx

from ..vocabulary import Silent
from .interpreter import run
from .series import SERIES, terms

TERMS, DOUBLE = 16, 6  # coefficients, and how many of the first are kept as two numbers
BITS = 128
WIDTH = 256  # cells that are enclosed together
UNIT = 2.0**-53
LARGE, SMALL = 2.0**900, 2.0**-900  # sums of two numbers are exact between them
NONE = 2.0**-1074  # the smallest number: what is less is 0, but for that
PART = np.dtype(
    [("first", float, DOUBLE), ("rest", float, DOUBLE), ("more", float, TERMS - DOUBLE)]
    + [("middle", float), ("width", float), ("error", float)]
)
Program = Callable[[int], tuple]  # width -> h at so many entries, and its other arguments


class Cells:
    """The cells of one h that were asked for, for numbers that agree in `bits` bits."""

    def __init__(self, program: Program, bits: int):
        self.program, self.shift = program, 52 - bits
        self.place = np.full(1 << (12 + bits), -1, np.int32)
        self.table = np.empty(0, PART)

    def of(self, x: np.ndarray, most: int) -> np.ndarray | None:
        """The row of the table of each number, which is normal; None for more than `most` new."""
        keys = x.view(np.uint64) >> np.uint64(self.shift)
        there = self.place[keys]
        if (there < 0).any():
            new = np.unique(keys[there < 0])
            if len(new) > most:
                return None
            self.place[new] = len(self.table) + np.arange(len(new), dtype=np.int32)
            self.table = np.concatenate([self.table, self._rows(new)])
            there = self.place[keys]
        return there

    def _rows(self, keys: np.ndarray) -> np.ndarray:
        low = keys << np.uint64(self.shift)
        middles = (low | np.uint64(1) << np.uint64(self.shift - 1)).view(np.float64)
        widths = np.abs(middles - low.view(np.float64))
        rows = []
        for k in range(0, len(keys), WIDTH):
            middle, width = middles[k : k + WIDTH], widths[k : k + WIDTH]
            at = jets(self.program, middle, None, TERMS + 1)
            around = jets(self.program, middle, width, TERMS + 2)
            rows += map(_row, middle, width, at, around)
        return np.array(rows, PART)


def jets(
    program: Program, points: np.ndarray, widths: np.ndarray | None, count: int
) -> list[arb_series | None]:
    """h as a series of `count` terms at each point, or around it; None where it is not decided."""
    try:
        return _jets(program, points, widths, count, WIDTH)
    except Silent:
        return [_alone(program, points, widths, k, count) for k in range(len(points))]


def _alone(program: Program, points, widths, k: int, count: int) -> arb_series | None:
    here = slice(k, k + 1)
    try:
        return _jets(program, points[here], widths if widths is None else widths[here], count, 1)[0]
    except Silent:
        return None


def _jets(program: Program, points, widths, count: int, width: int) -> list[arb_series | None]:
    h, numbers = program(width)
    radii = np.zeros(len(points)) if widths is None else widths
    with ctx.workprec(BITS), terms(count):
        given = [arb_series([arb(c, w), 1], count) for c, w in zip(points, radii, strict=True)]
        entries = np.empty(width, object)
        entries[:] = given + given[-1:] * (width - len(given))
        (out,) = run(h, [entries, *map(SERIES.lift, numbers)], SERIES)
        return list(out[: len(points)])


def _row(c: float, w: float, at: arb_series | None, around: arb_series | None) -> tuple:
    """The coefficients of one cell; an infinite error where they are of no use."""
    if at is None or around is None:
        return _nothing(c, w, np.inf)
    with ctx.workprec(BITS):
        exact = [(k + 1) * at[k + 1] * arb(w) ** k for k in range(TERMS)]
        beyond = (TERMS + 1) * around[TERMS + 1] * arb(w) ** TERMS
        sizes = [abs(b).upper() for b in [*exact, beyond]]
        if sum(sizes) < NONE:
            return _nothing(c, w, NONE)
        total = float(sum(sizes))
        if not SMALL < total < LARGE:
            return _nothing(c, w, np.inf)
        first, rest, off = _in_floats(exact)
        off = float(off + abs(beyond).upper())
    rounded = 2.0**-95 * total + 32.0 * UNIT * float(sum(sizes[DOUBLE:TERMS]))
    error = (off + rounded) * (1.0 + 2.0**-30)
    return first[:DOUBLE], rest, first[DOUBLE:], c, w, error


def _in_floats(exact: list[arb]) -> tuple[list[float], list[float], arb]:
    """Each coefficient, what the first of them leave, and what is left of all."""
    first = [float(b.mid()) for b in exact]
    left = [b - number for b, number in zip(exact, first, strict=True)]
    rest = [float(b.mid()) for b in left[:DOUBLE]]
    left[:DOUBLE] = [b - number for b, number in zip(left, rest, strict=False)]
    return first, rest, sum((abs(b).upper() for b in left), arb(0))


def _nothing(c: float, w: float, error: float) -> tuple:
    return [0.0] * DOUBLE, [0.0] * DOUBLE, [0.0] * (TERMS - DOUBLE), c, w, error
