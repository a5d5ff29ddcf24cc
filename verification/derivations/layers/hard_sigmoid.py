"""Hard sigmoid: da/dz is 1/6 where -3 < z < 3, else 0.

    z --(1)--> v = z + 3 --(2)--> r = min(max(v, 0), 6) --(3)--> a = r / 6

    (1)        dv/dz = 1
    (2)        dr/dv = [0 < v < 6]
    (3)        da/dr = 1 / 6
    together   da/dz = [-3 < z < 3] / 6     at a kink any value in [0, 1/6]; we say 0

Shapes     z, v, r, a: any, alike
Domain     every finite z
Rounding   one division; z + 3 may be rounded to a kink where z is within rounding of one.
Reference  Howard et al., Searching for MobileNetV3 (2019).
"""

from refnet import hard_sigmoid, relu6

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .relu6 import gradient as relu6_gradient


def gradient(z, da):
    return (inside(z, da / 6.0),)  # (3)(2)(1)


def inside(z, d):
    """d on the ramp, 0 off it."""
    return relu6_gradient(z + 3.0, d)[0]


LATEX = r"\frac{\partial a}{\partial z} = \frac{1}{6} [-3 < z < 3]"
ARROWS = (
    Arrow(
        "(2) r = min(max(v, 0), 6)",
        r"\frac{\partial r}{\partial v} = [0 < v < 6]",
        relu6,
        relu6_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(3) a = r / 6",
        r"\frac{\partial a}{\partial r} = \frac{1}{6}",
        lambda r: r / 6.0,
        lambda r, da: (da / 6.0,),
        draws.preactivations,
    ),
)
HARD_SIGMOID = Derivation(
    name="hard_sigmoid",
    function=hard_sigmoid,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Howard et al. (2019)",
)
