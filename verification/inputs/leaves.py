"""A drawn point, leaf by leaf: what may be moved, and under which law."""

from typing import Any, NamedTuple

import jax
import numpy as np

from .domain import Law, lawless


class Leaf(NamedTuple):
    """One array of the arguments: in which of them, by which path, and under which law."""

    value: Any
    position: int
    path: str
    law: Law
    free: bool  # it moves wherever its law lets it


class Sampled(NamedTuple):
    """A drawn point, leaf by leaf."""

    tree: Any
    leaves: tuple[Leaf, ...]

    def where(self, values: dict[int, Any]) -> tuple:
        """The point with other values in some of its leaves."""
        leaves = [values.get(k, leaf.value) for k, leaf in enumerate(self.leaves)]
        return jax.tree.unflatten(self.tree, leaves)


def sampled(
    point: tuple, argnums: tuple[int, ...], named: tuple[int, ...], laws: list[Law]
) -> Sampled:
    found, tree = jax.tree_util.tree_flatten_with_path(point)
    leaves = []
    for (path, value), seen in zip(found, laws, strict=True):
        position = path[0].idx
        law = lawless(seen) if position in named else seen
        if position in argnums:  # its slopes are asked for one by one
            law = law._replace(numbers=law.numbers._replace(twins=np.zeros(0, int)))
        free = not law.constrained and (law.free or position in argnums)
        leaves.append(Leaf(value, position, f"args{jax.tree_util.keystr(path)}", law, free))
    return Sampled(tree, tuple(leaves))
