"""Gradients of sums over many entries, proven: Taylor polynomials instead of a ball for each entry.

Where a program is a sum of h(x_k), entry k of its gradient is h'(x_k).  Each is taken from a
polynomial with a proven error; where that is not as thin as balls are made, from a finer one, and
of what is left, from the series at the number itself.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, ctx

from ..arithmetic.double_double import polynomial
from ..arithmetic.entry_programs import entry_program
from ..arithmetic.taylor_cells import BITS, NONE, WIDTH, Cells, jets
from ..vocabulary import Ball, NoRule
from .enclosures import THIN, fatness, to_ball
from .question import Question

MANY = 2**17  # entries; balls of fewer take no longer than to make the cells
LEVELS = (7, 11)  # bits that the numbers of a cell share
NEW, ALONE = 2**14, 2**16  # cells made at once, and numbers that are looked at by themselves
CHUNK = 2**13  # numbers in one step: what they are made of stays near the processor
KEPT = 4  # functions whose cells are kept
KNOWN: OrderedDict[Any, list[Cells]] = OrderedDict()


def by_entry(question: Question) -> list[Ball] | None:
    """The gradient, each entry as thin as a ball or NONE wide; None where it is no such sum."""
    if len(question.wanted) != 1 or question.leaves[question.wanted[0]].size < MANY:
        return None
    leaf = question.wanted[0]
    try:
        program = _program(question, leaf)
    except NoRule:
        return None
    x = question.leaves[leaf]
    if not np.isfinite(x).all():
        return None
    found = _entries(_cells(question, leaf, program), x.ravel(), program)
    if found is None:
        return None
    mid, tail, rad = (part.reshape(x.shape) for part in found)
    return [Ball(mid, tail, rad, True)]


def _program(question: Question, leaf: int) -> Callable[[int], tuple]:
    entry_program(question.program, leaf, 1)
    others = [x.reshape(()) for k, x in enumerate(question.leaves) if k != leaf]
    return lambda width: (entry_program(question.program, leaf, width), others)


def _cells(question: Question, leaf: int, program: Callable) -> list[Cells]:
    others = tuple(x.tobytes() for k, x in enumerate(question.leaves) if k != leaf)
    key = question.program, leaf, others
    if key not in KNOWN:
        KNOWN[key] = [Cells(program, bits) for bits in LEVELS]
        if len(KNOWN) > KEPT:
            KNOWN.popitem(last=False)
    KNOWN.move_to_end(key)
    return KNOWN[key]


def _entries(levels: list[Cells], x: np.ndarray, program: Callable) -> tuple | None:
    """Middle, tail and radius of every entry."""
    found = np.zeros(len(x)), np.zeros(len(x)), np.full(len(x), np.inf)
    left = np.flatnonzero(np.abs(x) >= np.finfo(float).smallest_normal)
    for cells in levels:
        left = left if _filled(cells, x, found, left) else left
        left = left[~_is_thin(tuple(part[left] for part in found))]
    mid, tail, rad = found
    rest = np.flatnonzero(~_is_thin(found))
    return found if _alone(program, x, rest, found) else None


def _is_thin(found: tuple) -> np.ndarray:
    mid, _, rad = found
    return (rad <= 2.0**-THIN * np.abs(mid)) | (np.abs(mid) + rad <= NONE)


def _filled(cells: Cells, x: np.ndarray, found: tuple, wanted: np.ndarray) -> bool:
    """Whether the entries were enclosed by these cells."""
    given = x[wanted]
    rows = cells.of(given, NEW)
    if rows is None:
        return False
    names = cells.table.dtype.names or ()
    columns = {name: np.ascontiguousarray(cells.table[name].T) for name in names}
    for k in range(0, len(wanted), CHUNK):
        row = rows[k : k + CHUNK]
        pick = lambda name, row=row: columns[name].take(row, axis=-1)
        s = (given[k : k + CHUNK] - pick("middle")) / pick("width")
        high, low = polynomial(s, *(list(pick(name)) for name in ("first", "rest", "more")))
        for into, part in zip(found, (high, low, pick("error")), strict=True):
            into[wanted[k : k + CHUNK]] = part
    return True


def _alone(program: Callable, x: np.ndarray, rest: np.ndarray, found: tuple) -> bool:
    """Whether what is left could be enclosed number by number."""
    numbers, back = np.unique(x[rest], return_inverse=True)
    if len(numbers) > ALONE:
        return False
    slopes = np.empty(len(numbers), object)
    for k in range(0, len(numbers), WIDTH):
        series = jets(program, numbers[k : k + WIDTH], None, 2)
        known = [arb(one[1]) for one in series if one is not None]
        if len(known) < len(series):
            return False
        slopes[k : k + WIDTH] = known
    if len(numbers) and fatness([slopes]) > 0:
        return False
    with ctx.workprec(BITS):
        ball = to_ball(slopes)
    for into, part in zip(found, ball[:3], strict=True):
        into[rest] = part[back]
    return True
