"""Blocks: layers that use their input, or their weights, more than once."""

from collections.abc import Callable

from jaxtyping import Array, Float

from ..activations import tanh
from .dense import Dense, dense


def residual_block(
    layer: Dense, x: Float[Array, "*batch n"], activation: Callable = tanh
) -> Float[Array, "*batch n"]:
    """y = x + f(x w + b).  Pullback of dy: dx = dy + dz w', dz = f'(z) dy.  He et al. 2016."""
    return x + activation(dense(layer, x))


def tied_autoencoder(
    w: Float[Array, "n hidden"], x: Float[Array, "*batch n"], activation: Callable = tanh
) -> Float[Array, "*batch n"]:
    """y = f(x w) w': one matrix encodes and decodes, and dw = x' dz + dy' a has both uses.

    Vincent et al. 2010, section 2.1.
    """
    return activation(x @ w) @ w.T
