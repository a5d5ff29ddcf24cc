"""Norms: h = (x - mean) / sqrt(variance + eps), then y = g h + b."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Rows = Float[Array, "*batch n"]


class Norm(NamedTuple):
    """Gain and bias of a norm.  Its gradient is a Norm too."""

    gain: Float[Array, " n"]
    bias: Float[Array, " n"]


class Running(NamedTuple):
    """Mean and variance of the batches so far: state of a batch norm, and no weights."""

    mean: Float[Array, " n"]
    variance: Float[Array, " n"]


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


def batch_norm_train(
    norm: Norm,
    running: Running,
    x: Float[Array, "batch n"],
    momentum: float = 0.9,
    eps: float = 1e-5,
) -> tuple[Float[Array, "batch n"], Running]:
    """`batch_norm` of x, and m <- momentum m + (1 - momentum) mean x, v alike with the variance.

    The variance that is kept is that of a sample, divided by batch - 1; no gradient goes through
    what is kept.  Raises ValueError for a momentum outside of 0 to 1 and a batch of one.
    Ioffe & Szegedy 2015, algorithm 2.
    """
    if len(x) < 2 or not 0.0 <= momentum < 1.0:
        raise ValueError(
            f"batch, momentum are {len(x)}, {momentum}; at least 2 and 0 <= momentum < 1 are wanted"
        )
    seen = lax.stop_gradient(x)
    batch = Running(jnp.mean(seen, axis=0), jnp.var(seen, axis=0, ddof=1))
    kept = (
        momentum * old + (1.0 - momentum) * new for old, new in zip(running, batch, strict=True)
    )
    return batch_norm(norm, x, eps), Running(*kept)


def batch_norm_eval(norm: Norm, running: Running, x: Rows, eps: float = 1e-5) -> Rows:
    """y = g (x - m) / sqrt(v + eps) + b: the mean and variance of training, whatever x is.

    Pullback: dx = g dy / sqrt(v + eps), for m and v do not depend on x.  Ioffe & Szegedy 2015.
    """
    c = x - jnp.broadcast_to(running.mean, x.shape)
    return affine(c / jnp.sqrt(jnp.broadcast_to(running.variance, x.shape) + eps), *norm)


def group_norm(
    norm: Norm, x: Float[Array, "batch *space n"], groups: int, eps: float = 1e-5
) -> Float[Array, "batch *space n"]:
    """y = g h + b, h = (x - mean) / sqrt(var + eps) over each example's group of channels.

    The statistics are over space too; one group is layer norm's, n of them instance norm's.
    Raises ValueError where the channels cannot be cut into so many.  Wu & He 2018.
    """
    if groups < 1 or x.shape[-1] % groups:
        raise ValueError(f"groups, channels are {groups}, {x.shape[-1]}; groups must divide them")
    rows = jnp.moveaxis(x.reshape(len(x), -1, groups, x.shape[-1] // groups), 2, 1)
    flat = rows.reshape(len(x), groups, -1)
    h = normalised(centred(flat, -1), -1, eps).reshape(rows.shape)
    return affine(jnp.moveaxis(h, 1, 2).reshape(x.shape), *norm)


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


def weight_norm(
    v: Float[Array, "inputs outputs"], gain: Float[Array, " outputs"]
) -> Float[Array, "inputs outputs"]:
    """w = g v / |v|, column by column: the length is a number of its own.

    Pullback: dg = sum u dw, dv = g / |v| (dw - u dg), u = v / |v|.  A column of zeros has no
    direction, and gives NaN.  Salimans & Kingma 2016, eq. 2 and 3.
    """
    u = v / jnp.sqrt(jnp.sum(v * v, axis=0, keepdims=True))
    return u * jnp.broadcast_to(gain, u.shape)


def init_running(size: int, dtype=jnp.float32) -> Running:
    """Mean 0 and variance 1: before the first batch."""
    if size < 1:
        raise ValueError(f"size is {size}; a norm wants at least 1")
    return Running(mean=jnp.zeros(size, dtype), variance=jnp.ones(size, dtype))


def init_norm(size: int, dtype=jnp.float32) -> Norm:
    """Gain 1 and bias 0: y = h."""
    if size < 1:
        raise ValueError(f"size is {size}; a norm wants at least 1")
    return Norm(gain=jnp.ones(size, dtype), bias=jnp.zeros(size, dtype))
