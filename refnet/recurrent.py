"""Recurrent networks that answer once, or after every symbol: composition only."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from .initializers import Initializer, glorot
from .layers import (
    Dense,
    Recurrent,
    dense,
    embedding,
    init_dense,
    init_embedding,
    init_recurrent,
    lstm,
)

GATES = 4  # of the LSTM


class Reader(NamedTuple):
    """What reads, and what answers.  Its gradient is a Reader too."""

    recurrent: Recurrent
    out: Dense


def recurrent_classifier(
    params: Reader, x: Float[Array, "batch steps inputs"], network: Callable = lstm
) -> Float[Array, "batch outputs"]:
    """y = h_T w + b, h_T the state after the last step: all that is left of the sequence."""
    states = network(params.recurrent, jnp.swapaxes(x, 0, 1))
    return dense(params.out, states[-1])


def init_recurrent_classifier(
    key: Key[Array, ""],
    inputs: int,
    units: int,
    outputs: int,
    gates: int = GATES,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Reader:
    """Weights drawn by `weights`, biases 0; 4 gates for `lstm`, 1 for `rnn`."""
    reads, answers = jax.random.split(key)
    return Reader(
        recurrent=init_recurrent(reads, inputs, units, gates, weights, dtype),
        out=init_dense(answers, units, outputs, weights, dtype),
    )


class Writer(NamedTuple):
    """A table of symbols, what reads, and what answers.  Its gradient is a Writer too."""

    symbols: Float[Array, "vocabulary inputs"]
    recurrent: Recurrent
    out: Dense


def character_model(
    params: Writer, symbols: Int[Array, "batch steps"], network: Callable = lstm
) -> Float[Array, "batch steps vocabulary"]:
    """y_t = h_t w + b, h = lstm(E[s]): logits of symbol t + 1 from symbols up to t.

    Sutskever, Martens & Hinton 2011; Karpathy 2015.
    """
    read = jnp.swapaxes(embedding(params.symbols, symbols), 0, 1)
    return dense(params.out, jnp.swapaxes(network(params.recurrent, read), 0, 1))


def init_character_model(
    key: Key[Array, ""],
    vocabulary: int,
    units: int,
    gates: int = GATES,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Writer:
    """As `init_recurrent_classifier`; a symbol is a row of `units` numbers."""
    table, reads, answers = jax.random.split(key, 3)
    return Writer(
        symbols=init_embedding(table, vocabulary, units, dtype=dtype),
        recurrent=init_recurrent(reads, units, units, gates, weights, dtype),
        out=init_dense(answers, units, vocabulary, weights, dtype),
    )
