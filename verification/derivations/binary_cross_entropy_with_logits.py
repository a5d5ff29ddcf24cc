"""Binary cross-entropy of logits: dL/dz = (s(z) - y) / n.

    z --(1)--> p = softplus(z)      --(3)--> L = mean ((1 - y) p + y q)
    z --(2)--> q = softplus(-z)     --(3)-->

    (1)      dp/dz = s(z)
    (2)      dq/dz = -s(-z)
    (3)      dL/dp = (1 - y) / n     dL/dq = y / n     dL/dy = (q - p) / n
    (3)(1) + (3)(2)
             dL/dz = ((1 - y) s(z) - y s(-z)) / n = (s(z) - y) / n
             dL/dy = -z / n                              because softplus(z) - softplus(-z) = z

Shapes     z, y: any, alike, n entries in all    L: ()
Domain     every finite z; 0 <= y <= 1
Rounding   s(z) - y loses every digit once s(z) rounds to y = 1; the two products keep them all
           for hard labels, and for soft ones cancel only where s(z) is near y.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.91.
"""

import jax.numpy as jnp
import numpy as np

from refnet import binary_cross_entropy_with_logits, sigmoid, softplus

from ..inputs import draws, edges
from ..vocabulary import Arrow, Case, Derivation


def gradient(z, y):
    return residual(z, y) / z.size, -z / z.size  # (3)(1) + (3)(2)


def residual(z, y):
    """s(z) - y, with all its digits."""
    return (1.0 - y) * sigmoid(z) - y * sigmoid(-z)


def draw(rng):
    return draws.reals(rng, 3, 5, high=16.0), draws.labels(rng, 3, 5)


def edge_cases(dtype):
    """The edges of one real variable, for labels 0, 1 and between."""
    labels = {"0": 0.0, "1": 1.0, "0.375": 0.375}
    return tuple(
        Case(f"y = {label}, z = {case.label}", (z := case.args[0], np.full(z.shape, y)))
        for label, y in labels.items()
        for case in edges.elementwise(dtype)
    )


def softplus_of_minus(z):
    return softplus(-z)


def mixture(p, q, y):
    return jnp.mean((1.0 - y) * p + y * q)


def draw_mixture(rng):
    return draws.positives(rng, 3, 5), draws.positives(rng, 3, 5), draws.labels(rng, 3, 5)


LATEX = (
    r"\frac{\partial L}{\partial z} = \frac{(1 - y) \sigma(z) - y \, \sigma(-z)}{n}"
    r" = \frac{\sigma(z) - y}{n}, \quad \frac{\partial L}{\partial y} = -\frac{z}{n}"
)
ARROWS = (
    Arrow(
        "(1) p = softplus(z)",
        r"\frac{\partial p}{\partial z} = \sigma(z)",
        softplus,
        lambda z, dp: (sigmoid(z) * dp,),
        draws.preactivations,
    ),
    Arrow(
        "(2) q = softplus(-z)",
        r"\frac{\partial q}{\partial z} = -\sigma(-z)",
        softplus_of_minus,
        lambda z, dq: (-sigmoid(-z) * dq,),
        draws.preactivations,
    ),
    Arrow(
        "(3) L = mean ((1 - y) p + y q)",
        r"\frac{\partial L}{\partial p} = \frac{1 - y}{n}, \quad"
        r" \frac{\partial L}{\partial q} = \frac{y}{n}, \quad"
        r" \frac{\partial L}{\partial y} = \frac{q - p}{n}",
        mixture,
        lambda p, q, y, dL: tuple(dL * d / p.size for d in (1.0 - y, y, q - p)),
        draw_mixture,
        argnums=(0, 1, 2),
    ),
)
BINARY_CROSS_ENTROPY_WITH_LOGITS = Derivation(
    name="binary_cross_entropy_with_logits",
    function=binary_cross_entropy_with_logits,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite z; 0 <= y <= 1",
    reference="Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.91",
)
