"""Triplet loss: da = 2 (q - p) / n, dp = 2 (p - a) / n, dq = 2 (a - q) / n where it is above 0.

    a, p, q --(1)--> d = |a - p|^2 - |a - q|^2 --(2)--> l = max(d + margin, 0) --(3)--> L = mean l

    (1)      da = 2 (q - p) dd     dp = 2 (p - a) dd     dq = 2 (a - q) dd
    (2)      dd = dl where d + margin > 0, else 0
    (3)      dl = 1 / n

Shapes     a, p, q: (examples, k)    d, l: (examples,)    L: ()    margin = 1, a constant
Domain     every finite a, p, q whose squares are finite
Rounding   that of the differences; where d + margin is within rounding of 0, either side is right.
Reference  Schroff, Kalenichenko & Philbin, FaceNet (2015), eq. 3.
"""

import jax.numpy as jnp

from refnet import triplet as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

MARGIN = 1.0


def gradient(a, p, q):
    inside = apart(a, p, q) + MARGIN > 0.0
    dd = jnp.where(inside, 1.0 / len(a), 0.0).astype(a.dtype)  # (3)(2)
    return pull_apart(a, p, q, dd)  # (1)


def apart(a, p, q):
    return jnp.sum((a - p) * (a - p), axis=-1) - jnp.sum((a - q) * (a - q), axis=-1)


def pull_apart(a, p, q, dd):
    twice = 2.0 * dd[:, None]
    return twice * (q - p), twice * (p - a), twice * (a - q)


def draw(rng):
    return tuple(draws.reals(rng, 4, 3, high=2.0) for _ in range(3))


def edge_cases(dtype):
    """Small and large anchors."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**4))


LATEX = (
    r"\bar{a} = \frac{2}{n} (q - p), \quad \bar{p} = \frac{2}{n} (p - a), \quad"
    r" \bar{q} = \frac{2}{n} (a - q), \quad 0 \text{ where } d + m \leq 0"
)
ARROWS = (
    Arrow(
        "(1) d = |a - p|^2 - |a - q|^2",
        r"\bar{a} = 2 (q - p) \bar{d}, \quad \bar{p} = 2 (p - a) \bar{d}, \quad"
        r" \bar{q} = 2 (a - q) \bar{d}",
        apart,
        pull_apart,
        draw,
        argnums=(0, 1, 2),
    ),
)
TRIPLET = Derivation(
    name="triplet",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    scalar=True,
    domain="every finite a, p, q whose squares are finite",
    reference="Schroff, Kalenichenko & Philbin (2015)",
)
