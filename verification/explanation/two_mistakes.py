"""Two mistakes of which one is a wrong slope or a factor: given the first, what explains the rest.

The first is guessed by a leaf that it explains alone, or by what it leaves to one edge; it is built
into the tape, and the rest of the answer is explained as any answer is.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import Spot
from ..arithmetic.tape import Wrong
from ..vocabulary import Explanation
from .arrows import mishandled
from .bank import BANK
from .columns import Table, fits
from .edges import Edges, one_edge, spokesman_of
from .elsewhere import ELSEWHERE
from .problem import Problem, rows_of
from .slopes import Guess, columns_of, said_of, value_of, wrong_slope

TRIED, BEST = 6, 3  # firsts; edges and slopes of each leaf
EXACT = 1e-4  # the share of a leaf's difference that an explanation of it may leave
PLAIN = (0.0, -1.0, 2.0, 0.5)


class First(NamedTuple):
    """A slope at a unit, or a factor at a spot, and the share of the difference that is left."""

    slope: Guess | None
    spot: Spot | None
    factor: float
    left: float


def two_mistakes(edges: Edges) -> list[Explanation]:
    """Two explanations that hold together, or none."""
    problems = edges.problems
    met = [p.units for p in problems]
    firsts = sorted(_firsts(edges, met), key=lambda f: f.left)
    for first in list(dict.fromkeys(firsts))[:TRIED]:
        rest = [replace(p, given=partial(_given, first=first)) for p in problems]
        if not any(rest[0].wrong):
            continue
        second = _second(rest)
        if second is not None:
            return [_one_of_two(_said(edges, met, first, second)), _one_of_two(second)]
    return []


def _second(rest: list[Problem]) -> Explanation | None:
    for stage in (
        lambda: one_edge(Edges(rest)),
        lambda: wrong_slope(rest),
        lambda: mishandled(rest),
    ):
        found = stage()
        if found and found[0].fits:
            return found[0]
    return None


def _given(p: Problem, first: First) -> Wrong:
    if first.slope is None:
        assert first.spot is not None
        return Wrong(scales={first.spot: first.factor})
    guess, found = first.slope, p.units.get(first.slope.unit, [])
    if guess.unit.operand < 0:
        wrong = {at.leaves: (at.enters, value_of(guess.slope, p, at)) for at in found}
        return Wrong(instead=wrong)
    k = guess.unit.operand
    return Wrong(slopes={(at.operation.outs[0], k): value_of(guess.slope, p, at) for at in found})


# --- the first -------------------------------------------------------------------------------


def _firsts(edges: Edges, met: list[dict]) -> Iterator[First]:
    """Slopes and factors that explain one leaf alone, or all but what one edge explains."""
    problems, table, target = edges.problems, edges.table, edges.target
    blocks = [rows_of(problems, k) for k in range(len(problems[0].wrong))]
    wrong = [rows for rows in blocks if np.any(np.abs(target[rows]) > 1.0)]
    bank = (*BANK, *ELSEWHERE)
    for unit in dict.fromkeys(u for found in met for u in found):
        right, columns = columns_of(problems, met, unit, bank)
        rest = (target + right)[:, None] - columns
        usable = np.isfinite(rest).all(axis=0)
        shares = [_share(rest[rows], target[rows]) for rows in wrong] if len(wrong) > 1 else []
        shares.append(_after_an_edge(table, rest, target))
        share = np.where(usable, np.min(np.stack(shares), axis=0), np.inf)
        for k in np.argsort(share, kind="stable")[:BEST]:
            if share[k] < EXACT:
                yield First(Guess(unit, bank[k], 1.0, 0.0), None, 1.0, float(share[k]))
    for rows in wrong if len(wrong) > 1 else ():
        part = Table(table.names, table.columns[rows], table.case[rows])
        for fit in fits(part, target[rows], apart=False)[:BEST]:
            c = 1.0 + fit.factors[0]
            plain = min(PLAIN, key=lambda x, c=c: abs(x - c))
            if fit.left < EXACT and abs(plain - c) <= EXACT:
                yield First(None, fit.name, plain, fit.left)


def _share(rest: np.ndarray, target: np.ndarray) -> np.ndarray:
    size = max(float(np.sqrt((target**2).sum())), np.finfo(float).tiny)
    return np.sqrt((rest**2).sum(axis=0)) / size


def _after_an_edge(table: Table, rest: np.ndarray, target: np.ndarray) -> np.ndarray:
    """What is left of each when the edge that suits it best takes its part."""
    size = np.sqrt((table.columns**2).sum(axis=0))
    unit = table.columns / np.where(size > 0.0, size, 1.0)
    clean = np.where(np.isfinite(rest), rest, 0.0)
    part = unit.T @ clean  # edges, slopes
    best = np.argmax(np.abs(part), axis=0)
    left = clean - unit[:, best] * np.take_along_axis(part, best[None], axis=0)
    return _share(left, target)


# --- in words --------------------------------------------------------------------------------


def _said(edges: Edges, met, first: First, second: Explanation) -> Explanation:
    if first.slope is None:
        assert first.spot is not None
        return replace(
            spokesman_of(edges, first.spot, first.factor), residual=second.residual, fits=True
        )
    at = next(found[first.slope.unit][0] for found in met if first.slope.unit in found)
    return said_of(edges.problems, at, first.slope.slope.formula, second.residual)


def _one_of_two(one: Explanation) -> Explanation:
    return replace(one, mistake=f"{one.mistake} (one of two mistakes)")
