"""The question every oracle answers: the gradient of one scalar program at one point.

An array-valued function is contracted with a cotangent first, so that its pullback is asked for.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr

from ..arithmetic.complex_numbers.programs import real_program


@dataclass(frozen=True)
class Question:
    """The gradient of `program` in leaves[i] for i in `wanted`.  Float leaves are float64."""

    program: ClosedJaxpr
    leaves: list[np.ndarray]
    wanted: tuple[int, ...]
    paths: tuple[str, ...]  # a name for each wanted leaf
    function: Callable  # the scalar function itself, of the same flat leaves
    origin: Callable  # the function as it was given
    args: tuple

    @property
    def floats(self) -> list[bool]:
        return [leaf.dtype.kind == "f" for leaf in self.leaves]


def ask(
    function: Callable, args: tuple, argnums: tuple[int, ...] = (0,), cotangent: Any = None
) -> Question:
    """Trace `function` at `args`, data and all, in float64; the numbers are taken as they are."""
    with jax.enable_x64(True):
        exact = jax.tree.map(as_exact, (args, cotangent))
        leaves, tree = jax.tree.flatten(exact)
        scalar = _scalar(function, tree)
        program = _trace(scalar, tuple((leaf.shape, leaf.dtype) for leaf in leaves))
    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(exact)[0]]
    wanted = tuple(
        i
        for i, path in enumerate(paths)
        if path[0].idx == 0 and path[1].idx in argnums and leaves[i].dtype.kind == "f"
    )
    order = {argnum: k for k, argnum in enumerate(argnums)}
    wanted = tuple(sorted(wanted, key=lambda i: (order[paths[i][1].idx], i)))
    names = tuple(jax.tree_util.keystr(paths[i][1:]) for i in wanted)
    return Question(program, leaves, wanted, names, scalar, function, args)


def as_exact(leaf) -> np.ndarray:
    """Floats of any width as the float64 of the same value; integers as int64.

    uint32 stays: the words of a random key are of no other type.
    """
    array = np.asarray(leaf)
    if jnp.issubdtype(array.dtype, jnp.floating):
        return array.astype(np.float64)
    is_integer = array.dtype.kind in "iu" and array.dtype != np.uint32
    return array.astype(np.int64) if is_integer else array


def counted(value: Any, cotangent: Any) -> Any:
    """The value; what is an integer or a boolean as a number of the cotangent's type.

    So is a number of Python's, which a function may return beside its arrays.
    """
    value = value if hasattr(value, "dtype") else jnp.asarray(value, cotangent.dtype)
    return value if jnp.issubdtype(value.dtype, jnp.inexact) else value.astype(cotangent.dtype)


@functools.lru_cache(maxsize=256)
def _scalar(function: Callable, tree) -> Callable:
    """<cotangent, function(*args)>, or function(*args) itself, of flat leaves."""

    def scalar(*leaves):
        args, cotangent = jax.tree.unflatten(tree, leaves)
        value = function(*args)
        if cotangent is None:
            return value
        pairs = zip(jax.tree.leaves(value), jax.tree.leaves(cotangent), strict=True)
        return sum(jnp.sum(counted(v, c) * c) for v, c in pairs)

    return scalar


@functools.lru_cache(maxsize=256)
def _trace(scalar: Callable, signature: tuple) -> ClosedJaxpr:
    return real_program(jax.make_jaxpr(scalar)(*(jax.ShapeDtypeStruct(*s) for s in signature)))
