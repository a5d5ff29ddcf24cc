"""Dense layer: dw = x' dy, db = the sum of dy over the batch, dx = dy w'.

    w, x --(1)--> p = x w --(2)--> y = p + b, the same b for every example

    (1)      dw = x' dp     dx = dp w'
    (2)      dp = dy        db = sum of dy over the batch
    (2)(1)   dw = x' dy     db = sum of dy     dx = dy w'

Shapes     w: (in, out)    b: (out,)    x: (..., in)    y, p, dy: (..., out)
Domain     every finite w, b, x
Rounding   sums of products: as many roundings as there are terms, no cancellation of ours.
"""

import jax.numpy as jnp

from refnet import Dense, dense

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation


def gradient(layer, x, dy):
    rows, drows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    return Dense(w=rows.T @ drows, b=drows.sum(axis=0)), dy @ layer.w.T  # (2)(1)


SHAPES = (((5,), 3, 2), ((2, 3), 4, 7))  # (batch, in, out): no two sizes of one case alike


def draw(rng):
    batch, inputs, outputs = SHAPES[rng.integers(len(SHAPES))]
    layer = Dense(w=draws.reals(rng, inputs, outputs), b=draws.reals(rng, outputs))
    return layer, draws.reals(rng, *batch, inputs)


def edge_cases(dtype):
    """Zero, small and large layers."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-60, 2.0**60))


def product(w, x):
    return x @ w


def shifted(p, b):
    return p + jnp.broadcast_to(b, p.shape)


def product_gradient(w, x, dp):
    return x.T @ dp, dp @ w.T


def draw_product(rng):
    return draws.reals(rng, 3, 2), draws.reals(rng, 5, 3)


def draw_shifted(rng):
    return draws.reals(rng, 5, 2), draws.reals(rng, 2)


LATEX = (
    r"\bar{w} = x^{\top} \bar{y}, \quad \bar{b} = \sum_k \bar{y}_k, \quad"
    r" \bar{x} = \bar{y} \, w^{\top}"
)
ARROWS = (
    Arrow(
        "(1) p = x w",
        r"\bar{w} = x^{\top} \bar{p}, \quad \bar{x} = \bar{p} \, w^{\top}",
        product,
        product_gradient,
        draw_product,
        argnums=(0, 1),
    ),
    Arrow(
        "(2) y = p + b",
        r"\bar{p} = \bar{y}, \quad \bar{b} = \sum_k \bar{y}_k",
        shifted,
        lambda p, b, dy: (dy, dy.sum(axis=0)),
        draw_shifted,
        argnums=(0, 1),
    ),
)
DENSE = Derivation(
    name="dense",
    function=dense,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite w, b, x",
)
