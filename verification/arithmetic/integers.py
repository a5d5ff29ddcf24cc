"""Integers and booleans steer a program; NumPy computes them, with XLA's meaning and no compiling.

What is not in the table is asked of XLA itself, once for each shape.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .moves import MOVES


def _iota(dtype, shape, dimension, **_):
    ones = [1] * len(shape)
    ones[dimension] = -1
    return np.broadcast_to(np.arange(shape[dimension]).astype(dtype).reshape(ones), shape)


def _sum(x, axes, **_):
    return x.sum(axis=tuple(axes), dtype=x.dtype)


XLA = ("gather", "scatter")  # an index that is outside has a meaning there
INTEGERS = {name: f for name, f in MOVES.items() if name not in XLA} | {
    "iota": _iota,
    "add": lambda x, y, **_: x + y,
    "sub": lambda x, y, **_: x - y,
    "mul": lambda x, y, **_: x * y,
    "neg": lambda x, **_: -x,
    "max": lambda x, y, **_: np.maximum(x, y),
    "min": lambda x, y, **_: np.minimum(x, y),
    "lt": lambda x, y, **_: x < y,
    "le": lambda x, y, **_: x <= y,
    "gt": lambda x, y, **_: x > y,
    "ge": lambda x, y, **_: x >= y,
    "eq": lambda x, y, **_: x == y,
    "ne": lambda x, y, **_: x != y,
    "and": lambda x, y, **_: x & y,
    "or": lambda x, y, **_: x | y,
    "xor": lambda x, y, **_: x ^ y,
    "reduce_sum": _sum,
    "not": lambda x, **_: ~x,
    "convert_element_type": lambda x, new_dtype, **_: x.astype(new_dtype),
}


def integers(eqn, ins: list) -> list:
    """The outputs of an equation of integers and booleans: known, unless an input is traced."""
    if any(isinstance(x, Tracer) for x in ins):
        return _listed(eqn, eqn.primitive.bind(*ins, **eqn.params))
    if eqn.primitive.name in INTEGERS and not any(map(is_key, ins)):
        with np.errstate(over="ignore"):  # integers wrap around
            return [np.asarray(INTEGERS[eqn.primitive.name](*map(np.asarray, ins), **eqn.params))]
    with jax.enable_x64(True), jax.ensure_compile_time_eval():
        outs = eqn.primitive.bind(*ins, **eqn.params)
    return [out if is_key(out) else np.asarray(out) for out in _listed(eqn, outs)]


def is_key(value) -> bool:
    """Whether it is an array of random keys, which no NumPy array holds."""
    return isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key)


def _listed(eqn, outs) -> list:
    return list(outs) if eqn.primitive.multiple_results else [outs]
