"""Log-sigmoid: da/dz = s(-z).

    z --(1)--> v = -z --(2)--> p = log(1 + e^v) --(3)--> a = -p

    (1)        dv/dz = -1
    (2)        dp/dv = s(v)
    (3)        da/dp = -1
    (3)(2)(1)  da/dz = s(-z)

Shapes     z, v, p, a: any, alike
Domain     every finite z
Rounding   1 - s(z) is 0 from z = 17 in float32; s(-z) keeps every digit.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.59-4.60.
"""

import jax.numpy as jnp

from refnet import log_sigmoid, sigmoid, softplus

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def gradient(z, da):
    return (sigmoid(-z) * da,)  # (3)(2)(1)


LATEX = r"\frac{\partial a}{\partial z} = \sigma(-z) = 1 - \sigma(z)"
ARROWS = (
    Arrow(
        "(1) v = -z",
        r"\frac{\partial v}{\partial z} = -1",
        jnp.negative,
        lambda z, dv: (-dv,),
        draws.preactivations,
    ),
    Arrow(
        "(2) p = log(1 + e^v)",
        r"\frac{\partial p}{\partial v} = \sigma(v)",
        softplus,
        lambda v, dp: (sigmoid(v) * dp,),
        draws.preactivations,
    ),
)
LOG_SIGMOID = Derivation(
    name="log_sigmoid",
    function=log_sigmoid,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Bishop (2006), eq. 4.59-4.60",
)
