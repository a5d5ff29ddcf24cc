"""Networks: composition only, no new mathematics."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .activations import identity, sigmoid, tanh
from .initializers import Initializer, glorot
from .layers import Dense, dense, init_dense


class Neuron(NamedTuple):
    """One weight and one bias.  Its gradient is a Neuron too."""

    w: Float[Array, ""]
    b: Float[Array, ""]


def neuron(
    params: Neuron, x: Float[Array, "*batch"], activation: Callable = sigmoid
) -> Float[Array, "*batch"]:
    """a = f(w x + b), every example with the same weight and bias."""
    w, b = (jnp.broadcast_to(p, x.shape) for p in params)
    return activation(w * x + b)


def mlp(
    params: Sequence[Dense],
    x: Float[Array, "*batch inputs"],
    activation: Callable = tanh,
    output: Callable = identity,
) -> Float[Array, "*batch outputs"]:
    """a_0 = x;  a_l = f(a_{l-1} w_l + b_l), with `output` in place of f at the last layer.

    Backwards: delta_l = f'(z_l) (delta_{l+1} w_{l+1}'), dw_l = a_{l-1}' delta_l.
    """
    *hidden, last = params
    for layer in hidden:
        x = activation(dense(layer, x))
    return output(dense(last, x))


def init_mlp(
    key: Key[Array, ""],
    sizes: Sequence[int],
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> tuple[Dense, ...]:
    """One Dense per neighbouring pair of `sizes`.  Raises ValueError for fewer than two sizes."""
    if len(sizes) < 2:
        raise ValueError(f"sizes is {tuple(sizes)}; a network wants at least inputs and outputs")
    keys = jax.random.split(key, len(sizes) - 1)
    return tuple(
        init_dense(k, *pair, weights, dtype) for k, pair in zip(keys, pairwise(sizes), strict=True)
    )
