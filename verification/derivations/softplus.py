"""Softplus: da/dz = s(z).

    z --(1)--> u = e^z --(2)--> a = log(1 + u)

    (1)      du/dz = e^z
    (2)      da/du = 1 / (1 + u)
    (2)(1)   da/dz = e^z / (1 + e^z) = 1 / (1 + e^-z) = s(z)

Shapes     z, a: any, alike
Domain     every finite z
Rounding   e^z overflows from z = 89 in float32 and z = 710 in float64; s(z) does not.
Reference  Dugas et al., Incorporating second-order functional knowledge (2001).
"""

import jax.numpy as jnp

from refnet import sigmoid, softplus

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation


def gradient(z, da):
    return (sigmoid(z) * da,)  # (2)(1)


def draw_power(rng):
    return (draws.positives(rng, 3, 5),)


LATEX = r"\frac{\partial a}{\partial z} = \frac{e^{z}}{1 + e^{z}} = \sigma(z)"
ARROWS = (
    Arrow(
        "(1) u = e^z",
        r"\frac{\partial u}{\partial z} = e^{z}",
        jnp.exp,
        lambda z, du: (jnp.exp(z) * du,),
        draws.preactivations,
    ),
    Arrow(
        "(2) a = log(1 + u)",
        r"\frac{\partial a}{\partial u} = \frac{1}{1 + u}",
        jnp.log1p,
        lambda u, da: (da / (1.0 + u),),
        draw_power,
    ),
)
SOFTPLUS = Derivation(
    name="softplus",
    function=softplus,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Dugas et al. (2001)",
)
