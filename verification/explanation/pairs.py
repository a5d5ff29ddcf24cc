"""Two wrong edges at once: told apart by the leaves that each changes, or fitted in pairs.

With factors 1 + x and 1 + y the answer differs by x A + y B + x y C: C is what flows through both,
where one edge follows the other.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..arithmetic.local_derivatives import Spot
from ..vocabulary import Explanation
from .columns import Table, fits, table
from .edges import Edges, off_of, residual_of, spokesman_of
from .factors import recognised
from .problem import rows_of

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
            rows = rows_of(edges.problems, leaf)
            part = Table(edges.table.names, edges.table.columns[rows], edges.table.case[rows])
            for fit in fits(part, edges.target[rows], apart=False)[:2]:
                firsts[fit.name, _value(edges, 1.0 + fit.factors[0], fit.off)] = fit.left
    likeliest = sorted(firsts, key=lambda f: firsts[f])[:TRIED]
    found = [given for spot, c in likeliest for given in _given(edges, spot, c)]
    return [pair for _, pair in sorted(found, key=lambda f: f[0])[:TRIED]]


def _value(edges: Edges, factor: float, off: float) -> float:
    named = recognised(factor, off_of(off, factor), edges.numbers[0])
    return named.value if named else factor


def _given(edges: Edges, first: Spot, factor: float) -> Iterator[tuple[float, Pair]]:
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
    said = spokesman_of(edges, spot, factor)
    return replace(said, mistake=f"{said.mistake} (one of two mistakes)", residual=residual)
