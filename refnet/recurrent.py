"""A recurrent network that reads a sequence and answers once: composition only."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .initializers import Initializer, glorot
from .layers import Dense, Recurrent, dense, init_dense, init_recurrent, lstm

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
