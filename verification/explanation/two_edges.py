"""Two wrong edges, fitted in pairs or told apart by the leaves that each changes.

With factors 1 + x and 1 + y the answer differs by x A + y B + x y C: C is what flows through both,
where one edge follows the other.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..arithmetic.local_derivatives import Spot
from ..vocabulary import Explanation
from .columns import fits, table
from .edges import Edges, described, off_of, residual_of
from .factors import recognised
from .first_of_two import EXACT, LOOKED_AT, rows_of

TRIED, STEPS = 8, 12  # pairs; steps of Gauss-Newton
SHORT = 2.0**-40  # a number of few digits that is so near is what was written
FACTORS = 6  # of one leaf alone, that are tried
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
    """An edge that explains the most leaves; then those that explain the rest, given the first."""
    likeliest = sorted(_first(edges), key=lambda f: f[0])[:TRIED]
    found = [given for _, spot, c in likeliest for given in _after(edges, spot, c)]
    return [pair for _, pair in sorted(found, key=lambda f: f[0])[:TRIED]]


def _first(edges: Edges) -> Iterator[tuple[int, Spot, float]]:
    """The leaves that are still wrong, an edge, and its factor: the two best of each factor.

    Edges in series explain the same leaf alike; which of them it is, the other leaves know.
    """
    columns, target, names = edges.table.columns, edges.target, edges.table.names
    blocks = [rows_of(edges.problems, k) for k in range(len(edges.problems[0].wrong))]
    leaves = np.stack(blocks).astype(float)
    whole, norms = leaves @ target**2, leaves @ columns**2
    onto = leaves @ (target[:, None] * columns)
    by = np.divide(onto, norms, out=np.zeros_like(onto), where=norms > 0)
    left = whole[:, None] - by * onto
    alone = (norms > 0) & (whole[:, None] > 0) & (left <= EXACT**2 * whole[:, None])
    met = Counter(float(f"{c:.6g}") for c in by[alone])
    for c, _ in met.most_common(FACTORS):
        rest = leaves @ (target[:, None] - c * columns) ** 2
        wrong = (rest > EXACT**2 * np.maximum(whole[:, None], c * c * norms)).sum(axis=0)
        usable = np.flatnonzero((np.abs(by - c) <= EXACT * abs(c)).any(axis=0) & alone.any(axis=0))
        for k in usable[np.argsort(wrong[usable], kind="stable")][:2]:
            exact = by[alone[:, k], k]
            near = exact[np.argmin(np.abs(exact - c))]
            off = EXACT * abs(near)
            yield int(wrong[k]), names[k], _value(edges, 1.0 + float(near), off)


def _value(edges: Edges, factor: float, off: float) -> float:
    named = recognised(factor, off_of(off, factor), edges.numbers[0])
    if named:
        return named.value
    short = (float(f"{factor:.{digits}g}") for digits in range(1, 7))
    return next((x for x in short if abs(x - factor) <= SHORT * abs(x)), factor)


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
