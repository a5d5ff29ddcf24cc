"""Hard swish: da/dz = h + z / 6 where -3 < z < 3, else h, with h the hard sigmoid.

    z --(1)--> h = min(max(z + 3, 0), 6) / 6
    z, h --(2)--> a = z h

    (1)        dh/dz = [-3 < z < 3] / 6
    (2)        da/dz = h     da/dh = z
    (2)+(2)(1) da/dz = 0, (2 z + 3) / 6, or 1     at a kink anything between; we say h

Shapes     z, h, a: any, alike
Domain     every finite z
Rounding   the sum cancels at its root z = -3/2 alone.
Reference  Howard et al., Searching for MobileNetV3 (2019).
"""

from refnet import hard_sigmoid, hard_swish

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .hard_sigmoid import gradient as hard_sigmoid_gradient
from .hard_sigmoid import inside


def gradient(z, da):
    return ((hard_sigmoid(z) + inside(z, z / 6.0)) * da,)  # (2) + (2)(1)


def draw_factors(rng):
    return draws.reals(rng, 3, 5), draws.probabilities(rng, 3, 5)


LATEX = r"\frac{\partial a}{\partial z} = h + \frac{z}{6} [-3 < z < 3]"
ARROWS = (
    Arrow(
        "(1) h = min(max(z + 3, 0), 6) / 6",
        r"\frac{\partial h}{\partial z} = \frac{1}{6} [-3 < z < 3]",
        hard_sigmoid,
        hard_sigmoid_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(2) a = z h",
        r"\frac{\partial a}{\partial z} = h, \quad \frac{\partial a}{\partial h} = z",
        lambda z, h: z * h,
        lambda z, h, da: (h * da, z * da),
        draw_factors,
        argnums=(0, 1),
    ),
)
HARD_SWISH = Derivation(
    name="hard_swish",
    function=hard_swish,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Howard et al. (2019)",
)
