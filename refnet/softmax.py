"""Softmax and what belongs to it: shares of a whole, and the logarithm of the whole."""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

Logits = Float[Array, "*shape"]


def softmax(z: Logits, axis: int = -1, mask: Bool[Array, "..."] | None = None) -> Logits:
    """e^z / sum e^z along the axis, over the entries where the mask is true; 0 elsewhere.

    Range [0, 1], the sum is 1; 0 everywhere where no entry is masked in.
    Pullback: dz = p (dp - sum p dp).  Bridle 1990.
    """
    if mask is None:
        e = jnp.exp(z - lax.stop_gradient(jnp.max(z, axis=axis, keepdims=True)))
        return e / jnp.sum(e, axis=axis, keepdims=True)
    mask = jnp.broadcast_to(mask, z.shape)
    least = jnp.min(z, axis=axis, keepdims=True)
    top = lax.stop_gradient(jnp.max(jnp.where(mask, z, least), axis=axis, keepdims=True))
    e = jnp.where(mask, jnp.exp(jnp.where(mask, z - top, 0.0)), 0.0)
    total = jnp.sum(e, axis=axis, keepdims=True)
    return e / jnp.where(total > 0.0, total, 1.0)


def log_softmax(z: Logits, axis: int = -1, mask: Bool[Array, "..."] | None = None) -> Logits:
    """z - log sum e^z along the axis, over the entries where the mask is true; -inf elsewhere.

    Range (-inf, 0].  Pullback: dz = da - softmax(z) sum da.  Bridle 1990.
    """
    if mask is None:
        z = z - lax.stop_gradient(jnp.max(z, axis=axis, keepdims=True))
        return z - jnp.log(jnp.sum(jnp.exp(z), axis=axis, keepdims=True))
    mask = jnp.broadcast_to(mask, z.shape)
    least = jnp.min(z, axis=axis, keepdims=True)
    top = lax.stop_gradient(jnp.max(jnp.where(mask, z, least), axis=axis, keepdims=True))
    z = jnp.where(mask, z - top, 0.0)
    total = jnp.sum(jnp.where(mask, jnp.exp(z), 0.0), axis=axis, keepdims=True)
    return jnp.where(mask, z - jnp.log(jnp.where(total > 0.0, total, 1.0)), -jnp.inf)


def log_sum_exp(z: Logits, axis: int = -1) -> Float[Array, "*reduced"]:
    """log sum e^z along the axis, as max z + log sum e^(z - max z).  Pullback: dz = softmax(z) dm.

    Blanchard, Higham & Higham 2021.
    """
    top = lax.stop_gradient(jnp.max(z, axis=axis, keepdims=True))
    total = jnp.sum(jnp.exp(z - top), axis=axis)
    return jnp.squeeze(top, axis) + jnp.log(total)
