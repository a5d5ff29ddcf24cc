"""Primitives written with simpler ones: what an arithmetic without a rule of its own runs instead.

A rewrite is a JAX function of the primitive's operands and parameters, equal to it for real
numbers, with no fewer roundings on the way than the primitive has in any order of its sums and
products.  It looks at shapes, never at values, so that one trace serves every arithmetic.
"""

import functools
import inspect
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr

from ..vocabulary import NoRule
from .orders import ORDERS
from .windows import WINDOWS


def rewritten(eqn, wanted: tuple[bool, ...]) -> ClosedJaxpr:
    """The program that the equation stands for, in float64, with the same inputs and outputs.

    An output that is not `wanted` is 0, so that nothing is run for its sake.
    """
    signature = tuple((v.aval.shape, _wide(v.aval.dtype)) for v in eqn.invars)
    return _trace(eqn.primitive.name, signature, wanted, tuple(sorted(eqn.params.items())))


@functools.lru_cache(maxsize=512)
def _trace(name: str, signature: tuple, wanted: tuple[bool, ...], params: tuple) -> ClosedJaxpr:
    try:
        inspect.signature(REWRITES[name]).bind(*signature, **dict(params))
    except TypeError as unknown:
        raise NoRule(f"the primitive {name!r} has a parameter of no known meaning") from unknown

    def flat(*operands):
        outs = REWRITES[name](*operands, **dict(params))
        outs = outs if isinstance(outs, tuple) else (outs,)
        return [out if read else 0 for out, read in zip(outs, wanted, strict=True)]

    with jax.enable_x64(True):
        return jax.make_jaxpr(flat)(*(jax.ShapeDtypeStruct(*s) for s in signature))


def _wide(dtype):
    return np.dtype(np.float64) if jnp.issubdtype(dtype, jnp.floating) else dtype


def tree(combine: Callable, empty) -> Callable:
    """A reduction along axes by halving: n - 1 combinations of any n entries."""

    def rewrite(x, axes, **_):
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        n = int(np.prod([x.shape[axis] for axis in axes], dtype=int))
        x = lax.transpose(x, [*kept, *axes])
        x = lax.reshape(x, (*x.shape[: len(kept)], n))
        if n == 0:
            return lax.full(x.shape[:-1], empty, x.dtype)
        while (n := x.shape[-1]) > 1:
            cut = lambda low, high, x=x: lax.slice_in_dim(x, low, high, axis=x.ndim - 1)
            half = combine(cut(0, n // 2), cut(n // 2, 2 * (n // 2)))
            x = lax.concatenate([half, cut(2 * (n // 2), n)], x.ndim - 1) if n % 2 else half
        return lax.squeeze(x, (x.ndim - 1,))

    return rewrite


# --- elementwise -----------------------------------------------------------------------------


def sinh(x, **_):
    """(e^x - e^-x) / 2 by e^x - 1, which keeps its digits at 0."""
    return 0.5 * (lax.expm1(x) - lax.expm1(-x))


def asinh(x, **_):
    """log(x + sqrt(1 + x^2)), odd in x, by log(1 + ...), which keeps its digits at 0."""
    right = lambda y: lax.log1p(y + y * y / (1.0 + lax.sqrt(1.0 + y * y)))
    return lax.select(lax.lt(x, lax.full_like(x, 0.0)), -right(-x), right(x))


def truncated(x):
    return lax.select(lax.lt(x, lax.full_like(x, 0.0)), lax.ceil(x), lax.floor(x))


def polynomial(x, *coefficients, **_):
    """a_0 + x (a_1 + x (a_2 + ...))."""
    total = jnp.broadcast_to(coefficients[-1], x.shape)
    for a in coefficients[-2::-1]:
        total = a + x * total
    return total


ELEMENTWISE = {
    "polynomial": polynomial,
    "sinh": sinh,
    "cosh": lambda x, **_: 0.5 * (lax.exp(x) + lax.exp(-x)),
    "tan": lambda x, **_: lax.sin(x) / lax.cos(x),
    "asinh": asinh,
    "acosh": lambda x, **_: lax.log1p((x - 1.0) + lax.sqrt((x - 1.0) * (x + 1.0))),
    "atanh": lambda x, **_: 0.5 * (lax.log1p(x) - lax.log1p(-x)),
    "rem": lambda x, y: x - y * truncated(x / y),
    "xor": lambda p, q: lax.bitwise_or(
        lax.bitwise_and(p, lax.bitwise_not(q)), lax.bitwise_and(lax.bitwise_not(p), q)
    ),
}


def scattered(combine: Callable) -> Callable:
    """x with combine(entry, update) at every place that an update lands on, once each."""

    def rewrite(x, indices, updates, *, dimension_numbers, update_jaxpr, update_consts, **how):
        place = lambda u: lax.scatter_add(
            lax.full_like(x, 0.0), indices, u, dimension_numbers, **how
        )
        (here,) = jax.linear_transpose(place, updates)(x)
        return lax.scatter(x, indices, combine(here, updates), dimension_numbers, **how)

    return rewrite


def scatter_sub(x, indices, updates, *, dimension_numbers, update_jaxpr, update_consts, **how):
    return lax.scatter_add(x, indices, -updates, dimension_numbers, **how)


REWRITES = (
    ELEMENTWISE
    | WINDOWS
    | ORDERS
    | {
        "lt_to": lambda x, y: lax.lt(x, y),
        "le_to": lambda x, y: lax.le(x, y),
        "eq_to": lambda x, y: lax.eq(x, y),
        "recalled": lambda product, above, at, program: product,  # room, where errors are counted
        "scatter-sub": scatter_sub,
        "scatter-mul": scattered(lax.mul),
        "scatter-max": scattered(lax.max),
        "scatter-min": scattered(lax.min),
        "empty2": lambda dtype, **_: np.float64(0.0),  # written over before it is read
        "reduce_prod": tree(lax.mul, 1.0),
        "reduce_and": tree(lax.bitwise_and, True),
        "reduce_or": tree(lax.bitwise_or, False),
        "iota": lambda dtype, shape, dimension, **_: lax.convert_element_type(
            lax.broadcasted_iota(np.int64, shape, dimension), np.float64
        ),
    }
)
