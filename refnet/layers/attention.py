"""Attention: softmax(q k' / sqrt d) v, of one head and of several."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from ..initializers import Initializer, glorot
from ..softmax import softmax

Mask = Bool[Array, "..."]  # (..., queries, keys)


class Heads(NamedTuple):
    """The matrices of queries, keys and values, and of the output.  Its gradient is Heads too.

    `shared` is `inner`, or less of it where heads share keys and values in groups.
    """

    q: Float[Array, "width inner"]
    k: Float[Array, "width shared"]
    v: Float[Array, "width shared"]
    o: Float[Array, "inner width"]


def attention(
    q: Float[Array, "*batch queries d"],
    k: Float[Array, "*batch keys d"],
    v: Float[Array, "*batch keys e"],
    mask: Mask | None = None,
) -> Float[Array, "*batch queries e"]:
    """o = p v,  p = softmax(q k' / sqrt d) over the keys that the mask lets each query see.

    A query that sees no key has p = 0, and o = 0.  Vaswani et al. 2017, section 3.2.1.
    """
    return softmax(scores(q, k), mask=mask) @ v


def scores(
    q: Float[Array, "*batch queries d"], k: Float[Array, "*batch keys d"]
) -> Float[Array, "*batch queries keys"]:
    """q k' / sqrt d."""
    return q @ jnp.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5


def causal_mask(length: int) -> Bool[Array, "length length"]:
    """Query t sees the keys s <= t: what lies ahead is not seen."""
    return jnp.tril(jnp.ones((length, length), bool))


def multi_head_attention(
    params: Heads, x: Float[Array, "*batch t width"], heads: int, mask: Mask | None = None
) -> Float[Array, "*batch t width"]:
    """o_h = attention(x wq_h, x wk_h, x wv_h);  y = (o_1 ... o_heads side by side) wo.

    Raises ValueError where the columns of wq cannot be cut into so many heads.
    Vaswani et al. 2017, section 3.2.2.
    """
    return cross_attention(params, x, x, heads, mask)


def cross_attention(
    params: Heads,
    x: Float[Array, "*batch t width"],
    memory: Float[Array, "*batch s width"],
    heads: int,
    mask: Mask | None = None,
) -> Float[Array, "*batch t width"]:
    """As `multi_head_attention`, but keys and values are of another sequence: memory wk, memory wv.

    The mask has a row for each entry of x, a column for each of memory.  Raises ValueError where
    the columns of wq cannot be cut into so many heads.  Vaswani et al. 2017, section 3.2.3.
    """
    _check_heads(params, heads)
    q, k, v = cut(x @ params.q, heads), cut(memory @ params.k, heads), cut(memory @ params.v, heads)
    seen = None if mask is None else mask[..., None, :, :]
    return join(attention(q, k, v, seen)) @ params.o


def grouped_query_attention(
    params: Heads,
    x: Float[Array, "*batch t width"],
    heads: int,
    groups: int,
    mask: Mask | None = None,
) -> Float[Array, "*batch t width"]:
    """As `multi_head_attention`, but heads / groups heads share the keys and values of a group.

    wq has heads d columns, wk and wv groups d; one group is multi-query attention.
    Raises ValueError where these do not fit.  Ainslie et al. 2023, section 2.2.
    """
    _check_groups(params, heads, groups)
    q = cut(x @ params.q, heads)
    shared = (cut(x @ w, groups) for w in (params.k, params.v))
    k, v = (jnp.repeat(each, heads // groups, axis=-3) for each in shared)
    seen = None if mask is None else mask[..., None, :, :]
    return join(attention(q, k, v, seen)) @ params.o


def _check_heads(params: Heads, heads: int) -> None:
    if heads < 1 or params.q.shape[-1] % heads:
        raise ValueError(
            f"heads is {heads}, and wq has {params.q.shape[-1]} columns; "
            "they must be divisible by it"
        )


def _check_groups(params: Heads, heads: int, groups: int) -> None:
    if min(heads, groups) < 1 or heads % groups:
        raise ValueError(f"heads, groups are {heads}, {groups}; groups must divide heads")
    columns = tuple(w.shape[-1] for w in params[:3])
    if columns[0] % heads or columns[1:] != (columns[0] // heads * groups,) * 2:
        raise ValueError(
            f"wq, wk, wv have {columns} columns; {heads} heads in {groups} groups want "
            f"d times {heads}, {groups} and {groups}"
        )


def cut(x: Float[Array, "*batch t inner"], heads: int) -> Float[Array, "*batch heads t d"]:
    """The columns of each head apart."""
    return jnp.swapaxes(x.reshape(*x.shape[:-1], heads, -1), -2, -3)


def join(x: Float[Array, "*batch heads t d"]) -> Float[Array, "*batch t inner"]:
    """The heads side by side."""
    x = jnp.swapaxes(x, -2, -3)
    return x.reshape(*x.shape[:-2], -1)


def init_heads(
    key: Key[Array, ""],
    width: int,
    inner: int | None = None,
    weights: Initializer = glorot,
    dtype=jnp.float32,
    shared: int | None = None,
) -> Heads:
    """Four matrices drawn by `weights`; `inner`, heads times d, is `width` where it is not said.

    `shared`, groups times d, is `inner` where it is not said.
    """
    inner = width if inner is None else inner
    shared = inner if shared is None else shared
    if min(width, inner, shared) < 1:
        sizes = f"{width}, {inner}, {shared}"
        raise ValueError(f"width, inner, shared are {sizes}; attention wants at least 1 of each")
    shapes = ((width, inner), *[(width, shared)] * 2, (inner, width))
    keys = jax.random.split(key, 4)
    return Heads(*(weights(k, shape, dtype) for k, shape in zip(keys, shapes, strict=True)))
