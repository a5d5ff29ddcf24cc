"""Continuously differentiable exponential unit: da/dz is 1 where z > 0, else e^(z / alpha).

    z --(1)--> v = z / alpha --(2)--> q = alpha (e^v - 1)
    z, q --(3)--> a = z where z > 0, else q

    (1)        dv/dz = 1 / alpha
    (2)        dq/dv = alpha e^v
    (3)        da/dz = [z > 0]     da/dq = [z <= 0]
    together   da/dz = 1 where z > 0, e^(z / alpha) where z <= 0: 1 from both sides of 0

Shapes     z, v, q, a: any, alike    alpha = 0.7, a constant
Domain     every finite z
Rounding   z / alpha is rounded before e^: about 1 + |z| ulp remain.
Reference  Barron, Continuously differentiable exponential linear units (2017).
"""

import jax.numpy as jnp

from refnet import celu

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .elu import draw_negative, exponential

ALPHA = 0.7


def function(z):
    return celu(z, ALPHA)


def gradient(z, da):
    return (jnp.where(z > 0.0, da, exponential(z / ALPHA) * da),)  # (3) + (3)(2)(1)


LATEX = (
    r"\frac{\partial a}{\partial z} = 1 \text{ where } z > 0,"
    r" \quad e^{z / \alpha} \text{ elsewhere}"
)
ARROWS = (
    Arrow(
        "(1) v = z / alpha",
        r"\frac{\partial v}{\partial z} = \frac{1}{\alpha}",
        lambda z: z / ALPHA,
        lambda z, dv: (dv / ALPHA,),
        draws.preactivations,
    ),
    Arrow(
        "(2) q = alpha (e^v - 1)",
        r"\frac{\partial q}{\partial v} = \alpha e^{v}",
        lambda v: ALPHA * jnp.expm1(v),
        lambda v, dq: (ALPHA * jnp.exp(v) * dq,),
        draw_negative,
    ),
)
CELU = Derivation(
    name="celu",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Barron (2017)",
)
