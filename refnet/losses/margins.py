"""Losses by margins and directions: how far on the right side, how much alike."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .shapes import Scalar, same_shape


def hinge(score: Float[Array, "*s"], label: Float[Array, "*t"]) -> Scalar:
    """mean max(1 - t s, 0), labels t = 1 or -1.  Slope in s: -t / size where t s < 1, else 0.

    Cortes & Vapnik 1995.
    """
    same_shape("hinge", score=score, label=label)
    return jnp.mean(jnp.maximum(1.0 - label * score, 0.0))


def cosine_similarity(
    a: Float[Array, "*rows n"], b: Float[Array, "*others m"]
) -> Float[Array, "*rows"]:
    """a . b / (|a| |b|) over the last axis, of vectors that are not 0.  Range [-1, 1].

    Slope in a: (b / |b| - c a / |a|) / |a|.
    """
    same_shape("cosine_similarity", a=a, b=b)
    length = lambda v: jnp.sqrt(jnp.sum(v * v, axis=-1))
    return jnp.sum(a * b, axis=-1) / (length(a) * length(b))
