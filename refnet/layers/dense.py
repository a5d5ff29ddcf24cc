"""The dense layer: y = x w + b."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..initializers import Initializer, glorot


class Dense(NamedTuple):
    """The parameters of y = x w + b.  Its gradient is a Dense too."""

    w: Float[Array, "inputs outputs"]
    b: Float[Array, " outputs"]


def dense(layer: Dense, x: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
    """y = x w + b.  Pullback of dy: dw = x' dy, db = sum of dy over the batch, dx = dy w'."""
    y = x @ layer.w
    return y + jnp.broadcast_to(layer.b, y.shape)


def init_dense(
    key: Key[Array, ""],
    inputs: int,
    outputs: int,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Dense:
    """Weights drawn by `weights`, biases 0.  Raises ValueError for sizes below 1."""
    if inputs < 1 or outputs < 1:
        raise ValueError(
            f"inputs, outputs are {inputs}, {outputs}; a layer wants at least 1 of each"
        )
    return Dense(w=weights(key, (inputs, outputs), dtype), b=jnp.zeros(outputs, dtype))
