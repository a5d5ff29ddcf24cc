"""Gated linear unit: da = s(b) dy, db = a s(b) s(-b) dy.

    x is cut into a, b
    b --(1)--> s = s(b)
    a, s --(2)--> y = a s

    (1)      ds/db = s(b) s(-b)
    (2)      da = s dy     ds = a dy
    (2)(1)   db = a s(b) s(-b) dy

Shapes     x: (batch, 2n)    a, b, y: (batch, n)
Domain     every finite x
Rounding   s (1 - s) is 0 long before the slope is; s(b) s(-b) keeps every digit.
Reference  Dauphin et al., Language modeling with gated convolutional networks (2017).
"""

import jax.numpy as jnp

from refnet import glu, sigmoid

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..sigmoid import gradient as sigmoid_gradient
from ..sigmoid import slope


def gradient(x, dy):
    a, b = halves(x)
    return (jnp.concatenate([sigmoid(b) * dy, a * slope(b) * dy], axis=-1),)  # (2), (2)(1)


def halves(x):
    return jnp.split(x, 2, axis=-1)


def draw(rng):
    return (draws.reals(rng, 3, 4, high=8.0),)


def draw_factors(rng):
    return draws.reals(rng, 3, 2), draws.probabilities(rng, 3, 2)


def edge_cases(dtype):
    """Almost open and almost closed gates."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**4))


LATEX = r"\bar{a} = \sigma(b) \bar{y}, \quad \bar{b} = a \, \sigma(b) \sigma(-b) \, \bar{y}"
ARROWS = (
    Arrow(
        "(1) s = s(b)",
        r"\frac{\partial s}{\partial b} = \sigma(b) \sigma(-b)",
        sigmoid,
        sigmoid_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(2) y = a s",
        r"\bar{a} = s \bar{y}, \quad \bar{s} = a \bar{y}",
        lambda a, s: a * s,
        lambda a, s, dy: (s * dy, a * dy),
        draw_factors,
        argnums=(0, 1),
    ),
)
GLU = Derivation(
    name="glu",
    function=glu,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite x",
    reference="Dauphin et al. (2017)",
)
