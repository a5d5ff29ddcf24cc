"""Rectifier: da/dz is 1 where z > 0, else 0.

    z --(1)--> a = max(z, 0)

    (1)      da/dz = [z > 0]           at z = 0 any value in [0, 1] is a derivative; we say 0

Shapes     z, a: any, alike
Domain     every finite z
Rounding   none.  A device that reads subnormal numbers as 0 (XLA on CPU does) is at the kink
           there, and its 0 is a derivative at that z.
Reference  Clarke, Optimization and Nonsmooth Analysis (1983), for the interval at the kink.
"""

import jax.numpy as jnp

from refnet import relu

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation


def gradient(z, da):
    return (jnp.where(z > 0.0, da, 0.0),)  # (1)


LATEX = (
    r"\frac{\partial a}{\partial z} = 1 \text{ where } z > 0, \quad 0 \text{ where } z < 0,"
    r" \quad \text{in } [0, 1] \text{ at } z = 0"
)
ARROWS = (Arrow("(1) a = max(z, 0)", LATEX, relu, gradient, draws.preactivations),)
RELU = Derivation(
    name="relu",
    function=relu,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Clarke, Optimization and Nonsmooth Analysis (1983)",
)
