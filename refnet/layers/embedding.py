"""Embedding: a table of which rows are looked up."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from ..initializers import Initializer, lecun


def embedding(
    table: Float[Array, "rows n"], indices: Int[Array, "*places"]
) -> Float[Array, "*places n"]:
    """y_k = table[i_k], 0 <= i_k < rows.  Pullback: dtable[r] = sum over i_k = r of dy_k.

    Bengio et al. 2003.
    """
    return table[indices]


def init_embedding(
    key: Key[Array, ""], rows: int, width: int, weights: Initializer = lecun, dtype=jnp.float32
) -> Float[Array, "rows n"]:
    """A table drawn by `weights`, as of a layer with `width` inputs: a tied output is of size 1."""
    if rows < 1 or width < 1:
        raise ValueError(f"rows, width are {rows}, {width}; a table wants at least 1 of each")
    return weights(key, (width, rows), dtype).T
