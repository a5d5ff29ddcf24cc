"""Truth and budget of the slopes at many steps: one program over a batch of steps, run once.

The same running bounds as of one step.  Where they leave less than half of the digits of the dtype
the step is looked at alone, with random rounding: a mistake in a loop is no matter of last digits.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from ..arithmetic.bounds import bounds
from ..arithmetic.formats import Format, format_of
from ..measurement.budget import RUNNING, floored, running, traced
from ..measurement.sample import Sample
from ..measurement.tolerance import lost, root_mean_square
from ..oracles.question import as_exact
from ..oracles.work import products
from ..vocabulary import Silent
from .local import Reference, ball, own, sloped

ROOM = 2**24  # products of the steps that are run at once


def slopes(reference: Reference, points: Sequence[tuple[Sequence, tuple]]) -> list[Sample]:
    """Truth and budget of loss and gradient at every (weights, batch)."""
    groups: dict[Any, list[int]] = {}
    for k, (_, batch) in enumerate(points):
        groups.setdefault(tuple(map(np.shape, jax.tree.leaves(batch))), []).append(k)
    out: dict[int, Sample] = {}
    for ks in groups.values():
        leaves, batch = points[ks[0]]
        one, _ = traced(reference.slopes, (reference.tree(leaves), *batch))
        count = max(1, int(ROOM // max(products(one), 1)))
        for first in range(0, len(ks), count):
            some = ks[first : first + count]
            out |= zip(some, _together(reference, [points[k] for k in some]), strict=True)
    return [out[k] for k in range(len(points))]


def _together(reference: Reference, points: list[tuple]) -> list[Sample]:
    alone = lambda point: sloped(reference.slopes, reference, *point)
    if len(points) == 1:
        return [alone(points[0])]
    args = [(reference.tree(leaves), *batch) for leaves, batch in points]
    stacked = jax.tree.map(lambda *rows: np.stack(list(map(as_exact, rows))), *args)
    target = format_of(reference.dtype)
    try:
        program, leaves = traced(_stacked(reference.slopes), stacked)
        pairs = running(program, leaves, bounds(target))
    except Silent:
        return list(map(alone, points))
    one, _ = traced(reference.slopes, args[0])
    samples, names = [], ("loss", *reference.paths)
    for k, point in enumerate(points):
        flushed = lost(target, jax.tree.leaves(jax.tree.map(as_exact, args[k])))
        found = [(v[k, ...], floored(v[k, ...], e[k, ...], one, target, flushed)) for v, e in pairs]
        if not all(_leaves_half(v, e, target) for v, e in found):
            samples.append(alone(point))
            continue
        balls = [ball(v[k, ...], own(e[k, ...], target)) for v, e in pairs]
        allowed = [np.asarray(error) for _, error in found]
        kinds = (RUNNING,) * len(names)
        samples.append(Sample("", names, balls, allowed, [], args[k], budgets=kinds))
    return samples


def _leaves_half(value: np.ndarray, error: np.ndarray, target: Format) -> bool:
    finite = np.isfinite(value)
    scale = root_mean_square(value, finite)
    return bool(finite.all() and (error <= target.unit**0.5 * scale).all())


@lru_cache(maxsize=64)
def _stacked(slopes: Callable) -> Callable:
    return jax.vmap(slopes)
