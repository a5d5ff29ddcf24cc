"""A transformer that predicts the next symbol, of any size by five numbers: composition only."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from .activations import gelu
from .initializers import Initializer, glorot
from .layers import (
    Dense,
    Heads,
    Norm,
    causal_mask,
    embedding,
    init_embedding,
    init_heads,
    init_norm,
    layer_norm,
    multi_head_attention,
)
from .networks import init_mlp, mlp

Stream = Float[Array, "*batch t width"]


class Block(NamedTuple):
    """Attention and a perceptron, each behind a norm.  Its gradient is a Block too."""

    seen: Norm
    heads: Heads
    fed: Norm
    feed: tuple[Dense, ...]


class GPT(NamedTuple):
    """Tables of symbols and places, the blocks, and the last norm.  Its gradient is a GPT too."""

    symbols: Float[Array, "vocabulary width"]
    places: Float[Array, "length width"]
    blocks: tuple[Block, ...]
    norm: Norm


def gpt(
    params: GPT, symbols: Int[Array, "*batch t"], heads: int
) -> Float[Array, "*batch t vocabulary"]:
    """x = E[s] + P;  x <- x + attention(norm x), x <- x + mlp(norm x) in each block;  norm(x) E'.

    Logits of symbol t + 1 from symbols up to t; the table E reads and writes.
    Raises ValueError for a sequence longer than the places.  Radford et al. 2019.
    """
    length, known = symbols.shape[-1], len(params.places)
    if length > known:
        raise ValueError(f"symbols are {length} long; this network has places for {known}")
    x = embedding(params.symbols, symbols)
    x = x + jnp.broadcast_to(params.places[:length], x.shape)
    for block in params.blocks:
        x = transformer_block(block, x, heads, causal_mask(length))
    return layer_norm(params.norm, x) @ params.symbols.T


def transformer_block(
    block: Block, x: Stream, heads: int, mask: Bool[Array, "t t"] | None = None
) -> Stream:
    """x <- x + attention(norm x), each place seeing what the mask allows;  x <- x + mlp(norm x)."""
    x = x + multi_head_attention(block.heads, layer_norm(block.seen, x), heads, mask)
    return x + mlp(block.feed, layer_norm(block.fed, x), gelu)


def init_gpt(
    key: Key[Array, ""],
    vocabulary: int,
    length: int,
    layers: int,
    heads: int,
    width: int,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> GPT:
    """Five numbers say the size; the perceptron of a block is four times as wide.

    Raises ValueError for a width that the heads do not divide, and sizes below 1.
    """
    if heads < 1 or width % heads:
        raise ValueError(f"heads, width are {heads}, {width}; heads must divide width")
    symbols, places, *rest = jax.random.split(key, 2 + layers)
    return GPT(
        symbols=init_embedding(symbols, vocabulary, width, dtype=dtype),
        places=init_embedding(places, length, width, dtype=dtype),
        blocks=tuple(init_block(k, width, weights, dtype) for k in rest),
        norm=init_norm(width, dtype),
    )


def init_block(key: Key[Array, ""], width: int, weights: Initializer, dtype) -> Block:
    """One block; its perceptron is four times as wide."""
    attend, feed = jax.random.split(key)
    return Block(
        seen=init_norm(width, dtype),
        heads=init_heads(attend, width, weights=weights, dtype=dtype),
        fed=init_norm(width, dtype),
        feed=init_mlp(feed, (width, 4 * width, width), weights, dtype),
    )
