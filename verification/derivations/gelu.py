"""GELU: da/dz = P(z) + z p(z), P and p the normal distribution and its density.

    z --(1)--> c = P(z) = erfc(-z / sqrt 2) / 2
    z, c --(2)--> a = z c

    (1)        dc/dz = p(z) = e^(-z^2 / 2) / sqrt(2 pi)
    (2)        da/dz = c     da/dc = z
    (2)+(2)(1) da/dz = P(z) + z p(z)

Shapes     z, c, a: any, alike
Domain     every finite z
Rounding   1 + erf is 0 from z = -6 in float32; erfc keeps its digits.  Past |z| = 40 the slope is
           0 or 1 in every float, so z is held there and z^2 cannot overflow.  The sum cancels at
           its root z = -0.75 alone.  z^2 is rounded before e^: about 1 + z^2 ulp remain, which
           is what one ulp of z would do.
Reference  Hendrycks & Gimpel, Gaussian error linear units (2016).
"""

import jax.numpy as jnp
from jax.scipy.special import erfc

from refnet import gelu

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation

SQRT_2 = 2.0**0.5
SQRT_2_PI = (2.0 * jnp.pi) ** 0.5
FAR = 40.0  # erfc(-z / sqrt 2) and e^(-z^2 / 2) are 0 in float64 from z = -38.6


def gradient(z, da):
    z = jnp.clip(z, -FAR, FAR)
    return ((distribution(z) + z * density(z)) * da,)  # (2) + (2)(1)


def distribution(z):
    return 0.5 * erfc(-z / SQRT_2)


def density(z):
    return jnp.exp(-0.5 * z * z) / SQRT_2_PI


def product(z, c):
    return z * c


def draw_factors(rng):
    return draws.reals(rng, 3, 5), draws.probabilities(rng, 3, 5)


def draw_moderate(rng):
    return (draws.reals(rng, 3, 5),)


LATEX = (
    r"\frac{\partial a}{\partial z} = \Phi(z) + z \, \varphi(z), \quad"
    r" \varphi(z) = \frac{e^{-z^2 / 2}}{\sqrt{2 \pi}}"
)
ARROWS = (
    Arrow(
        "(1) c = P(z)",
        r"\frac{\partial c}{\partial z} = \varphi(z)",
        distribution,
        lambda z, dc: (density(z) * dc,),
        draw_moderate,
    ),
    Arrow(
        "(2) a = z c",
        r"\frac{\partial a}{\partial z} = c, \quad \frac{\partial a}{\partial c} = z",
        product,
        lambda z, c, da: (c * da, z * da),
        draw_factors,
        argnums=(0, 1),
    ),
)
GELU = Derivation(
    name="gelu",
    function=gelu,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw_moderate,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Hendrycks & Gimpel (2016)",
)
