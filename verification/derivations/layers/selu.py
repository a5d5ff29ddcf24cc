"""Scaled exponential linear unit: da/dz is scale where z > 0, else scale alpha e^z.

    z --(1)--> q = elu(z, alpha) --(2)--> a = scale q

    (1)        dq/dz = 1 where z > 0, else alpha e^z
    (2)        da/dq = scale
    (2)(1)     da/dz = scale, or scale alpha e^z     at 0 between the two; we say scale alpha

Shapes     z, q, a: any, alike    alpha = 1.673, scale = 1.051, constants
Domain     every finite z
Rounding   as elu.
Reference  Klambauer, Unterthiner, Mayr & Hochreiter, Self-normalizing neural networks (2017).
"""

import jax.numpy as jnp

from refnet import selu
from refnet.units import SELU_ALPHA, SELU_SCALE

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .elu import exponential


def gradient(z, da):
    return (SELU_SCALE * jnp.where(z > 0.0, da, SELU_ALPHA * exponential(z) * da),)  # (2)(1)


LATEX = (
    r"\frac{\partial a}{\partial z} = \lambda \text{ where } z > 0,"
    r" \quad \lambda \alpha e^{z} \text{ elsewhere}"
)
ARROWS = (
    Arrow(
        "(2) a = scale q",
        r"\frac{\partial a}{\partial q} = \lambda",
        lambda q: SELU_SCALE * q,
        lambda q, da: (SELU_SCALE * da,),
        draws.preactivations,
    ),
)
SELU = Derivation(
    name="selu",
    function=selu,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Klambauer et al. (2017)",
)
