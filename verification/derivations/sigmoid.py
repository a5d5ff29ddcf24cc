"""Sigmoid: da/dz = a (1 - a), written s(z) s(-z).

    z --(1)--> u = 1 + e^-z --(2)--> a = 1 / u

    (1)      du/dz = -e^-z
    (2)      da/du = -1 / u^2
    (2)(1)   da/dz = e^-z / (1 + e^-z)^2 = a (1 - a) = s(z) s(-z)     because 1 - s(z) = s(-z)

Shapes     z, a: any, alike
Domain     every finite z
Rounding   1 - a is 0 from z = 17 in float32 and z = 37 in float64, long before the slope is;
           s(-z) keeps every digit until it falls below the smallest normal number.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.88.
"""

import jax.numpy as jnp

from refnet import sigmoid

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation


def slope(z):
    """da/dz, for whoever composes with it."""
    return sigmoid(z) * sigmoid(-z)


def gradient(z, da):
    return (da * slope(z),)  # (2)(1)


def denominator(z):
    return 1.0 + jnp.exp(-z)


def reciprocal(u):
    return 1.0 / u


def draw_denominator(rng):
    return (draws.positives(rng, 3, 5, low=1.0625, high=64.0),)


LATEX = r"\frac{\partial a}{\partial z} = a \, (1 - a) = \sigma(z) \, \sigma(-z)"
ARROWS = (
    Arrow(
        "(1) u = 1 + e^-z",
        r"\frac{\partial u}{\partial z} = -e^{-z}",
        denominator,
        lambda z, du: (-jnp.exp(-z) * du,),
        draws.preactivations,
    ),
    Arrow(
        "(2) a = 1 / u",
        r"\frac{\partial a}{\partial u} = -\frac{1}{u^2}",
        reciprocal,
        lambda u, da: (-da / (u * u),),
        draw_denominator,
    ),
)
SIGMOID = Derivation(
    name="sigmoid",
    function=sigmoid,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.88",
)
