"""What puts entries in order: sorting, the places of extremes, and cumulative reductions.

Values are sorted by a network of max and min, which needs no decision.  Places are integers: they
come from comparisons that must be decided, counted.
"""

from collections.abc import Callable, Iterator

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..vocabulary import NoRule
from .windows import columns, first_largest

# --- cumulative ------------------------------------------------------------------------------


def cumulative(combine: Callable) -> Callable:
    """Prefix reductions along an axis by doubling: entry i combines 0 ... i, each once."""

    def rewrite(x, axis, reverse, **_):
        flip = (lambda a: lax.rev(a, (axis,))) if reverse else (lambda a: a)
        x, step, n = flip(x), 1, x.shape[axis]
        while step < n:
            cut = lambda low, high, x=x: lax.slice_in_dim(x, low, high, axis=axis)
            x = lax.concatenate([cut(0, step), combine(cut(0, n - step), cut(step, n))], axis)
            step *= 2
        return flip(x)

    return rewrite


def logaddexp(x, y):
    """log(e^x + e^y), with the larger one taken out; it has no part in the slope."""
    top = lax.stop_gradient(lax.max(x, y))
    return top + lax.log(lax.exp(x - top) + lax.exp(y - top))


# --- sorting ---------------------------------------------------------------------------------


def network(n: int) -> Iterator[list[tuple[int, int]]]:
    """Batcher's merge exchange: rounds of (low, high) pairs that sort any n entries.

    Source: Knuth, The Art of Computer Programming 3 (1998), 5.2.2, algorithm M.
    """
    top = 1 << max(n - 1, 1).bit_length() - 1
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while d > 0:
            yield [(i, i + d) for i in range(n - d) if i & p == r]
            d, q, r = q - p, q >> 1, p
        p >>= 1


def ascending(x):
    """The entries along the last axis in ascending order."""
    n = x.shape[-1]
    for pairs in filter(None, network(n)):
        low, high = map(np.array, zip(*pairs, strict=True))
        rest = np.setdiff1d(np.arange(n), [*low, *high])
        a, b = columns(x, low), columns(x, high)
        parts = [lax.min(a, b), lax.max(a, b), columns(x, rest)]
        x = columns(lax.concatenate(parts, x.ndim - 1), np.argsort([*low, *high, *rest]))
    return x


def order(x):
    """The places of the entries along the last axis in ascending order; ties stay as they are."""
    n = x.shape[-1]
    square = (*x.shape, n)
    own = lax.broadcast_in_dim(x, square, range(x.ndim))
    other = lax.broadcast_in_dim(x, square, (*range(x.ndim - 1), x.ndim))
    half = lambda where: jnp.asarray(np.broadcast_to(where, square))  # none with itself
    tied = lax.bitwise_and(half(np.tri(n, k=-1, dtype=bool)), lax.le(other, own))
    below = lax.bitwise_and(half(~np.tri(n, dtype=bool)), lax.lt(other, own))
    before = lax.bitwise_or(tied, below)
    rank = lax.reduce_sum(lax.convert_element_type(before, np.int64), (x.ndim,))
    return jnp.argsort(rank, axis=-1)


def sort(*operands, dimension, is_stable, num_keys):
    """One array by the network; several by the order of the first.

    Where an order may mix ties, any of them is as right for places: what is looked up by them is
    the same number.
    """
    front = lambda x: jnp.moveaxis(x, dimension, -1)
    back = lambda x: jnp.moveaxis(x, -1, dimension)
    if len(operands) == 1:
        return (back(ascending(front(operands[0]))),)
    places = all(jnp.issubdtype(x.dtype, jnp.integer) for x in operands[1:])
    if num_keys != 1 or not (is_stable or places):
        raise NoRule("no arithmetic has a rule for a sort by several keys, or one that mixes ties")
    at = order(front(operands[0]))
    return tuple(back(jnp.take_along_axis(front(x), at, axis=-1)) for x in operands)


def top_k(x, *, k, axis, **_):
    front = lambda x: jnp.moveaxis(x, axis, -1)
    largest = lambda x: jnp.moveaxis(lax.slice_in_dim(x, 0, k, axis=x.ndim - 1), -1, axis)
    down = lax.rev(ascending(front(x)), (x.ndim - 1,))
    return largest(down), largest(lax.convert_element_type(order(-front(x)), np.int32))


def place(sign: float) -> Callable:
    """The index of the first largest of sign x along an axis."""

    def rewrite(x, axes, index_dtype):
        (axis,) = axes
        here = first_largest(jnp.moveaxis(sign * x, axis, -1))
        counts = lax.broadcasted_iota(np.int64, here.shape, here.ndim - 1)
        at = lax.reduce_sum(lax.convert_element_type(here, np.int64) * counts, (here.ndim - 1,))
        return lax.convert_element_type(at, index_dtype)

    return rewrite


ORDERS = {
    "cumprod": cumulative(lax.mul),
    "cummax": cumulative(lax.max),
    "cummin": cumulative(lax.min),
    "cumlogsumexp": cumulative(logaddexp),
    "sort": sort,
    "top_k": top_k,
    "argmax": place(1.0),
    "argmin": place(-1.0),
}
