"""The same rule for NumPy arrays, one case at a time, and for JAX's, many cases at once.

NumPy needs no compilation: it serves small programs of any shape.  Under jit and vmap one program
serves many cases; there numbers are tracers, and no rule may look at their values.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .moves import MOVES, landing

NUMPYS = {np.ndarray, np.float64, np.bool_, float, bool, int, type(None)}


def namespace(*arrays) -> Any:
    """jax.numpy where one of them is a JAX array, else numpy."""
    for x in arrays:  # by the type first: to ask a class of JAX takes as long as a sum
        if type(x) not in NUMPYS and isinstance(x, jax.Array):
            return jnp
    return np


def is_traced(*arrays) -> bool:
    return namespace(*arrays) is jnp


def function(name: str, x) -> Any:
    """A special function of the library that x belongs to."""
    return getattr(jax.scipy.special, name)(x) if is_traced(x) else special(name)(x)


def special(name: str) -> Callable:
    """A function of scipy.special, which is imported when it is called: that takes 0.3 s."""

    def call(*x):
        from scipy import special

        return getattr(special, name)(*x)

    return call


def where(condition, x, y):
    return namespace(condition, x, y).where(condition, x, y)


def dot(a, b, dimension_numbers):
    """A general product of two float arrays, axes as in dot_general."""
    if is_traced(a, b):
        return lax.dot_general(jnp.asarray(a), jnp.asarray(b), dimension_numbers)
    (contract_a, contract_b), (batch_a, batch_b) = dimension_numbers
    if not batch_a:
        return np.tensordot(a, b, (contract_a, contract_b))
    axes_a = list(range(a.ndim))
    axes_b = list(range(a.ndim, a.ndim + b.ndim))
    for i, j in zip((*contract_a, *batch_a), (*contract_b, *batch_b), strict=True):
        axes_b[j] = axes_a[i]
    free = lambda axes, taken: [axis for i, axis in enumerate(axes) if i not in taken]
    out = [axes_a[i] for i in batch_a]
    out += free(axes_a, (*contract_a, *batch_a)) + free(axes_b, (*contract_b, *batch_b))
    return np.einsum(a, axes_a, b, axes_b, out)


def cumsum(x, axis: int, reverse: bool):
    xp = namespace(x)
    flip = (lambda a: xp.flip(a, axis)) if reverse else (lambda a: a)
    return flip(xp.cumsum(flip(x), axis))


def scatter_sum(x, indices, updates, params, into: np.ndarray | None = None):
    """x with `updates` added where `indices` say; `into` is their landing, where it is known."""
    if is_traced(x, indices, updates):
        return _scattered(lax.scatter_add)(x, indices, updates, **params)
    into = landing(x.shape, indices, updates.shape, params) if into is None else into
    kept = into >= 0
    out = np.array(x)
    np.add.at(out.reshape(-1), into[kept], updates.ravel()[kept])
    return out


def moves(name: str, *operands) -> Callable:
    """The rule of a primitive that only moves entries, for arrays of numbers."""
    return TRACED.get(name, MOVES[name]) if is_traced(*operands) else MOVES[name]


def _bind(primitive) -> Callable:
    return lambda *operands, **params: primitive.bind(*operands, **params)


def _scattered(scatter: Callable) -> Callable:
    """Scatter without the body that was traced for another dtype."""

    def rule(x, indices, updates, dimension_numbers, **params):
        kept = {k: v for k, v in params.items() if k not in ("update_jaxpr", "update_consts")}
        return scatter(x, indices, updates, dimension_numbers, **kept)

    return rule


def _pad(x, value, padding_config, **_):
    return lax.pad(x, value, padding_config)


TRACED = {
    "rev": lambda x, dimensions, **_: lax.rev(x, dimensions),
    "broadcast_in_dim": lambda x, shape, broadcast_dimensions, **_: lax.broadcast_in_dim(
        x, shape, broadcast_dimensions
    ),
    "concatenate": lambda *xs, dimension, **_: lax.concatenate(xs, dimension),
    "stack": lambda *xs, axis, **_: jnp.stack(xs, axis),
    "tile": lambda x, reps, **_: jnp.tile(x, reps),
    "gather": _bind(lax.gather_p),
    "select_n": _bind(lax.select_n_p),
    "pad": _pad,
}
