"""Primitives written with simpler ones: what an arithmetic without a rule of its own runs instead.

A rewrite is a JAX function of the primitive's operands and parameters, equal to it for real
numbers, with no fewer roundings on the way than the primitive has in any order of its sums and
products.  It looks at shapes, never at values, so that one trace serves every arithmetic.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..vocabulary import NoRule
from .inner_programs import closed, inner
from .orders import ORDERS
from .windows import WINDOWS

LARGEST = 2**16  # pairs of an entry and an update of a scatter, that are looked at one by one


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


def reduced(*given, jaxpr, dimensions, **_):
    """A computation of one's own, entry after entry in row order, from the values it starts with:
    what is no such order's affair, as XLA takes it to be, comes out the same in each."""
    count = len(given) // 2
    arrays, starts = given[:count], given[count:]
    kept = [axis for axis in range(arrays[0].ndim) if axis not in dimensions]
    shape = [arrays[0].shape[axis] for axis in kept]
    size = max(int(np.prod(shape, dtype=int)), 1)
    lines = lambda x: lax.transpose(x, [*dimensions, *kept]).reshape(x.size // size, *shape)
    combine = jaxpr_as_fun(closed(jaxpr))
    for _ in shape:
        combine = jax.vmap(combine)
    step = lambda totals, entries: (tuple(combine(*totals, *entries)), None)
    begun = tuple(jnp.broadcast_to(start, shape) for start in starts)
    return lax.scan(step, begun, tuple(map(lines, arrays)))[0]


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


def met(combine: Callable) -> Callable:
    """The same where several updates may land on one place: all of them are combined there."""
    alone = scattered(combine)

    def rewrite(x, indices, updates, **how):
        if how["unique_indices"] or x.size * updates.size > LARGEST or not updates.size:
            return alone(x, indices, updates, **how)
        kept = {k: v for k, v in how.items() if not k.startswith("update_")}
        place = lambda u: lax.scatter_add(lax.full_like(x, 0.0), indices, u, **kept)
        count = jnp.arange(1.0, x.size + 1.0)
        (at,) = jax.linear_transpose(place, updates)(count.reshape(x.shape))
        here = lax.eq(*jnp.broadcast_arrays(count[:, None], at.reshape(1, -1)))
        rows = jnp.broadcast_to(updates.reshape(1, -1), here.shape)
        some, there = _of_those_there(combine, rows, here)
        some, there = some.reshape(x.shape), there.reshape(x.shape)
        return lax.select(there, combine(x, some), x)

    return rewrite


def _of_those_there(combine: Callable, rows, here):
    """Of each row the entries that are there, combined by halves, and whether there are any."""
    while (n := rows.shape[1]) > 1:
        half = n // 2
        a, b, p, q = (
            rows[:, :half],
            rows[:, half : 2 * half],
            here[:, :half],
            here[:, half : 2 * half],
        )
        both = lax.select(p & q, combine(a, b), lax.select(p, a, b))
        rows = jnp.concatenate([both, rows[:, 2 * half :]], axis=1)
        here = jnp.concatenate([p | q, here[:, 2 * half :]], axis=1)
    return rows, here


def ragged_dot(x, w, sizes, *, ragged_dot_dimension_numbers, group_offset, **_):
    """Rows in groups: each by the matrix of its group, or a matrix for each group."""
    numbers = ragged_dot_dimension_numbers
    dots, rows, groups = (
        numbers.dot_dimension_numbers,
        numbers.lhs_ragged_dimensions,
        numbers.rhs_group_dimensions,
    )
    contract: Any
    contract, batch = dots
    (contract_x, contract_w) = contract
    if group_offset is not None or any(batch) or x.ndim != 2 or sizes.ndim != 1:
        raise NoRule("no arithmetic has a rule for a ragged product in batches")
    ends = jnp.cumsum(sizes)
    place = lax.broadcasted_iota(sizes.dtype, (x.shape[rows[0]], len(sizes)), 0)
    below = lax.lt(*jnp.broadcast_arrays(place, ends[None]))
    above = lax.ge(*jnp.broadcast_arrays(place, (ends - sizes)[None]))
    own = (below & above).astype(np.float64)  # (row, group)
    if not groups:  # contracted along the rows: (group, columns of x, columns of w)
        return jnp.einsum("mg,mk,mn->gkn", own, *map(_rows_first, (x, w), (contract_x, contract_w)))
    w = jnp.moveaxis(w, (groups[0], contract_w[0]), (0, 1))
    return jnp.einsum("mg,mgn->mn", own, jnp.einsum("mk,gkn->mgn", x, w))


def _rows_first(x, contracted):
    return jnp.moveaxis(x, contracted[0], 0)


def collective(reduce: Callable) -> Callable:
    """What vmap makes of psum and its like: axes by number."""

    def rewrite(*xs, axes, axis_index_groups=None, **_):
        if axis_index_groups is not None or not all(isinstance(axis, int) for axis in axes):
            raise NoRule("no arithmetic has a rule for a collective over groups of devices")
        outs = [reduce(x, axes) for x in xs]
        return tuple(outs) if len(outs) > 1 else outs[0]

    return rewrite


def scatter_sub(x, indices, updates, *, dimension_numbers, update_jaxpr, update_consts, **how):
    return lax.scatter_add(x, indices, -updates, dimension_numbers, **how)


def called(*xs, **params):
    """The one program among the parameters; what else stands there is its rules."""
    (program,) = inner(params)
    return tuple(jaxpr_as_fun(closed(program))(*xs))


REWRITES = (
    ELEMENTWISE
    | WINDOWS
    | ORDERS
    | {
        "lt_to": lambda x, y: lax.lt(x, y),
        "le_to": lambda x, y: lax.le(x, y),
        "eq_to": lambda x, y: lax.eq(x, y),
        "nextafter": lambda x, towards: (x + x) - x,  # x, and room for two units of its rounding
        "device_put": lambda *xs, **_: xs,  # where a number lies is not what it is
        "name": lambda x, name: x,  # jax.ad_checkpoint.checkpoint_name
        "custom_vmap_call": called,
        "linear_call": called,
        "recalled": lambda product, above, at, program: product,  # room, where errors are counted
        "observed": lambda value, error, units: value,
        "scatter-sub": scatter_sub,
        "scatter-mul": met(lax.mul),
        "scatter-max": met(lax.max),
        "scatter-min": met(lax.min),
        "ragged_dot_general": ragged_dot,
        "psum": collective(lambda x, axes: jnp.sum(x, axes)),
        "pmax": collective(lambda x, axes: jnp.max(x, axes)),
        "pmin": collective(lambda x, axes: jnp.min(x, axes)),
        "empty2": lambda dtype, **_: np.float64(0.0),  # written over before it is read
        "reduce": reduced,
        "reduce_prod": tree(lax.mul, 1.0),
        "reduce_and": tree(lax.bitwise_and, True),
        "reduce_or": tree(lax.bitwise_or, False),
        "iota": lambda dtype, shape, dimension, **_: lax.convert_element_type(
            lax.broadcasted_iota(np.int64, shape, dimension), np.float64
        ),
    }
)
