"""Residual block: dx = dy + dz w', the short way and the long one.

    x --(1)--> z = x w + b --(2)--> a = tanh z --(3)--> y = x + a

    (3)        da = dy     dx += dy
    (2)        dz = (1 - a^2) da
    (1)        dw = x' dz     db = sum of dz     dx += dz w'

Shapes     x, y: (batch, n)    w: (n, n)    b: (n,)
Domain     every finite w, b, x whose z is finite
Rounding   sums of products; dy + dz w' may cancel.
Reference  He, Zhang, Ren & Sun, Deep residual learning for image recognition (2016).
"""

import jax.numpy as jnp

from refnet import Dense, dense
from refnet import residual_block as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..dense import gradient as dense_gradient
from ..mlp import LAYER
from ..tanh import gradient as tanh_gradient


def gradient(layer, x, dy):
    (dz,) = tanh_gradient(dense(layer, x), dy)  # (3)(2)
    dlayer, dx = dense_gradient(layer, x, dz)  # (1)
    return dlayer, dx + dy  # (3)


def draw(rng):
    layer = Dense(w=draws.reals(rng, 3, 3, high=1.5), b=draws.reals(rng, 3, high=1.5))
    return layer, draws.reals(rng, 5, 3)


def edge_cases(dtype):
    """A block that is the identity, an almost linear and a saturated one."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-20, 2.0**4))


LATEX = r"\bar{x} = \bar{y} + \bar{z} w^{\top}, \quad \bar{z} = (1 - a^2) \odot \bar{y}"
ARROWS = (
    LAYER,
    Arrow(
        "(3) y = x + a",
        r"\bar{x} = \bar{y}, \quad \bar{a} = \bar{y}",
        jnp.add,
        lambda x, a, dy: (dy, dy),
        lambda rng: (draws.reals(rng, 5, 3), draws.probabilities(rng, 5, 3)),
        argnums=(0, 1),
    ),
)
RESIDUAL_BLOCK = Derivation(
    name="residual_block",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite w, b, x whose z is finite",
    reference="He, Zhang, Ren & Sun (2016)",
)
