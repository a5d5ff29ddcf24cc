"""Grouped convolution: each part of the channels is a convolution of its own; see conv2d.

    x, w, b --(1)--> parts of their last axes --(2)--> y_g = conv2d of part g --(3)--> side by side

    (3)      dy_g = the columns of part g
    (2)      dx_g, dw_g, db_g as conv2d
    (1)      dx, dw, db = those of the parts, side by side

With as many groups as channels it is depthwise.

Shapes     x: (batch, height, width, in)    w: (3, 2, in / 2, out)    b: (out,)    2 groups
Domain     every finite x, w, b
Rounding   sums of products.
Reference  Krizhevsky, Sutskever & Hinton, ImageNet classification (2012), section 3.2.
"""

import jax.numpy as jnp

from refnet import Conv, conv2d

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from . import conv2d as whole

GROUPS = 2


def function(x, w, b):
    return conv2d(Conv(w, b), x, whole.STRIDE, whole.PAD, GROUPS)


def parts(a):
    return jnp.split(a, GROUPS, axis=-1)


def joined(arrays):
    return jnp.concatenate(arrays, axis=-1)


def gradient(x, w, b, dy):
    each = zip(*map(parts, (x, w, b, dy)), strict=True)  # (1)(3)
    pulled = [whole.gradient(*part) for part in each]  # (2)
    return tuple(map(joined, zip(*pulled, strict=True)))


def draw(rng):
    return draws.reals(rng, 2, 3, 3, 2), draws.reals(rng, 3, 2, 1, 4), draws.reals(rng, 4)


def edge_cases(dtype):
    """Zero and large inputs."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**6))


LATEX = (
    r"\bar{w}^{(g)}_{uv} = \sum_{ij} x^{(g) \top}_{si+u-1, sj+v-1} \bar{y}^{(g)}_{ij}, \quad"
    r" \bar{x}^{(g)}_{si+u-1, sj+v-1} \mathrel{+}= \bar{y}^{(g)}_{ij} w^{(g) \top}_{uv}"
)
ARROWS = (
    Arrow(
        "(2) y = x w of one tap, group by group",
        r"\bar{w}^{(g)} = \sum x^{(g) \top} \bar{y}^{(g)}, \quad"
        r" \bar{x}^{(g)} = \bar{y}^{(g)} w^{(g) \top}",
        lambda x, w: joined([a @ b for a, b in zip(parts(x), parts(w), strict=True)]),
        lambda x, w, dy: (
            joined([d @ b.T for d, b in zip(parts(dy), parts(w), strict=True)]),
            joined([a.T @ d for a, d in zip(parts(x), parts(dy), strict=True)]),
        ),
        lambda rng: (draws.reals(rng, 6, 2), draws.reals(rng, 1, 4)),
        argnums=(0, 1),
    ),
)
GROUPED_CONV2D = Derivation(
    name="grouped_conv2d",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, w, b",
    reference="Krizhevsky, Sutskever & Hinton (2012), section 3.2",
    of="conv2d",
)
