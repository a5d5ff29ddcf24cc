"""Convolution as networks say it (a correlation): dw from shifted inputs, dx from shifted outputs.

    y[i, j] = sum over u, v of x[s i + u - 1, s j + v - 1] w[u, v] + b;   0 outside, stride s = 2

    (1)      xs = the places that tap (u, v) reads, one for each output
    (2)      y = sum over taps of xs w[u, v]  + b

    (2)      dw[u, v] = sum over outputs of xs' dy     dxs = dy w[u, v]'     db = sum of dy
    (1)      dx[s i + u - 1, s j + v - 1] += dxs[i, j]

Shapes     x: (batch, height, width, in)    w: (3, 2, in, out)    b: (out,)    y: (batch, ., ., out)
Domain     every finite x, w, b
Rounding   sums of products.
Reference  Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016).
"""

import jax.numpy as jnp
from jax import lax

from refnet import Conv, conv2d
from refnet.layers import convolution

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

STRIDE, PAD = 2, 1


def function(x, w, b):
    return conv2d(Conv(w, b), x, STRIDE, PAD)


def window(padded, kernel, u: int, v: int):
    """What tap (u, v) reads: one entry for each output."""
    return convolution.window(padded, kernel[:2], STRIDE, u, v)


def spread(d, padded, u: int, v: int):
    """The pullback of window: zeros in between, and around."""
    edge = lambda start, count, size: (start, size - start - STRIDE * (count - 1) - 1, STRIDE - 1)
    zero = jnp.zeros((), d.dtype)
    config = [(0, 0, 0), edge(u, d.shape[1], padded[1]), edge(v, d.shape[2], padded[2]), (0, 0, 0)]
    return lax.pad(d, zero, config)


def gradient(x, w, b, dy):
    del b
    return *pull_taps(x, w, dy), jnp.sum(dy, axis=(0, 1, 2))  # (2)


def pull_taps(x, w, dy):
    padded = jnp.pad(x, ((0, 0), (PAD, PAD), (PAD, PAD), (0, 0)))
    dpadded, rows = jnp.zeros_like(padded), dy.reshape(-1, dy.shape[-1])
    dw = []
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            seen = window(padded, w.shape, u, v)
            dw.append(seen.reshape(-1, seen.shape[-1]).T @ rows)  # (2)
            dpadded = dpadded + spread(dy @ w[u, v].T, padded.shape, u, v)  # (1)
    return dpadded[:, PAD:-PAD, PAD:-PAD], jnp.stack(dw).reshape(w.shape)


def draw(rng):
    return draws.reals(rng, 2, 5, 6, 2), draws.reals(rng, 3, 2, 2, 3), draws.reals(rng, 3)


def edge_cases(dtype):
    """Zero and large inputs."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**6))


LATEX = (
    r"\bar{w}_{uv} = \sum_{ij} x_{si+u-1, sj+v-1}^{\top} \bar{y}_{ij}, \quad"
    r" \bar{x}_{si+u-1, sj+v-1} \mathrel{+}= \bar{y}_{ij} w_{uv}^{\top}"
)
ARROWS = (
    Arrow(
        "(2) y = x w of one tap",
        r"\bar{w} = \sum x^{\top} \bar{y}, \quad \bar{x} = \bar{y} w^{\top}",
        jnp.matmul,
        lambda x, w, dy: (dy @ w.T, x.T @ dy),
        lambda rng: (draws.reals(rng, 6, 2), draws.reals(rng, 2, 3)),
        argnums=(0, 1),
    ),
)
CONV2D = Derivation(
    name="conv2d",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, w, b",
    reference="Dumoulin & Visin (2016)",
)
