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

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

STRIDE, PAD = 2, 1


def function(x, w, b):
    return conv2d(Conv(w, b), x, STRIDE, PAD)


def window(padded, kernel, u: int, v: int):
    """What tap (u, v) reads: one entry for each output."""
    high, wide = ((padded.shape[k + 1] - kernel[k]) // STRIDE + 1 for k in range(2))
    last = lambda start, count: start + STRIDE * (count - 1) + 1
    return padded[:, u : last(u, high) : STRIDE, v : last(v, wide) : STRIDE]


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
    seen, back = columns(window, padded, w.shape), columns(spread, dy, w.shape, padded.shape)
    rows = lambda a: a.reshape(-1, a.shape[-1])
    dw = (rows(seen).T @ rows(dy)).reshape(w.shape)  # (2)
    return (back @ turned(w))[:, PAD:-PAD, PAD:-PAD], dw  # (2)(1)


def columns(tap, a, kernel, *sizes):
    """What every tap reads, or spreads, side by side: a sum over taps is one product of these."""
    return jnp.concatenate(
        [tap(a, *(sizes or (kernel,)), u, v) for u in range(kernel[0]) for v in range(kernel[1])],
        axis=-1,
    )


def turned(w):
    """w[u, v]' of every tap, one below the other."""
    return jnp.swapaxes(w, -1, -2).reshape(-1, w.shape[-2])


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
