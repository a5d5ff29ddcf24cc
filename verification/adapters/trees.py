"""Foreign argument trees, made into what JAX walks through, and back.

Inside, dataclasses that JAX does not know are `Fields`, typed random keys are `Key`, and what is no
array and no real number (a Python int or bool, a string, a function) is `Held`: part of the
structure, never traced.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer


@jax.tree_util.register_pytree_with_keys_class
class Fields:
    """The fields of a dataclass, by name."""

    def __init__(self, kind: type, names: tuple[str, ...], values: tuple):
        self.kind, self.names, self.values = kind, names, values

    def tree_flatten_with_keys(self):
        keys = map(jax.tree_util.GetAttrKey, self.names)
        return tuple(zip(keys, self.values, strict=True)), (self.kind, self.names)

    @classmethod
    def tree_unflatten(cls, aux, values):
        kind, names = aux
        return cls(kind, names, tuple(values))


@jax.tree_util.register_pytree_node_class
class Key:
    """The words of typed random keys, and what they are the keys of."""

    def __init__(self, words: Any, kind: str):
        self.words, self.kind = words, kind

    def tree_flatten(self):
        return (self.words,), self.kind

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(children[0], aux)


@jax.tree_util.register_static
class Held:
    """Something that is no number; two are the same where their values are."""

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other) -> bool:
        if not isinstance(other, Held) or type(self.value) is not type(other.value):
            return False
        return self.value is other.value or (hashable(self.value) and self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value) if hashable(self.value) else id(self.value)


def hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def inward(tree: Any, recorded: bool = False) -> Any:
    """The tree with dataclasses as Fields, keys as Key, and what is no number as Held.

    Tensors that PyTorch records are their values, which NumPy wants, unless `recorded` keeps them.
    """
    return jax.tree.map(partial(_inward, recorded=recorded), tree)


def _inward(leaf, recorded: bool):
    if isinstance(leaf, Held):
        return leaf
    if dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
        names = tuple(field.name for field in dataclasses.fields(leaf))
        return Fields(type(leaf), names, tuple(inward(getattr(leaf, n), recorded) for n in names))
    if isinstance(leaf, jax.Array) and is_key(leaf):
        words = jax.random.key_data(leaf)
        return Key(
            words if isinstance(leaf, Tracer) else np.asarray(words), str(jax.random.key_impl(leaf))
        )
    if not recorded and getattr(leaf, "requires_grad", False):
        leaf = cast(Any, leaf).detach()
    return leaf if is_number(leaf) else Held(leaf)


def is_key(leaf: Any) -> bool:
    """Whether it is an array of typed random keys, or stands for one."""
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def is_number(leaf: Any) -> bool:
    """An array of numbers, a tensor, or a Python float."""
    if isinstance(leaf, float):
        return True
    dtype = getattr(leaf, "dtype", None)
    if dtype is None or isinstance(leaf, type):
        return False
    return not isinstance(dtype, np.dtype) or _counts(dtype)


def _counts(dtype: np.dtype) -> bool:
    return dtype.kind in "biufc" or jnp.issubdtype(dtype, jnp.floating)


def opened(tree: Any) -> Any:
    """The tree with dataclasses as Fields, and every other leaf as it is."""
    is_data = lambda x: dataclasses.is_dataclass(x) and not isinstance(x, type)
    return jax.tree.map(lambda x: _inward(x, False) if is_data(x) else x, tree)


def outward(tree: Any) -> Any:
    """What `inward` was given, with the leaves as they are now."""
    inner = lambda x: isinstance(x, Fields | Key | Held)
    return jax.tree.map(_outward, tree, is_leaf=inner)


def _outward(node):
    if isinstance(node, Held):
        return node.value
    if isinstance(node, Key):
        return jax.random.wrap_key_data(node.words, impl=node.kind)
    if not isinstance(node, Fields):
        return node
    made = object.__new__(node.kind)  # no __init__: it may convert, or refuse what JAX passes
    for name, value in zip(node.names, node.values, strict=True):
        object.__setattr__(made, name, outward(value))
    return made


def mapped(f: Callable, tree: Any) -> Any:
    """f of every array in a tree as its owner knows it."""
    return outward(jax.tree.map(f, inward(tree, recorded=True)))


def has_foreign(tree: Any) -> bool:
    """Whether the inward tree is not the tree itself."""
    inner = lambda x: isinstance(x, Fields | Key | Held)
    return any(map(inner, jax.tree.leaves(tree, is_leaf=inner)))
