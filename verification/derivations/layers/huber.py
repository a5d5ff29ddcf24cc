"""Huber loss: dL/dp = (p - t) / n where that is small, +-delta / n where it is large.

    p, t --(1)--> e = p - t --(2)--> l = e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2)
    --(3)--> L = mean l

    (3)        dl = 1 / n
    (2)        de = e where |e| <= delta, else delta sign e:  e held within delta
    (1)        dp = de     dt = -de

Shapes     p, t: any, alike, n entries    L: ()
Domain     every finite p, t whose squares are finite
Rounding   that of p - t.
Reference  Huber, Robust estimation of a location parameter (1964).
"""

import jax.numpy as jnp

from refnet import huber
from refnet.losses.squares import huber_penalty

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

DELTA = 1.3


def function(p, t):
    return huber(p, t, DELTA)


def penalty(e):
    return huber_penalty(e, DELTA)


def gradient(p, t):
    de = pull_penalty(p - t, jnp.full_like(p, 1.0 / p.size))[0]  # (3)(2)
    return de, -de  # (1)


def pull_penalty(e, dl):
    return (jnp.clip(e, -DELTA, DELTA) * dl,)


def draw(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """Small and large predictions."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**5))


LATEX = r"\bar{p} = \frac{1}{n} \max(-\delta, \min(p - t, \delta)), \quad \bar{t} = -\bar{p}"
ARROWS = (
    Arrow(
        "(2) l = e^2 / 2, or delta (|e| - delta / 2)",
        r"\bar{e} = \max(-\delta, \min(e, \delta)) \, \bar{l}",
        penalty,
        pull_penalty,
        lambda rng: (draws.reals(rng, 4, 3),),
    ),
)
HUBER = Derivation(
    name="huber",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite p, t whose squares are finite",
    reference="Huber (1964)",
)
