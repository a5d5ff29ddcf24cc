"""Gaussian likelihood: dm = (m - t) e^-v / n, dv = (1 - (t - m)^2 e^-v) / (2 n).

    m, t --(1)--> e = t - m
    v --(2)--> w = e^-v
    e, v, w --(3)--> L = mean of (v + e^2 w + log 2 pi) / 2

    (1)      dt = de     dm = -de
    (2)      dv = -w dw
    (3)      de = e w / n     dw = e^2 / (2 n)     dv = 1 / (2 n)
    (3) + (3)(2)
             dv = (1 - e^2 w) / (2 n)

Shapes     m, v, t: any, alike, n entries    L: ()
Domain     every finite m, v, t whose squares, and e^-v, are finite
Rounding   1 - e^2 w cancels where the error is as large as the deviation says.
Reference  Nix & Weigend, Estimating the mean and variance of the target distribution (1994).
"""

import jax.numpy as jnp

from refnet import gaussian_likelihood as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def gradient(m, v, t):
    e, w = t - m, jnp.exp(-v)
    dt = e * w / e.size  # (3)(1)
    return -dt, (1.0 - e * e * w) / (2.0 * e.size), dt  # (3) + (3)(2)


def draw(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 3, high=2.0), draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """Means of 0, and large ones."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**4))


LATEX = (
    r"\bar{m} = \frac{m - t}{n} e^{-v}, \quad"
    r" \bar{v} = \frac{1}{2n} \left( 1 - (t - m)^2 e^{-v} \right), \quad \bar{t} = -\bar{m}"
)
ARROWS = (
    Arrow(
        "(2) w = e^-v",
        r"\bar{v} = -e^{-v} \bar{w}",
        lambda v: jnp.exp(-v),
        lambda v, dw: (-jnp.exp(-v) * dw,),
        lambda rng: (draws.reals(rng, 4, 3, high=2.0),),
    ),
)
GAUSSIAN_LIKELIHOOD = Derivation(
    name="gaussian_likelihood",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    scalar=True,
    domain="every finite m, v, t whose squares, and e^-v, are finite",
    reference="Nix & Weigend (1994)",
)
