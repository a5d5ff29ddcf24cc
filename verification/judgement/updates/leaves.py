"""All leaves of a tree of parameters in one flat vector, and back."""

from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import jax
import numpy as np


class Layout(NamedTuple):
    """Where each leaf lies in the vector."""

    paths: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    tree: Any

    @property
    def slices(self) -> tuple[slice, ...]:
        ends = list(accumulate((int(np.prod(shape)) for shape in self.shapes), initial=0))
        return tuple(slice(a, b) for a, b in pairwise(ends))

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


def layout(params: Any) -> Layout:
    """Raises ValueError for a tree without entries."""
    flat, tree = jax.tree_util.tree_flatten_with_path(params)
    paths = tuple(jax.tree_util.keystr(path) for path, _ in flat)
    shapes = tuple(np.shape(leaf) for _, leaf in flat)
    if not sum(int(np.prod(shape)) for shape in shapes):
        raise ValueError("params has no entries; pass a tree of arrays, or leave it out")
    return Layout(paths, shapes, tree)
