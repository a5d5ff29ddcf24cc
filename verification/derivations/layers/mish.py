"""Mish: da/dz = t + z (1 - t^2) s(z), with t = tanh(softplus(z)).

    z --(1)--> u = log(1 + e^z) --(2)--> t = tanh u
    z, t --(3)--> a = z t

    (1)        du/dz = s(z)
    (2)        dt/du = 1 - t^2
    (3)        da/dz = t     da/dt = z
    together   da/dz = t + z (1 - t^2) s(z)

Shapes     z, u, t, a: any, alike
Domain     every finite z
Rounding   the sum cancels at its root z = -1.19 alone.
Reference  Misra, Mish: a self regularized non-monotonic activation function (2020).
"""

from refnet import mish, sigmoid, softplus, tanh

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..softplus import gradient as softplus_gradient
from ..tanh import gradient as tanh_gradient


def gradient(z, da):
    u = softplus(z)
    (du,) = tanh_gradient(u, z * sigmoid(z))  # (2) of (3): what goes through t, times (1)
    return ((tanh(u) + du) * da,)


def draw_factors(rng):
    return draws.reals(rng, 3, 5), draws.probabilities(rng, 3, 5)


LATEX = r"\frac{\partial a}{\partial z} = t + z \, (1 - t^2) \, \sigma(z)"
ARROWS = (
    Arrow(
        "(1) u = log(1 + e^z)",
        r"\frac{\partial u}{\partial z} = \sigma(z)",
        softplus,
        softplus_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(2) t = tanh u",
        r"\frac{\partial t}{\partial u} = 1 - t^2",
        tanh,
        tanh_gradient,
        draws.preactivations,
    ),
    Arrow(
        "(3) a = z t",
        r"\frac{\partial a}{\partial z} = t, \quad \frac{\partial a}{\partial t} = z",
        lambda z, t: z * t,
        lambda z, t, da: (t * da, z * da),
        draw_factors,
        argnums=(0, 1),
    ),
)
MISH = Derivation(
    name="mish",
    function=mish,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Misra (2020)",
)
