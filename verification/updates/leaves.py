"""All leaves of a tree of parameters in one flat vector, and back."""

from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import jax
import numpy as np

from ..oracles.question import as_exact


class Slices(tuple[slice, ...]):
    """Where each leaf lies in the vector; with the shapes, where they matter."""

    shapes: tuple[tuple[int, ...], ...] = ()


def along(x: np.ndarray, where: Slices, axis: int) -> np.ndarray:
    """Sums of matrices along an axis, at every entry that is summed; other leaves as they are."""
    out = x.copy()
    for s, shape in _matrices(where):
        leaf = x[..., s].reshape(*x.shape[:-1], *shape)
        sums = np.broadcast_to(leaf.sum(axis=axis, keepdims=True), leaf.shape)
        out[..., s] = sums.reshape(*x.shape[:-1], -1)
    return out


def elsewhere(x: np.ndarray, where: Slices, value: Any) -> np.ndarray:
    """The entries of matrices; and a value at those of other leaves."""
    out = np.full_like(x, value)
    for s, _ in _matrices(where):
        out[..., s] = x[..., s]
    return out


def _matrices(where: Slices) -> list[tuple[slice, tuple[int, ...]]]:
    return [(s, n) for s, n in zip(where, where.shapes, strict=True) if len(n) > 1]


class Layout(NamedTuple):
    """Where each leaf lies in the vector."""

    paths: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    tree: Any

    @property
    def slices(self) -> Slices:
        ends = list(accumulate((int(np.prod(shape)) for shape in self.shapes), initial=0))
        out = Slices(slice(a, b) for a, b in pairwise(ends))
        out.shapes = self.shapes
        return out

    @property
    def size(self) -> int:
        return self.slices[-1].stop

    def tree_of(self, vector: np.ndarray) -> Any:
        """A tree of fresh arrays in the dtype of the vector."""
        pairs = zip(self.slices, self.shapes, strict=True)
        return jax.tree.unflatten(self.tree, [vector[s].reshape(n).copy() for s, n in pairs])

    def leaves_of(self, rows: np.ndarray) -> list[np.ndarray]:
        """Vectors stacked step first, leaf by leaf: (steps, *shape)."""
        pairs = zip(self.slices, self.shapes, strict=True)
        return [rows[:, s].reshape(len(rows), *n) for s, n in pairs]


def flat(tree: Any) -> np.ndarray:
    """All leaves in one vector of float64."""
    return np.concatenate([as_exact(leaf).reshape(-1) for leaf in jax.tree.leaves(tree)])


def layout(params: Any) -> Layout:
    """Raises ValueError for a tree without entries."""
    found, tree = jax.tree_util.tree_flatten_with_path(params)
    paths = tuple(jax.tree_util.keystr(path) for path, _ in found)
    shapes = tuple(np.shape(leaf) for _, leaf in found)
    if not sum(int(np.prod(shape)) for shape in shapes):
        raise ValueError("params has no entries; pass a tree of arrays, or leave it out")
    return Layout(paths, shapes, tree)
