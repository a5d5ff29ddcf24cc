"""Softsign: da/dz = 1 / (1 + |z|)^2.

    z --(1)--> u = 1 + |z|
    z, u --(2)--> a = z / u

    (1)        du/dz = sign z
    (2)        da/dz = 1 / u     da/du = -z / u^2
    (2)+(2)(1) da/dz = 1 / u - |z| / u^2 = 1 / u^2     because u - |z| = 1

Shapes     z, u, a: any, alike
Domain     every finite z; smooth at 0, where the sign is multiplied by z
Rounding   1 / u is squared, as u^2 may overflow; the difference of (2) + (2)(1) would cancel.
Reference  Bergstra, Desjardins, Lamblin & Bengio, Quadratic polynomials learn better (2009).
"""

import jax.numpy as jnp

from refnet import softsign

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def gradient(z, da):
    u = 1.0 / (1.0 + jnp.abs(z))
    return (u * u * da,)  # (2) + (2)(1)


def draw_pair(rng):
    return draws.reals(rng, 3, 5), draws.positives(rng, 3, 5, low=1.0625)


LATEX = r"\frac{\partial a}{\partial z} = \frac{1}{(1 + |z|)^2}"
ARROWS = (
    Arrow(
        "(1) u = 1 + |z|",
        r"\frac{\partial u}{\partial z} = \operatorname{sign} z",
        lambda z: 1.0 + jnp.abs(z),
        lambda z, du: (jnp.sign(z) * du,),
        draws.preactivations,
    ),
    Arrow(
        "(2) a = z / u",
        r"\frac{\partial a}{\partial z} = \frac{1}{u},"
        r" \quad \frac{\partial a}{\partial u} = -\frac{z}{u^2}",
        lambda z, u: z / u,
        lambda z, u, da: (da / u, -z / (u * u) * da),
        draw_pair,
        argnums=(0, 1),
    ),
)
SOFTSIGN = Derivation(
    name="softsign",
    function=softsign,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Bergstra et al. (2009)",
)
