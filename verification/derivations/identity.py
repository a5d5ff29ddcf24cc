"""Identity: da/dz = 1.

    z --(1)--> a = z

    (1)      da/dz = 1

Shapes     z, a: any, alike
Domain     every finite z
Rounding   none: the cotangent is handed on as it is.
"""

from refnet import identity

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation


def gradient(z, da):
    del z
    return (da,)  # (1)


LATEX = r"\frac{\partial a}{\partial z} = 1"
ARROWS = (Arrow("(1) a = z", LATEX, identity, gradient, draws.preactivations),)
IDENTITY = Derivation(
    name="identity",
    function=identity,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
)
