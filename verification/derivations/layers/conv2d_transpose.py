"""Transposed convolution: it writes where conv2d reads, and its gradient reads what it wrote.

    y[s i + u - 1, s j + v - 1] += x[i, j] w[u, v];   then + b;   stride s = 2

    (1)      p = x w[u, v], for each tap
    (2)      y[s i + u - 1, s j + v - 1] += p[i, j];   what falls outside is left out

    (2)      dp[i, j] = dy[s i + u - 1, s j + v - 1];   0 outside     db = sum of dy
    (1)      dx = sum over taps of dp w[u, v]'     dw[u, v] = sum over places of x' dp

Shapes     x: (batch, height, width, in)    w: (3, 2, in, out)    b: (out,)    y: (batch, ., ., out)
Domain     every finite x, w, b
Rounding   sums of products.
Reference  Dumoulin & Visin, A guide to convolution arithmetic (2016), chapter 4.
"""

import jax.numpy as jnp

from refnet import Conv, conv2d_transpose

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .conv2d import PAD, STRIDE, spread, window


def function(x, w, b):
    return conv2d_transpose(Conv(w, b), x, STRIDE, PAD)


def gradient(x, w, b, dy):
    del b
    around = jnp.pad(dy, ((0, 0), (PAD, PAD), (PAD, PAD), (0, 0)))
    rows, dx, dw = x.reshape(-1, x.shape[-1]), jnp.zeros_like(x), []
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            dp = window(around, w.shape, u, v)  # (2)
            dx = dx + dp @ w[u, v].T  # (1)
            dw.append(rows.T @ dp.reshape(-1, dp.shape[-1]))
    return dx, jnp.stack(dw).reshape(w.shape), jnp.sum(dy, axis=(0, 1, 2))


def draw(rng):
    return draws.reals(rng, 2, 2, 3, 2), draws.reals(rng, 3, 2, 2, 3), draws.reals(rng, 3)


def edge_cases(dtype):
    """Zero and large inputs."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**6))


SHAPE = (2, 5, 6, 2)  # of what the tap of the arrow writes into
LATEX = (
    r"\bar{x}_{ij} = \sum_{uv} \bar{y}_{si+u-1, sj+v-1} w_{uv}^{\top}, \quad"
    r" \bar{w}_{uv} = \sum_{ij} x_{ij}^{\top} \bar{y}_{si+u-1, sj+v-1}"
)
ARROWS = (
    Arrow(
        "(2) what tap (1, 0) writes",
        r"\bar{p}_{ij} = \bar{y}_{si+u, sj+v}",
        lambda p: spread(p, SHAPE, 1, 0),
        lambda p, dy: (window(dy, (3, 2), 1, 0),),
        lambda rng: (draws.reals(rng, 2, 2, 3, 2),),
    ),
)
CONV2D_TRANSPOSE = Derivation(
    name="conv2d_transpose",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, w, b",
    reference="Dumoulin & Visin (2016), chapter 4",
)
