"""Two mistakes at once: two wrong edges, or one wrong slope and one more.

Two edges are told apart by the leaves that each changes, or fitted in pairs.  With factors 1 + x
and 1 + y the answer differs by x A + y B + x y C: C is what flows through both, where one edge
follows the other.  Else the first is guessed by a leaf that it explains alone, or by what it leaves
to one edge; it is built into the tape, and the rest of the answer is explained as any answer is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import Spot
from ..arithmetic.tape import Wrong
from ..vocabulary import Explanation
from .arrows import wrong_pullback
from .bank import BANK, ELSEWHERE
from .columns import Table, fits, table
from .edges import Edges, described, off_of, one_edge, residual_of
from .factors import recognised
from .problem import Problem
from .slopes import Guess, columns_of, right_slope, said_of, value_of, wrong_slope

# --- the other of two mistakes, given the first ---------------------------------------------------


FIRSTS, BEST = 6, 3  # firsts; edges and slopes of each leaf
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
    for first in list(dict.fromkeys(firsts))[:FIRSTS]:
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
        lambda: wrong_pullback(rest),
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


# --- the first ------------------------------------------------------------------------------------


def _firsts(edges: Edges, met: list[dict]) -> Iterator[First]:
    """Slopes and factors that explain one leaf alone, or all but what one edge explains."""
    problems, table, target = edges.problems, edges.table, edges.target
    blocks = [_rows_of(problems, k) for k in range(len(problems[0].wrong))]
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


# --- in words -------------------------------------------------------------------------------------


def _said(edges: Edges, met, first: First, second: Explanation) -> Explanation:
    if first.slope is None:
        assert first.spot is not None
        return replace(
            described(edges, first.spot, first.factor), residual=second.residual, fits=True
        )
    at = next(found[first.slope.unit][0] for found in met if first.slope.unit in found)
    right = right_slope(edges.problems, first.slope.unit)
    return said_of(edges.problems, at, first.slope.slope.formula, second.residual, right)


def _one_of_two(one: Explanation) -> Explanation:
    return replace(one, mistake=f"{one.mistake} (one of two mistakes)")


# --- two wrong edges ------------------------------------------------------------------------------


TRIED, LOOKED_AT, STEPS = 8, 2, 12  # pairs; cases that they are fitted to; steps of Gauss-Newton
Pair = tuple[Spot, Spot]


def two_edges(edges: Edges) -> list[Explanation]:
    """Two explanations that hold together, or none."""
    if len(edges.table.names) < 2:
        return []
    for pair in [*_by_leaves(edges), *_by_products(edges)]:
        found = _both(edges, pair)
        if found:
            return found
    return []


def _by_leaves(edges: Edges) -> list[Pair]:
    """An edge that explains one leaf alone; then those that explain the rest, given the first."""
    firsts: dict[tuple[Spot, float], float] = {}
    for leaf in range(len(edges.problems[0].wrong)):
        if any(p.wrong[leaf] for p in edges.problems):
            rows = _rows_of(edges.problems, leaf)
            part = Table(edges.table.names, edges.table.columns[rows], edges.table.case[rows])
            for fit in fits(part, edges.target[rows], apart=False)[:2]:
                firsts[fit.name, _value(edges, 1.0 + fit.factors[0], fit.off)] = fit.left
    likeliest = sorted(firsts, key=lambda f: firsts[f])[:TRIED]
    found = [given for spot, c in likeliest for given in _after(edges, spot, c)]
    return [pair for _, pair in sorted(found, key=lambda f: f[0])[:TRIED]]


def _value(edges: Edges, factor: float, off: float) -> float:
    named = recognised(factor, off_of(off, factor), edges.numbers[0])
    return named.value if named else factor


def _after(edges: Edges, first: Spot, factor: float) -> Iterator[tuple[float, Pair]]:
    """The two best edges for what is left when the first is as wrong as said."""
    laid = [p.relaid({first: factor}) for p in edges.problems[:LOOKED_AT]]
    flows = table([flow for _, flow in laid], [len(left) for left, _ in laid])
    for fit in fits(flows, np.concatenate([left for left, _ in laid]), apart=False)[:2]:
        if fit.name != first:
            yield fit.left, (first, fit.name)


def _by_products(edges: Edges) -> list[Pair]:
    """The pairs that leave least, from the products of all columns with each other."""
    columns, target, names = edges.table.columns, edges.target, edges.table.names
    size = np.sqrt((columns**2).sum(axis=0))
    kept = np.flatnonzero(size > 0)
    if len(kept) < 2:
        return []
    unit = columns[:, kept] / size[kept]
    gram, onto = unit.T @ unit, target @ unit
    det = 1.0 - gram**2
    gain = onto[:, None] ** 2 + onto[None, :] ** 2 - 2.0 * gram * onto[:, None] * onto[None, :]
    gain = np.where(det > np.finfo(float).eps ** 0.5, gain / np.where(det > 0, det, 1.0), -np.inf)
    gain = np.where(np.tri(len(kept), dtype=bool), -np.inf, gain)
    best = np.argsort(gain, axis=None)[::-1][:TRIED]
    pairs = [np.unravel_index(k, gain.shape) for k in best]
    return [(names[kept[i]], names[kept[j]]) for i, j in pairs]


def _both(edges: Edges, pair: Pair) -> list[Explanation]:
    """The pair with the factors that fit best, if they fit."""
    fitted = _factors(edges, pair)
    if fitted is None:
        return []
    scales = [dict(zip(pair, fitted, strict=True))] * len(edges.problems)
    residual = residual_of(edges, scales)
    if not residual <= 1.0 or 1.0 in fitted:
        return []
    pairs = zip(pair, fitted, strict=True)
    return [_half(edges, spot, c, residual) for spot, c in pairs]


def _factors(edges: Edges, pair: Pair) -> tuple[float, float] | None:
    """Both factors, by Gauss-Newton over the stacked directions of a few cases."""
    some = edges.problems[:LOOKED_AT]
    base = edges.flows[:LOOKED_AT]
    twice = [p.relaid({pair[0]: 2.0})[1] for p in some]
    column = lambda flows, spot: np.concatenate(
        [f.get(spot, np.zeros(len(p.target))) for f, p in zip(flows, some, strict=True)]
    )
    a, b = column(base, pair[0]), column(base, pair[1])
    both = column(twice, pair[1]) - b
    target = np.concatenate([p.target for p in some])
    x = solved(np.stack([a, b], 1), target)
    rest, slope = target, np.stack([a, b], 1)
    for _ in range(STEPS):
        if x is None:
            return None
        with np.errstate(all="ignore"):
            rest = target - x[0] * a - x[1] * b - x[0] * x[1] * both
            slope = np.stack([a + x[1] * both, b + x[0] * both], 1)
        step = solved(slope, rest)
        x = None if step is None else x + step
    if x is None or not np.isfinite(rest).all():
        return None
    left = _length(rest) + len(target) ** 0.5
    size = [max(_length(s), np.finfo(float).tiny) for s in slope.T]
    c = [_value(edges, 1.0 + x[k], left / size[k]) for k in (0, 1)]
    return c[0], c[1]


def solved(columns: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Least squares with columns of length one; None where there is no finite answer."""
    size = np.array([_length(column) for column in columns.T])
    if not (np.isfinite(columns).all() and np.isfinite(target).all() and np.all(size > 0.0)):
        return None
    scaled = columns / size
    most = np.abs(target).max(initial=0.0) or 1.0
    try:
        found = np.linalg.lstsq(scaled, target / most, rcond=None)[0]
    except np.linalg.LinAlgError:
        return None
    x = found / size * most
    return x if np.isfinite(x).all() else None


def _length(x: np.ndarray) -> float:
    """The root of the sum of squares, which does not overflow; infinite or NaN as its entries."""
    most = float(np.abs(x).max(initial=0.0))
    return most * float(np.sqrt(((x / most) ** 2).sum())) if most and np.isfinite(most) else most


def _half(edges: Edges, spot: Spot, factor: float, residual: float) -> Explanation:
    said = described(edges, spot, factor)
    return replace(said, mistake=f"{said.mistake} (one of two mistakes)", residual=residual)


def _rows_of(problems: Sequence[Problem], leaf: int) -> np.ndarray:
    """Which of the stacked directions look at the leaf."""
    looks = [p.directions[leaf].reshape(len(p.directions[leaf]), -1) for p in problems]
    return np.concatenate([np.any(block != 0.0, axis=1) for block in looks])
