"""SiLU, or swish: da/dz = s + z s (1 - s), with s = s(z).

    z --(1)--> s = 1 / (1 + e^-z)
    z, s --(2)--> a = z s

    (1)        ds/dz = s(z) s(-z)
    (2)        da/dz = s     da/ds = z
    (2)+(2)(1) da/dz = s(z) + z s(z) s(-z) = s(z) (1 + z s(-z))

Shapes     z, s, a: any, alike
Domain     every finite z
Rounding   the sum cancels at its root z = -1.28 alone; with s(z) taken out, nothing underflows
           before the slope itself does.
Reference  Elfwing, Uchibe & Doya, Sigmoid-weighted linear units (2018), eq. 5.
"""

from refnet import sigmoid, silu

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation
from .sigmoid import gradient as sigmoid_gradient


def gradient(z, da):
    return (sigmoid(z) * (1.0 + z * sigmoid(-z)) * da,)  # (2) + (2)(1)


def product(z, s):
    return z * s


def draw_factors(rng):
    return draws.reals(rng, 3, 5), draws.probabilities(rng, 3, 5)


LATEX = r"\frac{\partial a}{\partial z} = s + z \, s (1 - s) = \sigma(z) \, (1 + z \, \sigma(-z))"
ARROWS = (
    Arrow(
        "(1) s = 1 / (1 + e^-z)",
        r"\frac{\partial s}{\partial z} = \sigma(z) \, \sigma(-z)",
        sigmoid,
        sigmoid_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(2) a = z s",
        r"\frac{\partial a}{\partial z} = s, \quad \frac{\partial a}{\partial s} = z",
        product,
        lambda z, s, da: (s * da, z * da),
        draw_factors,
        argnums=(0, 1),
    ),
)
SILU = Derivation(
    name="silu",
    function=silu,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Elfwing, Uchibe & Doya (2018), eq. 5",
)
