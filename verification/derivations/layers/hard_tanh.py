"""Hard tanh: da/dz is 1 where -1 < z < 1, else 0.

    z --(1)--> m = max(z, -1) --(2)--> a = min(m, 1)

    (1)        dm/dz = [z > -1]
    (2)        da/dm = [m < 1]
    (2)(1)     da/dz = [-1 < z < 1]     at a kink any value in [0, 1]; we say 0

Shapes     z, m, a: any, alike
Domain     every finite z
Rounding   none: the cotangent is handed on, or not.
Reference  Collobert, Large scale machine learning (2004).
"""

import jax.numpy as jnp

from refnet import hard_tanh

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

LOW, HIGH = -1.0, 1.0


def gradient(z, da):
    return (jnp.where((z > LOW) & (z < HIGH), da, 0.0),)  # (2)(1)


LATEX = r"\frac{\partial a}{\partial z} = [-1 < z < 1]"
ARROWS = (
    Arrow(
        "(1) m = max(z, -1)",
        r"\frac{\partial m}{\partial z} = [z > -1]",
        lambda z: jnp.maximum(z, LOW),
        lambda z, dm: (jnp.where(z > LOW, dm, 0.0),),
        draws.preactivations,
    ),
    Arrow(
        "(2) a = min(m, 1)",
        r"\frac{\partial a}{\partial m} = [m < 1]",
        lambda m: jnp.minimum(m, HIGH),
        lambda m, da: (jnp.where(m < HIGH, da, 0.0),),
        draws.preactivations,
    ),
)
HARD_TANH = Derivation(
    name="hard_tanh",
    function=hard_tanh,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Collobert (2004)",
)
