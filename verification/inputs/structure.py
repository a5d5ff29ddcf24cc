"""Edges made from the structure of somebody's sample: the places that users do not think of.

What is moved: float arrays, and what `vary` names.  Python scalars and integer arrays are held.
Arrays that are not differentiated by are moved only where nothing suggests that they obey a law
of their own (labels, probabilities, one-hot rows, unit vectors, sorted or symmetric data): a
gradient by hand may rely on it.  Signs stay, so that what is positive stays positive.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import jax
import numpy as np

from ..vocabulary import Case

SCALES = {  # powers of two, exact: into saturation, beyond it, and next to nothing
    "float64": (2.0**5, 2.0**10, 2.0**-30),
    "float32": (2.0**5, 2.0**7, 2.0**-20),
    "bfloat16": (2.0**5, 2.0**7, 2.0**-20),
    "float16": (2.0**2, 2.0**4, 2.0**-6),
}
FEW = 4  # of the moves, for what is not differentiated by
SCALARS = (0.0, 1.0)  # of a Python number that is named


class Edge(NamedTuple):
    """A case, and whether digits may be lost there through no fault of the formula."""

    case: Case
    extreme: bool


def edges(
    point: tuple, argnums: tuple[int, ...], named: tuple[int, ...], dtype: str
) -> Iterator[Edge]:
    """Every edge around a drawn point; `named` are the positions that `vary` says."""
    for position, arg in enumerate(point):
        free = position in argnums or position in named
        movable = lambda x, free=free: _movable(x, free)
        for label, move, extreme in islice(_moves(dtype), None if free else FEW):
            moved, changed = _moved(arg, move, movable)
            if changed:
                yield Edge(_case(point, position, moved, label), extreme)
        if position in named:
            yield from _named(point, position, arg)
    yield from _shapes(point, argnums)


def _case(point: tuple, position: int, moved: Any, label: str) -> Case:
    args = (*point[:position], moved, *point[position + 1 :])
    return Case(f"edge: args[{position}] {label}", args)


def _moves(dtype: str) -> Iterator[tuple[str, Callable, bool]]:
    yield "with a zero", _one_zero, False
    yield "all zeros", np.zeros_like, True
    yield "with ties", _tied, True
    for scale in SCALES[dtype]:
        yield f"times {scale:.3g}", lambda x, s=scale: x * np.asarray(s, x.dtype), True


def _moved(arg: Any, move: Callable, movable: Callable) -> tuple[Any, bool]:
    changed = []

    def at(leaf):
        if not movable(leaf):
            return leaf
        with np.errstate(over="ignore"):  # what is beyond the range is for the judge to skip
            after = move(leaf)
        changed.append(not np.array_equal(after, leaf))
        return after

    return jax.tree.map(at, arg), any(changed)


def _one_zero(x: np.ndarray) -> np.ndarray:
    after = np.array(x)
    after.reshape(-1)[:1] = 0.0
    return after


def _tied(x: np.ndarray) -> np.ndarray:
    """Every entry as the first that is not 0."""
    several = x.reshape(-1)[np.flatnonzero(x)[:1]]
    return np.full_like(x, several[0]) if several.size else x


def _movable(leaf: Any, free: bool) -> bool:
    if not isinstance(leaf, np.ndarray) or not _is_float(leaf) or not leaf.size:
        return False
    return free or is_free(leaf)


def is_free(x: np.ndarray) -> bool:
    """Whether nothing suggests a law: both signs, no integers, no constant sums, no symmetry."""
    x = np.asarray(x, np.float64)
    if x.ndim == 0 or not ((x < 0).any() and (x > 0).any()) or (x == np.rint(x)).all():
        return False
    if x.ndim == 2 and x.shape[0] == x.shape[1] and np.allclose(x, x.T):
        return False
    if x.shape[0] > 2 and (np.diff(x, axis=0) >= 0).all():
        return False
    return not any(_constant(f(x, axis)) for f in (_sum, _squares) for axis in range(x.ndim))


def _sum(x, axis):
    return x.sum(axis) / max(float(np.abs(x).sum()), 1e-300)


def _squares(x, axis):
    return (x * x).sum(axis) / max(float((x * x).sum()), 1e-300)


def _constant(sums) -> bool:
    return np.size(sums) > 1 and bool(np.ptp(sums) <= 1e-6)


def _is_float(x: np.ndarray) -> bool:
    return x.dtype.kind == "f" or x.dtype.name == "bfloat16"


def _named(point: tuple, position: int, arg: Any) -> Iterator[Edge]:
    """Of what is held, and named: duplicates among integers, special Python numbers."""
    integers = lambda x: isinstance(x, np.ndarray) and x.dtype.kind in "iu" and x.size > 1
    moved, changed = _moved(arg, lambda x: np.full_like(x, x.reshape(-1)[0]), integers)
    if changed:
        yield Edge(_case(point, position, moved, "all one index"), False)
    moved, changed = _moved(arg, _doubled, integers)
    if changed:
        yield Edge(_case(point, position, moved, "with a duplicate"), False)
    if isinstance(arg, int | float) and not isinstance(arg, bool):
        for value in SCALARS:
            yield Edge(_case(point, position, type(arg)(value), f"= {value:g}"), False)


def _doubled(x: np.ndarray) -> np.ndarray:
    after = np.array(x)
    after.reshape(-1)[-1] = after.reshape(-1)[0]
    return after


# --- shapes ---------------------------------------------------------------------------------------


def _shapes(point: tuple, argnums: tuple[int, ...]) -> Iterator[Edge]:
    """A batch of 1, and one fewer where the sample is square: the function may refuse either."""
    found = batch(point, argnums)
    if found is None:
        return
    size, leaves, alone = found
    if alone and size > 1:
        yield Edge(Case("edge: a batch of 1", _cut(point, leaves, 1)), False)
    if size > 2 and not alone:
        yield Edge(Case(f"edge: a batch of {size - 1}", _cut(point, leaves, size - 1)), False)


def batch(point: tuple, argnums: tuple[int, ...]) -> tuple[int, set[int], bool] | None:
    """The size of the batch, the leaves that have it, and whether no other axis is as long.

    It is the leading axis of the arrays that are not differentiated by; where there are none, of
    all of them.  One entry of a broadcast axis would be another function: hence `alone`.
    """
    leaves = jax.tree.leaves(point)
    data = [k for k, owner in enumerate(_owners(point)) if owner not in argnums]
    shaped = [k for k in data if np.ndim(leaves[k])] or _all_alike(leaves)
    if not shaped:
        return None
    sizes = [np.shape(leaves[k])[0] for k in shaped]
    size = max(set(sizes), key=sizes.count)
    mine = {k for k, n in zip(shaped, sizes, strict=True) if n == size}
    rest = (np.shape(x)[1:] if k in mine else np.shape(x) for k, x in enumerate(leaves))
    return size, mine, not any(size in shape for shape in rest)


def _owners(point: tuple) -> Iterable[int]:
    return (i for i, arg in enumerate(point) for _ in jax.tree.leaves(arg))


def _all_alike(leaves: list) -> list[int]:
    """All arrays, where their leading axes are equal."""
    shaped = [k for k, x in enumerate(leaves) if np.ndim(x)]
    return shaped if len({np.shape(leaves[k])[0] for k in shaped}) == 1 else []


def _cut(point: tuple, chosen: set[int], size: int) -> tuple:
    leaves, tree = jax.tree.flatten(point)
    cut = [x[:size] if k in chosen else x for k, x in enumerate(leaves)]
    return jax.tree.unflatten(tree, cut)
