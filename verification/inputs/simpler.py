"""Simpler points than a given one: fewer rows, smaller sizes, whole numbers, ones and zeros.

Each keeps the law that all draws have in common (see domain.py).  What is simplest comes first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .domain import is_float, keeps
from .leaves import Sampled

DECIMALS = (0, 1, 2)
SMALL = 6  # entries of an array that are made simple one by one

Sizes = dict[tuple[str, int], int]  # (path, axis) -> size


def shorter(one: Sampled, argnums: tuple[int, ...], drawn: Sequence[Sizes]) -> Iterator[tuple]:
    """Fewer rows, that is along the first axis; along others as short as some draw was."""
    sizes = sorted({n for leaf in one.leaves for n in np.shape(leaf.value) if n > 1}, reverse=True)
    for n in sizes:
        axes = [
            (k, axis)
            for k, leaf in enumerate(one.leaves)
            for axis, size in enumerate(np.shape(leaf.value))
            if size == n
        ]
        rows = [at for at in axes if at[1] == 0]
        data = [at for at in rows if one.leaves[at[0]].position not in argnums]
        for m in sorted({1, 2, n // 2} - {n, 0}):
            yield from (_cut(one, chosen, m) for chosen in _once(data, rows) if chosen)
        keys = [(one.leaves[k].path.removeprefix("args"), axis) for k, axis in axes]
        seen = {known[key] for known in drawn for key in keys if key in known}
        for m in sorted(m for m in seen if 0 < m < n):
            yield _cut(one, axes, m)


def _once(data: list, rows: list) -> list[list]:
    return [data] if data == rows else [rows, data]


def _cut(one: Sampled, axes: list[tuple[int, int]], m: int) -> tuple:
    values: dict[int, Any] = {}
    for k, axis in axes:
        x = values.get(k, one.leaves[k].value)
        values[k] = np.take(x, np.arange(m), axis)
    return one.where(values)


def plainer(one: Sampled, far: bool) -> Iterator[tuple]:
    """Arrays of fewer decimals; where `far` of zeros, of ones, and single entries of small ones."""
    for k, leaf in enumerate(one.leaves):
        if not (isinstance(leaf.value, np.ndarray | np.floating) and leaf.free):
            continue
        x = np.asarray(leaf.value)
        if not is_float(x) or not x.size or not np.isfinite(x).all():
            continue
        for after in _simple(x, far):
            is_other = not np.array_equal(after, x) and _cost(after) < _cost(x)
            if is_other and (after.shape != leaf.law.shape or keeps(leaf.law, after)):
                yield one.where({k: after})


def _simple(x: np.ndarray, far: bool) -> Iterator[np.ndarray]:
    wide = np.asarray(x, np.float64)
    if far:
        yield from (np.zeros_like(x), np.ones_like(x))
    for digits in DECIMALS:
        yield np.round(wide, digits).astype(x.dtype)
    for at in np.ndindex(x.shape) if far and x.size <= SMALL else ():
        for value in (0.0, 1.0):
            after = np.array(x)
            after[at] = value
            yield after


def _cost(x: np.ndarray) -> int:
    """Characters, but that zeros are simpler than ones, and ones than all else."""
    return sum(
        0 if v == 0.0 else 1 if v == 1.0 else 1 + len(f"{v:.17g}")
        for v in np.ravel(x).astype(np.float64).tolist()
    )
