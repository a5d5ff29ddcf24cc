"""Typed keys of random numbers in a batch: the judge has their words, the loop has the keys."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

import jax
import numpy as np

from ..adapters.trees import is_key


class Keyed(NamedTuple):
    """What each leaf of a batch is: the kind of a key, or "" where it is none."""

    kinds: tuple[str, ...]

    @staticmethod
    def of(batch: tuple) -> "Keyed":
        kind = lambda leaf: str(jax.random.key_impl(leaf)) if is_key(leaf) else ""
        return Keyed(tuple(map(kind, jax.tree.leaves(tuple(batch)))))

    def words(self, batch: tuple) -> tuple:
        """The batch with the words of its keys, which are numbers."""
        worded = lambda leaf: np.asarray(jax.random.key_data(leaf)) if is_key(leaf) else leaf
        return jax.tree.map(worded, tuple(batch))

    def keys(self, batch: tuple) -> tuple:
        """The batch with its keys, from their words."""
        leaves, tree = jax.tree.flatten(tuple(batch))
        pairs = zip(leaves, self.kinds, strict=True)
        made = [jax.random.wrap_key_data(x, impl=kind) if kind else x for x, kind in pairs]
        return jax.tree.unflatten(tree, made)

    def loss(self, of: Callable) -> Callable:
        """A loss of batches that hold words."""
        return lambda params, *batch: of(params, *self.keys(batch))

    def loop(self, train: Any) -> Any:
        """A loop that is given batches of words; what is no function is as it is."""
        if not callable(train):
            return train
        given = wraps(train) if hasattr(train, "__name__") else lambda f: f
        return given(lambda params, batches: train(params, [self.keys(b) for b in batches]))


def without_keys(
    train: Any, of: Callable, batches: Any, instead: Mapping[str, Callable], held_out: Any
) -> tuple:
    """All of them, of batches that are numbers; as they are where no batch holds a typed key."""
    keyed = Keyed.of(batches[0])
    if not any(keyed.kinds):
        return train, of, batches, instead, held_out
    losses = {name: keyed.loss(other) for name, other in instead.items()}
    outside = held_out if held_out is None else keyed.words(held_out)
    return keyed.loop(train), keyed.loss(of), [*map(keyed.words, batches)], losses, outside
