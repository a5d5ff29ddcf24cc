"""Dropout with a given mask: what was kept is divided by the chance to be kept, there and back.

    x --(1)--> y = x / keep where the mask is true, 0 elsewhere

    (1)      dx = dy / keep where the mask is true, 0 elsewhere

Shapes     x, y, mask: any, alike
Domain     every finite x
Rounding   one division.
Reference  Srivastava et al., Dropout (2014).
"""

import jax.numpy as jnp
import numpy as np

from refnet import dropout

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

KEEP = 0.7


def function(x, mask):
    return dropout(x, mask, KEEP)


def gradient(x, mask, dy):
    return (jnp.where(mask, dy / KEEP, jnp.zeros_like(dy)),)  # (1)


def draw(rng):
    return draws.reals(rng, 4, 5), rng.permutation(np.arange(20) % 3 > 0).reshape(4, 5)


def edge_cases(dtype):
    """Zero and large inputs."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**20))


LATEX = r"\bar{x} = \frac{m}{q} \odot \bar{y}"
ARROWS = (Arrow("(1) y = m x / q", LATEX, function, gradient, draw),)
DROPOUT = Derivation(
    name="dropout",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite x",
    reference="Srivastava et al. (2014)",
)
