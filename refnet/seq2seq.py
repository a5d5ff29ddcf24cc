"""The transformer of two parts, one that reads and one that writes: composition only."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from .activations import gelu
from .initializers import Initializer, glorot
from .layers import (
    Dense,
    Heads,
    Norm,
    causal_mask,
    cross_attention,
    embedding,
    init_embedding,
    init_heads,
    init_norm,
    layer_norm,
    multi_head_attention,
    sinusoidal_positions,
)
from .networks import init_mlp, mlp
from .transformer import Block, Stream, init_block, transformer_block

Symbols = Int[Array, "*batch t"]


class Writing(NamedTuple):
    """A block that also asks what was read.  Its gradient is a Writing too."""

    seen: Norm
    heads: Heads
    asked: Norm
    answers: Heads
    fed: Norm
    feed: tuple[Dense, ...]


class Transformer(NamedTuple):
    """One table of symbols, blocks that read and blocks that write, and the norm after each."""

    symbols: Float[Array, "vocabulary width"]
    reading: tuple[Block, ...]
    read: Norm
    writing: tuple[Writing, ...]
    written: Norm


def encoder(params: Transformer, source: Symbols, heads: int) -> Stream:
    """x = E[s] + P;  x <- x + attention(norm x), x <- x + mlp(norm x) in each block;  norm x.

    Every place sees every other.  Vaswani et al. 2017, norms first as in Xiong et al. 2020.
    """
    x = _placed(params, source)
    for block in params.reading:
        x = transformer_block(block, x, heads)
    return layer_norm(params.read, x)


def decoder(
    params: Transformer, target: Symbols, memory: Float[Array, "*batch s width"], heads: int
) -> Float[Array, "*batch t vocabulary"]:
    """As `encoder`, but places see those before them, and x <- x + attention(norm x, memory) too.

    Then norm(x) E': logits of symbol t + 1 from symbols up to t.
    """
    x, mask = _placed(params, target), causal_mask(target.shape[-1])
    for block in params.writing:
        x = x + multi_head_attention(block.heads, layer_norm(block.seen, x), heads, mask)
        x = x + cross_attention(block.answers, layer_norm(block.asked, x), memory, heads)
        x = x + mlp(block.feed, layer_norm(block.fed, x), gelu)
    return layer_norm(params.written, x) @ params.symbols.T


def transformer(
    params: Transformer, source: Symbols, target: Int[Array, "*batch s"], heads: int
) -> Float[Array, "*batch s vocabulary"]:
    """decoder(target, encoder(source)).  Vaswani et al. 2017, Attention is all you need."""
    return decoder(params, target, encoder(params, source, heads), heads)


def _placed(params: Transformer, symbols: Symbols) -> Stream:
    """E[s] + P, P of sines."""
    x = embedding(params.symbols, symbols)
    places = sinusoidal_positions(symbols.shape[-1], x.shape[-1], dtype=x.dtype)
    return x + jnp.broadcast_to(places, x.shape)


def init_transformer(
    key: Key[Array, ""],
    vocabulary: int,
    layers: int,
    heads: int,
    width: int,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Transformer:
    """`layers` that read, as many that write; perceptrons four times as wide.

    Raises ValueError for an odd width, or one that the heads do not divide.
    """
    if heads < 1 or width % heads or width % 2:
        raise ValueError(f"heads, width are {heads}, {width}; 2 and heads must divide width")
    symbols, *keys = jax.random.split(key, 1 + 2 * layers)
    return Transformer(
        symbols=init_embedding(symbols, vocabulary, width, dtype=dtype),
        reading=tuple(init_block(k, width, weights, dtype) for k in keys[:layers]),
        read=init_norm(width, dtype),
        writing=tuple(_init_writing(k, width, weights, dtype) for k in keys[layers:]),
        written=init_norm(width, dtype),
    )


def _init_writing(key, width: int, weights: Initializer, dtype) -> Writing:
    attend, ask, feed = jax.random.split(key, 3)
    norm = init_norm(width, dtype)
    return Writing(
        seen=norm,
        heads=init_heads(attend, width, weights=weights, dtype=dtype),
        asked=norm,
        answers=init_heads(ask, width, weights=weights, dtype=dtype),
        fed=norm,
        feed=init_mlp(feed, (width, 4 * width, width), weights, dtype),
    )
