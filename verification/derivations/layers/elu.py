"""Exponential linear unit: da/dz is 1 where z > 0, else alpha e^z.

    z --(1)--> q = alpha (e^z - 1)
    z, q --(2)--> a = z where z > 0, else q

    (1)        dq/dz = alpha e^z
    (2)        da/dz = [z > 0]     da/dq = [z <= 0]
    (2)+(2)(1) da/dz = 1 where z > 0, alpha e^z where z < 0     at 0 in [alpha, 1]; we say alpha

Shapes     z, q, a: any, alike    alpha = 0.7, a constant
Domain     every finite z
Rounding   e^z, not q + alpha, which has no digits left where e^z is small.
Reference  Clevert, Unterthiner & Hochreiter, Fast and accurate deep network learning (2016).
"""

import jax.numpy as jnp

from refnet import elu

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

ALPHA = 0.7


def function(z):
    return elu(z, ALPHA)


def gradient(z, da):
    return (jnp.where(z > 0.0, da, ALPHA * exponential(z) * da),)  # (2) + (2)(1)


def exponential(z):
    """e^z where z < 0; where it is not asked for, e^0: it may not overflow."""
    return jnp.exp(jnp.minimum(z, 0.0))


def draw_negative(rng):
    return (-draws.positives(rng, 3, 5),)


LATEX = (
    r"\frac{\partial a}{\partial z} = 1 \text{ where } z > 0, \quad \alpha e^{z} \text{ elsewhere}"
)
ARROWS = (
    Arrow(
        "(1) q = alpha (e^z - 1)",
        r"\frac{\partial q}{\partial z} = \alpha e^{z}",
        lambda z: ALPHA * jnp.expm1(z),
        lambda z, dq: (ALPHA * jnp.exp(z) * dq,),
        draw_negative,
    ),
)
ELU = Derivation(
    name="elu",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Clevert, Unterthiner & Hochreiter (2016)",
)
