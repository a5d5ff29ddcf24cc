"""The layer of a graph: every node's row is mixed with those of its neighbors."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .dense import Dense, dense

Pairs = Float[Array, "nodes nodes"]


def graph_shares(adjacency: Pairs) -> Pairs:
    """S = D^-1/2 (A + I) D^-1/2, D the row sums of A + I: every node is its own neighbor, too.

    Entries of A >= 0; no gradient is meant to go through it.  Kipf & Welling 2017, equation 2.
    """
    linked = adjacency + jnp.eye(len(adjacency), dtype=adjacency.dtype)
    by = 1.0 / jnp.sqrt(jnp.sum(linked, axis=-1))
    return by[:, None] * linked * by[None, :]


def graph_convolution(
    layer: Dense, shares: Pairs, x: Float[Array, "nodes inputs"]
) -> Float[Array, "nodes outputs"]:
    """y = S x w + b.  Pullback of dy: dw = (S x)' dy, db = sum of dy, dx = S' dy w'.

    Kipf & Welling 2017, Semi-supervised classification with graph convolutional networks.
    """
    return dense(layer, shares @ x)
