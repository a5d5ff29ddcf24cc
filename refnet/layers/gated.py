"""Gated layers: one half of the numbers says how much of the other half goes through."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..activations import sigmoid, silu
from ..initializers import Initializer, glorot


class Gated(NamedTuple):
    """The matrices of the gate, of what goes through it, and of the output.

    Its gradient is a Gated too.
    """

    gate: Float[Array, "width hidden"]
    up: Float[Array, "width hidden"]
    down: Float[Array, "hidden width"]


def glu(x: Float[Array, "*batch both"], activation: Callable = sigmoid) -> Float[Array, "*batch n"]:
    """y = a s(b), a and b the first and the second half of the columns.

    Pullback: da = s(b) dy, db = a s'(b) dy.  Raises ValueError for an odd number of columns.
    Dauphin et al. 2017.
    """
    if x.shape[-1] % 2:
        raise ValueError(f"x has {x.shape[-1]} columns; glu wants two halves, an even number")
    a, b = jnp.split(x, 2, axis=-1)
    return a * activation(b)


def gated_feed_forward(
    params: Gated, x: Float[Array, "*batch width"], activation: Callable = silu
) -> Float[Array, "*batch width"]:
    """y = (f(x g) * (x u)) w:  SwiGLU with f = silu, GEGLU with gelu, GLU with sigmoid.

    Pullback: dh = dy w', d(x u) = f(x g) dh, d(x g) = f'(x g) (x u) dh.  Shazeer 2020.
    """
    return (activation(x @ params.gate) * (x @ params.up)) @ params.down


def init_gated(
    key: Key[Array, ""],
    width: int,
    hidden: int,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Gated:
    """Three matrices drawn by `weights`; there are no biases."""
    if min(width, hidden) < 1:
        raise ValueError(f"width, hidden are {width}, {hidden}; at least 1 of each is wanted")
    shapes = ((width, hidden), (width, hidden), (hidden, width))
    keys = jax.random.split(key, 3)
    return Gated(*(weights(k, shape, dtype) for k, shape in zip(keys, shapes, strict=True)))
