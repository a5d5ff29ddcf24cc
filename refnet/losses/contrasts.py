"""Contrasts: what belongs together is to be nearer than what does not."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..softmax import log_softmax
from .shapes import Scalar, same_shape


def triplet(
    anchor: Float[Array, "*batch n"],
    positive: Float[Array, "*s"],
    negative: Float[Array, "*t"],
    margin: float = 1.0,
) -> Scalar:
    """mean over examples of max(|a - p|^2 - |a - q|^2 + margin, 0), p to be near and q to be far.

    Slope in a: 2 (q - p) / examples where the bracket is above 0, else 0.
    Schroff, Kalenichenko & Philbin 2015.
    """
    same_shape("triplet", anchor=anchor, positive=positive)
    same_shape("triplet", anchor=anchor, negative=negative)
    apart = lambda other: jnp.sum((anchor - other) * (anchor - other), axis=-1)
    return jnp.mean(jnp.maximum(apart(positive) - apart(negative) + margin, 0.0))


def info_nce(
    queries: Float[Array, "examples n"],
    keys: Float[Array, "others m"],
    temperature: float = 0.1,
) -> Scalar:
    """-mean_i log softmax(s_i)_i,  s = q k' / temperature: row i of q belongs to row i of k.

    Slopes: (softmax(s) - I) k / (temperature n), and its mirror image.  Raises ValueError for a
    temperature that is not above 0.  van den Oord, Li & Vinyals 2018.
    """
    same_shape("info_nce", queries=queries, keys=keys)
    if not temperature > 0.0:
        raise ValueError(f"temperature is {temperature!r}; info_nce wants one above 0")
    return -jnp.mean(jnp.diagonal(log_softmax(queries @ keys.T / temperature)))
