"""Norms: h = (x - mean) / sqrt(variance + eps), then y = g h + b."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

Rows = Float[Array, "*batch n"]


class Norm(NamedTuple):
    """Gain and bias of a norm.  Its gradient is a Norm too."""

    gain: Float[Array, " n"]
    bias: Float[Array, " n"]


def layer_norm(norm: Norm, x: Rows, eps: float = 1e-5) -> Rows:
    """y = g (x - mean x) / sqrt(var x + eps) + b, each example by its own mean and variance.

    Pullback: dx = r (dh - mean dh - h mean(dh h)), dh = g dy.  Ba, Kiros & Hinton 2016.
    """
    return affine(normalised(centred(x, -1), -1, eps), norm.gain, norm.bias)


def batch_norm(
    norm: Norm, x: Float[Array, "batch n"], eps: float = 1e-5
) -> Float[Array, "batch n"]:
    """y = g (x - mean x) / sqrt(var x + eps) + b, each column by its mean over the batch.

    The statistics depend on x, and so does their gradient: dx as in `layer_norm`, over the batch.
    Ioffe & Szegedy 2015, section 3.
    """
    return affine(normalised(centred(x, 0), 0, eps), norm.gain, norm.bias)


def rms_norm(gain: Float[Array, " n"], x: Rows, eps: float = 1e-5) -> Rows:
    """y = g x / sqrt(mean x^2 + eps): no mean is subtracted.  Zhang & Sennrich 2019."""
    h = normalised(x, -1, eps)
    return h * jnp.broadcast_to(gain, h.shape)


def centred(x: Rows, axis: int) -> Rows:
    """x - mean x."""
    return x - jnp.mean(x, axis=axis, keepdims=True)


def normalised(c: Rows, axis: int, eps: float) -> Rows:
    """c / sqrt(mean c^2 + eps)."""
    return c / jnp.sqrt(jnp.mean(c * c, axis=axis, keepdims=True) + eps)


def affine(h: Rows, gain: Float[Array, " n"], bias: Float[Array, " n"]) -> Rows:
    """g h + b, the same g and b for every example."""
    return h * jnp.broadcast_to(gain, h.shape) + jnp.broadcast_to(bias, h.shape)


def init_norm(size: int, dtype=jnp.float32) -> Norm:
    """Gain 1 and bias 0: y = h."""
    if size < 1:
        raise ValueError(f"size is {size}; a norm wants at least 1")
    return Norm(gain=jnp.ones(size, dtype), bias=jnp.zeros(size, dtype))
