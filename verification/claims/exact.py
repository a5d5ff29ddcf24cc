"""Exact evaluation: run a JAX function, an update or a gradient without any rounding.

Points are float64 arrays of odd eighths and the like, so that every number is the rational it
denotes, none is 0 or 1, and no ReLU stands on its kink.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flint import fmpq

from refnet import Dense

from ..arithmetic.interpreter import Arithmetic, enter, run
from ..arithmetic.rationals import RATIONALS
from ..oracles import rational
from ..oracles.question import ask


def value(function: Callable, *args, arithmetic: Arithmetic = RATIONALS) -> Any:
    """function(*args) with every float entry an exact rational (or a ball).

    Args are pytrees of arrays of float64, integers, or numbers of that arithmetic.
    Raises NoRule where the arithmetic cannot follow.
    """
    with jax.enable_x64(True):
        shapes = jax.tree.map(_shape, args)
        program, tree = jax.make_jaxpr(function, return_shape=True)(*shapes)
        lifted = [a if a.dtype == object else enter(a, arithmetic) for a in _arrays(args)]
        outs = run(program, lifted, arithmetic)
    return jax.tree.unflatten(jax.tree.structure(tree), outs)


def gradient(function: Callable, args: tuple, argnum: int = 0) -> Any:
    """d function / d args[argnum] by the rational oracle: its own rules, none of JAX's."""
    leaves = rational.exact(ask(function, args, (argnum,)))
    return jax.tree.unflatten(jax.tree.structure(args[argnum]), leaves)


def _arrays(tree) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def _shape(leaf) -> jax.ShapeDtypeStruct:
    array = np.asarray(leaf)
    dtype = jnp.dtype(np.float64) if array.dtype == object else array.dtype
    return jax.ShapeDtypeStruct(array.shape, dtype)


# --- comparing -----------------------------------------------------------------------------


def differing(a: Any, b: Any) -> tuple[int, int]:
    """How many entries of two trees differ, and how many there are.  Shapes must agree."""
    pairs = [
        (x, y)
        for left, right in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
        for x, y in zip(_entries(left, right), _entries(right, left), strict=True)
    ]
    return sum(x != y for x, y in pairs), len(pairs)


def _entries(array, other) -> list[fmpq]:
    array, other = np.asarray(array), np.asarray(other)
    if array.shape != other.shape:
        raise ValueError(f"shapes {array.shape} and {other.shape} cannot be compared; align them")
    return list(number(array).flat)


def number(array) -> np.ndarray:
    """Floats and integers as the rationals they denote; rationals as they are."""
    array = np.asarray(array)
    out = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        v = array[index]
        out[index] = v if isinstance(v, fmpq) else fmpq(*map(int, float(v).as_integer_ratio()))
    return out


def numbers(*values) -> str:
    """Rationals as a reader writes them: 3, -1/4."""
    return ", ".join(str(v) for v in np.concatenate([number(v).ravel() for v in values]))


def nonzero(tree: Any) -> int:
    return sum(int(v != 0) for leaf in jax.tree.leaves(tree) for v in np.asarray(leaf).flat)


# --- drawing -------------------------------------------------------------------------------


def odd(rng: np.random.Generator, shape: tuple[int, ...] = (), bits: int = 3) -> np.ndarray:
    """Odd numbers between -15 and 15 over 2^bits: never 0, never 1."""
    return np.asarray((2 * rng.integers(-8, 8, shape) + 1) / 2.0**bits)


def filled(kind: Callable[..., Any], *parameters) -> Any:
    """A Dense or a Neuron of float64 NumPy arrays."""
    return kind(*(np.asarray(p, np.float64) for p in parameters))


def layers(rng: np.random.Generator, sizes: tuple[int, ...]) -> tuple[Any, ...]:
    """Dense layers whose z is never 0 on inputs in odd eighths.

    The products that layer l adds up are multiples of 2^-(4l + 2), and its bias is odd over
    2^(4l + 3), so that no sum with it is 0.
    """
    return tuple(
        filled(Dense, odd(rng, (m, n)), odd(rng, (n,), 4 * level + 3))
        for level, (m, n) in enumerate(zip(sizes[:-1], sizes[1:], strict=True), start=1)
    )
