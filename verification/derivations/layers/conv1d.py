"""Convolution of a signal: dw from shifted inputs, dx from shifted outputs; see conv2d.

    y[i] = sum over u of x[s i + u - 1] w[u] + b;   0 outside, stride s = 2

    (1)      xs = the places that tap u reads, one for each output
    (2)      y = sum over taps of xs w[u]  + b

    (2)      dw[u] = sum over outputs of xs' dy     dxs = dy w[u]'     db = sum of dy
    (1)      dx[s i + u - 1] += dxs[i]

Shapes     x: (batch, length, in)    w: (3, in, out)    b: (out,)    y: (batch, places, out)
Domain     every finite x, w, b
Rounding   sums of products.
Reference  Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016).
"""

import jax.numpy as jnp
from jax import lax

from refnet import Conv, conv1d

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

STRIDE, PAD = 2, 1


def function(x, w, b):
    return conv1d(Conv(w, b), x, STRIDE, PAD)


def read(padded, u: int, places: int):
    """What tap u reads: one entry for each output."""
    return padded[:, u : u + STRIDE * (places - 1) + 1 : STRIDE]


def spread(d, u: int, length: int):
    """The pullback of read: zeros in between, and around."""
    behind = length - u - STRIDE * (d.shape[1] - 1) - 1
    config = [(0, 0, 0), (u, behind, STRIDE - 1), (0, 0, 0)]
    return lax.pad(d, jnp.zeros((), d.dtype), config)


def gradient(x, w, b, dy):
    del b
    padded = jnp.pad(x, ((0, 0), (PAD, PAD), (0, 0)))
    rows = lambda a: a.reshape(-1, a.shape[-1])
    seen = side_by_side(read(padded, u, dy.shape[1]) for u in range(len(w)))
    back = side_by_side(spread(dy, u, padded.shape[1]) for u in range(len(w)))
    dw = (rows(seen).T @ rows(dy)).reshape(w.shape)  # (2)
    dx = back @ jnp.swapaxes(w, 1, 2).reshape(-1, w.shape[1])  # (2)(1)
    return dx[:, PAD:-PAD], dw, jnp.sum(dy, axis=(0, 1))


def side_by_side(taps):
    return jnp.concatenate(list(taps), axis=-1)


def draw(rng):
    return draws.reals(rng, 2, 6, 2), draws.reals(rng, 3, 2, 3), draws.reals(rng, 3)


def edge_cases(dtype):
    """Zero and large inputs."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**6))


LATEX = (
    r"\bar{w}_u = \sum_i x_{si+u-1}^{\top} \bar{y}_i, \quad"
    r" \bar{x}_{si+u-1} \mathrel{+}= \bar{y}_i w_u^{\top}, \quad \bar{b} = \sum_i \bar{y}_i"
)
ARROWS = (
    Arrow(
        "(1) what tap 1 reads",
        r"\bar{x}_{si+u} \mathrel{+}= \bar{x}_{iu}",
        lambda x: read(x, 1, 3),
        lambda x, d: (spread(d, 1, x.shape[1]),),
        lambda rng: (draws.reals(rng, 2, 8, 2),),
    ),
)
CONV1D = Derivation(
    name="conv1d",
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
