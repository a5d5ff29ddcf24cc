"""Hinge loss: dL/ds = -t / n where the margin t s is below 1, 0 elsewhere.

    s, t --(1)--> m = 1 - t s --(2)--> l = max(m, 0) --(3)--> L = mean l

    (3)        dl = 1 / n
    (2)        dm = dl where m > 0, else 0
    (1)        ds = -t dm

Shapes     s, t: any, alike, n entries; t = 1 or -1    L: ()
Domain     every finite s; at t s = 1 we say 0
Rounding   1 - t s may come out on either side of 0 where t s is within rounding of 1.
Reference  Cortes & Vapnik, Support-vector networks (1995).
"""

import jax.numpy as jnp

from refnet import hinge as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def margin(s, t):
    return 1.0 - t * s


def gradient(s, t):
    return (jnp.where(margin(s, t) > 0.0, -t / s.size, jnp.zeros_like(s)),)  # (3)(2)(1)


def draw(rng):
    return draws.reals(rng, 4, 3), 2.0 * draws.hard_labels(rng, 4, 3) - 1.0


def edge_cases(dtype):
    """Scores of 0, and large ones."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**5))


LATEX = r"\frac{\partial L}{\partial s} = -\frac{t}{n} \, [t s < 1]"
ARROWS = (
    Arrow(
        "(1) m = 1 - t s",
        r"\bar{s} = -t \, \bar{m}",
        margin,
        lambda s, t, dm: (-t * dm,),
        draw,
    ),
)
HINGE = Derivation(
    name="hinge",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite s",
    reference="Cortes & Vapnik (1995)",
)
