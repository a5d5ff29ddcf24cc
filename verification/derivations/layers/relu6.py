"""Rectifier that stops at 6: da/dz is 1 where 0 < z < 6, else 0.

    z --(1)--> m = max(z, 0) --(2)--> a = min(m, 6)

    (1)        dm/dz = [z > 0]
    (2)        da/dm = [m < 6]
    (2)(1)     da/dz = [0 < z < 6]     at a kink any value in [0, 1]; we say 0

Shapes     z, m, a: any, alike
Domain     every finite z
Rounding   none: the cotangent is handed on, or not.
Reference  Krizhevsky, Convolutional deep belief networks on CIFAR-10 (2010).
"""

import jax.numpy as jnp

from refnet import relu6

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

LOW, HIGH = 0.0, 6.0


def gradient(z, da):
    return (jnp.where((z > LOW) & (z < HIGH), da, 0.0),)  # (2)(1)


LATEX = r"\frac{\partial a}{\partial z} = [0 < z < 6]"
ARROWS = (
    Arrow(
        "(1) m = max(z, 0)",
        r"\frac{\partial m}{\partial z} = [z > 0]",
        lambda z: jnp.maximum(z, LOW),
        lambda z, dm: (jnp.where(z > LOW, dm, 0.0),),
        draws.preactivations,
    ),
    Arrow(
        "(2) a = min(m, 6)",
        r"\frac{\partial a}{\partial m} = [m < 6]",
        lambda m: jnp.minimum(m, HIGH),
        lambda m, da: (jnp.where(m < HIGH, da, 0.0),),
        draws.preactivations,
    ),
)
RELU6 = Derivation(
    name="relu6",
    function=relu6,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Krizhevsky (2010)",
)
