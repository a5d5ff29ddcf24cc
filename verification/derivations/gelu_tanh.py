"""GELU by tanh: da/dz = s + z s (1 - s) v', with s = sigmoid(v) and v = 2u(z).

    z --(1)--> v = 2 sqrt(2/pi) (z + k z^3) --(2)--> s = 1 / (1 + e^-v)
    z, s --(3)--> a = z s                          because (1 + tanh u) / 2 = sigmoid(2u)

    (1)        dv/dz = 2 sqrt(2/pi) (1 + 3 k z^2),  k = 0.044715
    (2)        ds/dv = s(v) s(-v)
    (3)        da/dz = s     da/ds = z
    (3)+(3)(2)(1)
               da/dz = s(v) + z s(v) s(-v) dv/dz

Shapes     z, v, s, a: any, alike
Domain     every finite z
Rounding   past |z| = 40 the slope is 0 or 1 in every float, so z is held there and z^3 cannot
           overflow.  v is rounded before e^: about 1 + |v| ulp remain.
Reference  Hendrycks & Gimpel, Gaussian error linear units (2016).
"""

import jax.numpy as jnp

from refnet import gelu_tanh, sigmoid

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation
from .sigmoid import gradient as sigmoid_gradient
from .sigmoid import slope as sigmoid_slope

SCALE = 2.0 * (2.0 / jnp.pi) ** 0.5
CUBIC = 0.044715
FAR = 40.0  # v is 4600 there, and e^-v is 0 in float64 from 745


def gradient(z, da):
    z = jnp.clip(z, -FAR, FAR)
    v = gate(z)
    return ((sigmoid(v) + z * sigmoid_slope(v) * gate_slope(z)) * da,)  # (3) + (3)(2)(1)


def gate(z):
    return SCALE * (z + CUBIC * z * z * z)


def gate_slope(z):
    return SCALE * (1.0 + 3.0 * CUBIC * z * z)


def product(z, s):
    return z * s


def draw_factors(rng):
    return draws.reals(rng, 3, 5), draws.probabilities(rng, 3, 5)


def draw_moderate(rng):
    return (draws.reals(rng, 3, 5),)


LATEX = (
    r"\frac{\partial a}{\partial z} = s + z \, s (1 - s) \frac{\partial v}{\partial z}, \quad"
    r" \frac{\partial v}{\partial z} = 2 \sqrt{\frac{2}{\pi}} \left( 1 + 3 k z^2 \right)"
)
ARROWS = (
    Arrow(
        "(1) v = 2 sqrt(2/pi) (z + k z^3)",
        r"\frac{\partial v}{\partial z} = 2 \sqrt{\frac{2}{\pi}} \left( 1 + 3 k z^2 \right)",
        gate,
        lambda z, dv: (gate_slope(z) * dv,),
        draw_moderate,
    ),
    Arrow(
        "(2) s = 1 / (1 + e^-v)",
        r"\frac{\partial s}{\partial v} = \sigma(v) \, \sigma(-v)",
        sigmoid,
        sigmoid_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(3) a = z s",
        r"\frac{\partial a}{\partial z} = s, \quad \frac{\partial a}{\partial s} = z",
        product,
        lambda z, s, da: (s * da, z * da),
        draw_factors,
        argnums=(0, 1),
    ),
)
GELU_TANH = Derivation(
    name="gelu_tanh",
    function=gelu_tanh,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw_moderate,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Hendrycks & Gimpel (2016)",
)
