"""Hyperbolic tangent: da/dz = 1 - a^2, written 4 s(2z) s(-2z).

    z --(1)--> v = 2z --(2)--> s = 1 / (1 + e^-v) --(3)--> a = 2s - 1

    (1)        dv/dz = 2
    (2)        ds/dv = s(v) s(-v)
    (3)        da/ds = 2
    (3)(2)(1)  da/dz = 4 s(2z) s(-2z) = 1 - a^2          because 1 + a = 2 s(2z), 1 - a = 2 s(-2z)

Shapes     z, a: any, alike
Domain     every finite z
Rounding   1 - a^2 is 0 from z = 9 in float32 and z = 19 in float64; the product keeps every digit.
           Past |z| = 400 the slope is 0 in every float, so z is held there and 2z cannot overflow.
"""

import jax.numpy as jnp

from refnet import sigmoid, tanh

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation
from .sigmoid import gradient as sigmoid_gradient
from .sigmoid import slope as sigmoid_slope

FAR = 400.0  # s(-800) is 0 in float64


def gradient(z, da):
    return (4.0 * sigmoid_slope(2.0 * jnp.clip(z, -FAR, FAR)) * da,)  # (3)(2)(1)


def double(z):
    return 2.0 * z


def stretch(s):
    return 2.0 * s - 1.0


def draw_probability(rng):
    return (draws.probabilities(rng, 3, 5),)


LATEX = r"\frac{\partial a}{\partial z} = 1 - a^2 = 4 \, \sigma(2z) \, \sigma(-2z)"
ARROWS = (
    Arrow(
        "(1) v = 2z",
        r"\frac{\partial v}{\partial z} = 2",
        double,
        lambda z, dv: (2.0 * dv,),
        draws.preactivations,
    ),
    Arrow(
        "(2) s = 1 / (1 + e^-v)",
        r"\frac{\partial s}{\partial v} = \sigma(v) \, \sigma(-v)",
        sigmoid,
        sigmoid_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(3) a = 2s - 1",
        r"\frac{\partial a}{\partial s} = 2",
        stretch,
        lambda s, da: (2.0 * da,),
        draw_probability,
    ),
)
TANH = Derivation(
    name="tanh",
    function=tanh,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
)
