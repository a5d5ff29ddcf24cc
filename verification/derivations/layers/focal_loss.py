"""Focal loss: dL/du = -(1 - p)^g (g p l + 1 - p) / n, with l = -log p and u = +-z.

    z, y --(1)--> u = (2 y - 1) z --(2)--> l = softplus(-u), p = s(u)
    u, l --(3)--> f = e^(-g softplus(u)) l --(4)--> L = mean f      because 1 - p = e^-softplus(u)

    (1)      du/dz = 2 y - 1
    (2)      dl/du = -s(-u)
    (3)      df/du = -g s(u) f     df/dl = (1 - p)^g
    (4)      dL/df = 1 / n
    (3) + (3)(2)
             df/du = -(1 - p)^g (g p l + s(-u)): two terms of one sign, nothing cancels

Shapes     z, y: any, alike, n entries; y = 0 or 1    L: ()    g = 2, a constant
Domain     every finite z
Rounding   that of e^(-g softplus(u)): its argument is rounded before it.
Reference  Lin et al., Focal loss for dense object detection (2017).
"""

import jax.numpy as jnp

from refnet import focal_loss, sigmoid, softplus

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

GAMMA = 2.0


def function(z, y):
    return focal_loss(z, y, GAMMA)


def gradient(z, y):
    sign = 2.0 * y - 1.0
    (du,) = pull_focus(sign * z, jnp.full_like(z, 1.0 / z.size))  # (4)(3)(2)
    return (sign * du,)  # (1)


def focus(u):
    """(1 - p)^g l."""
    return jnp.exp(-GAMMA * softplus(u)) * softplus(-u)


def pull_focus(u, df):
    inside = GAMMA * sigmoid(u) * softplus(-u) + sigmoid(-u)
    return (-jnp.exp(-GAMMA * softplus(u)) * inside * df,)


def draw(rng):
    return draws.reals(rng, 3, 5), draws.hard_labels(rng, 3, 5)


def edge_cases(dtype):
    """Even and sure predictions."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-8, 2.0))


LATEX = (
    r"\bar{u} = -\frac{(1 - p)^{\gamma}}{n}"
    r" \left( 1 - p - \gamma \, p \log p \right), \quad p = \sigma(u), \quad u = (2y - 1) z"
)
ARROWS = (
    Arrow(
        "(2)(3) f = (1 - p)^g l",
        r"\bar{u} = -(1 - p)^{\gamma} \left( \gamma p \ell + 1 - p \right) \bar{f}",
        focus,
        pull_focus,
        lambda rng: (draws.reals(rng, 3, 5),),
    ),
)
FOCAL_LOSS = Derivation(
    name="focal_loss",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite z; y = 0 or 1",
    reference="Lin et al. (2017)",
)
