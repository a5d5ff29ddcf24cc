"""Recurrent networks: one cell, scanned over the steps of a sequence; steps first, then batch."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Key

from ..activations import sigmoid, tanh
from ..initializers import Initializer, glorot

Sequence = Float[Array, "steps batch inputs"]
States = Float[Array, "steps batch n"]
State = Float[Array, "batch n"]
Sums = Float[Array, "batch gates"]


class Recurrent(NamedTuple):
    """Weights of the input and of the state, and biases, the gates side by side.

    Its gradient is a Recurrent too.
    """

    u: Float[Array, "inputs gates"]
    w: Float[Array, "n gates"]
    b: Float[Array, " gates"]


def rnn(params: Recurrent, x: Sequence, activation: Callable = tanh) -> States:
    """h_t = f(x_t u + h_{t-1} w + b), h_0 = 0.  Pullback: dz_t = f'(z_t) (dh_t + dz_{t+1} w').

    Werbos 1990.
    """

    def step(h, row):
        h = activation(preactivation(params, row, h))
        return h, h

    return lax.scan(step, start(params, x), x)[1]


def lstm(params: Recurrent, x: Sequence) -> States:
    """c_t = s(f) c_{t-1} + s(i) tanh(g), h_t = s(o) tanh(c_t), with i, f, g, o = x u + h w + b.

    h_0 = c_0 = 0.  Hochreiter & Schmidhuber 1997; the forget gate f is of Gers et al. 2000.
    """

    def step(state, row):
        h, c = state
        h, c = lstm_cell(preactivation(params, row, h), c)
        return (h, c), h

    zero = start(params, x)
    return lax.scan(step, (zero, zero), x)[1]


def gru(params: Recurrent, x: Sequence) -> States:
    """h_t = z h_{t-1} + (1 - z) tanh(x u_n + (r h_{t-1}) w_n + b_n), with r, z = s(x u + h w + b).

    h_0 = 0; the columns are those of r, z, n.  r resets the state before its product, as in the
    paper; PyTorch and cuDNN reset the product.  Cho et al. 2014, eq. 5 to 8.
    """

    def step(h, row):
        h = gru_cell(params, row, h)
        return h, h

    return lax.scan(step, start(params, x), x)[1]


def preactivation(params: Recurrent, row: Float[Array, "batch inputs"], h: State) -> Sums:
    """z = x u + h w + b."""
    z = row @ params.u + h @ params.w
    return z + jnp.broadcast_to(params.b, z.shape)


def start(params: Recurrent, x: Sequence) -> State:
    """h_0 = 0."""
    return jnp.zeros((x.shape[1], params.w.shape[0]), x.dtype)


def lstm_cell(z: Sums, c: State) -> tuple[State, State]:
    """h and c of one step, from the sums of its gates and the c before."""
    i, f, g, o = gates(z, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru_cell(params: Recurrent, row: Float[Array, "batch inputs"], h: State) -> State:
    """h of one step, from the input and the h before."""
    n = h.shape[-1]
    z = row @ params.u
    z = z + jnp.broadcast_to(params.b, z.shape)
    reset, keep = (sigmoid(g) for g in gates(z[:, : 2 * n] + h @ params.w[:, : 2 * n], 2))
    new = tanh(z[:, 2 * n :] + (reset * h) @ params.w[:, 2 * n :])
    return keep * h + (1.0 - keep) * new


def gates(z: Sums, count: int) -> list[State]:
    """The columns of each gate."""
    n = z.shape[-1] // count
    return [z[:, k * n : (k + 1) * n] for k in range(count)]


def init_recurrent(
    key: Key[Array, ""],
    inputs: int,
    units: int,
    gates: int = 1,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Recurrent:
    """Each gate's weights drawn by `weights`, biases 0.

    1 gate for `rnn`, 3 for `gru`, 4 for `lstm`.
    """
    if min(inputs, units, gates) < 1:
        raise ValueError(
            f"inputs, units, gates are {inputs}, {units}, {gates}; at least 1 of each is wanted"
        )
    for_input, for_state = (jax.random.split(k, gates) for k in jax.random.split(key))
    side_by_side = lambda keys, size: jnp.concatenate(
        [weights(k, (size, units), dtype) for k in keys], axis=-1
    )
    return Recurrent(
        u=side_by_side(for_input, inputs),
        w=side_by_side(for_state, units),
        b=jnp.zeros(gates * units, dtype),
    )
