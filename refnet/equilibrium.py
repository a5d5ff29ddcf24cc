"""A network of one layer without end, and an answer: composition only."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .initializers import Initializer, glorot
from .layers import Dense, Recurrent, deep_equilibrium, dense, init_dense, init_equilibrium

STEPS = 64


class Equilibrium(NamedTuple):
    """The layer that is solved, and the answer.  Its gradient is an Equilibrium too."""

    layer: Recurrent
    out: Dense


def equilibrium_network(
    params: Equilibrium, x: Float[Array, "batch inputs"], steps: int = STEPS
) -> Float[Array, "batch outputs"]:
    """y = z w + b,  z the state that `deep_equilibrium` settles in.  Bai, Kolter & Koltun 2019."""
    return dense(params.out, deep_equilibrium(params.layer, x, steps))


def init_equilibrium_network(
    key: Key[Array, ""],
    inputs: int,
    units: int,
    outputs: int,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Equilibrium:
    """Both drawn by `weights`, but for the state's own matrix; see `init_equilibrium`."""
    layer, out = jax.random.split(key)
    return Equilibrium(
        layer=init_equilibrium(layer, inputs, units, weights, dtype),
        out=init_dense(out, units, outputs, weights, dtype),
    )
