"""Tied autoencoder: one matrix used twice, and its gradient is the sum of both uses.

    x --(1)--> z = x w --(2)--> a = tanh z --(3)--> y = a w'

    (3)        da = dy w     dw += dy' a
    (2)        dz = (1 - a^2) da
    (1)        dx = dz w'     dw += x' dz

Shapes     x, y: (batch, n)    w: (n, hidden)    z, a: (batch, hidden)
Domain     every finite w, x whose z is finite
Rounding   sums of products.
Reference  Vincent et al., Stacked denoising autoencoders (2010), section 2.1.
"""

import jax.numpy as jnp

from refnet import tanh
from refnet import tied_autoencoder as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..tanh import gradient as tanh_gradient


def gradient(w, x, dy):
    z = x @ w
    decoded = dy.T @ tanh(z)  # (3)
    (dz,) = tanh_gradient(z, dy @ w)  # (2)
    return decoded + x.T @ dz, dz @ w.T  # (1)


def draw(rng):
    return draws.reals(rng, 4, 3, high=1.5), draws.reals(rng, 5, 4, high=1.5)


def edge_cases(dtype):
    """Zero, almost linear and saturated codes."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-20, 2.0**4))


LATEX = (
    r"\bar{w} = x^{\top} \bar{z} + \bar{y}^{\top} a, \quad"
    r" \bar{z} = (1 - a^2) \odot (\bar{y} w), \quad \bar{x} = \bar{z} w^{\top}"
)
ARROWS = (
    Arrow(
        "(3) y = a w'",
        r"\bar{a} = \bar{y} w, \quad \bar{w} = \bar{y}^{\top} a",
        lambda a, w: a @ w.T,
        lambda a, w, dy: (dy @ w, dy.T @ a),
        lambda rng: (draws.reals(rng, 5, 3), draws.reals(rng, 4, 3)),
        argnums=(0, 1),
    ),
    Arrow(
        "(1) z = x w",
        r"\bar{x} = \bar{z} w^{\top}, \quad \bar{w} = x^{\top} \bar{z}",
        jnp.matmul,
        lambda x, w, dz: (dz @ w.T, x.T @ dz),
        lambda rng: (draws.reals(rng, 5, 4), draws.reals(rng, 4, 3)),
        argnums=(0, 1),
    ),
)
TIED_AUTOENCODER = Derivation(
    name="tied_autoencoder",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite w, x whose z is finite",
    reference="Vincent et al. (2010), section 2.1",
)
