"""Cosine similarity: da = (b / |b| - c a / |a|) dc / |a|, and likewise db.

    a, b --(1)--> p = a . b, m = |a|, n = |b| --(2)--> c = p / (m n)

    (2)      dp = dc / (m n)     dm = -c dc / m     dn = -c dc / n
    (1)      da = b dp + a / m dm     db = a dp + b / n dn
    (2)(1)   da = (b / n - c a / m) dc / m     db = (a / m - c b / n) dc / n

Shapes     a, b: (rows, n)    c: (rows,)
Domain     every finite a, b whose squares are finite and which are not 0
Rounding   b / |b| - c a / |a| cancels where the two are almost parallel.
Reference  Luo et al., Cosine normalization (2018).
"""

import jax.numpy as jnp

from refnet import cosine_similarity as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def length(a):
    return jnp.sqrt(jnp.sum(a * a, axis=-1))


def quotient(p, m, n):
    return p / (m * n)


def gradient(a, b, dc):
    m, n = length(a)[:, None], length(b)[:, None]
    c, dc = function(a, b)[:, None], dc[:, None]
    return (b / n - c * a / m) * dc / m, (a / m - c * b / n) * dc / n  # (2)(1)


def pull_quotient(p, m, n, dc):
    c = quotient(p, m, n)
    return dc / (m * n), -c * dc / m, -c * dc / n


def draw(rng):
    return draws.reals(rng, 3, 5), draws.reals(rng, 3, 5)


def edge_cases(dtype):
    """Short and long vectors."""
    del dtype
    return edges.scaled(draw, (2.0**-6, 2.0**5))


LATEX = (
    r"\bar{a} = \frac{\bar{c}}{|a|} \left( \frac{b}{|b|} - c \frac{a}{|a|} \right), \quad"
    r" \bar{b} = \frac{\bar{c}}{|b|} \left( \frac{a}{|a|} - c \frac{b}{|b|} \right)"
)
ARROWS = (
    Arrow(
        "(1) m = |a|",
        r"\bar{a} = \frac{a}{m} \bar{m}",
        length,
        lambda a, dm: (a * (dm / length(a))[:, None],),
        lambda rng: (draws.reals(rng, 3, 5),),
    ),
    Arrow(
        "(2) c = p / (m n)",
        r"\bar{p} = \frac{\bar{c}}{m n}, \quad \bar{m} = -\frac{c}{m} \bar{c}",
        quotient,
        pull_quotient,
        lambda rng: (draws.reals(rng, 4), draws.positives(rng, 4), draws.positives(rng, 4)),
        argnums=(0, 1, 2),
    ),
)
COSINE_SIMILARITY = Derivation(
    name="cosine_similarity",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite a, b whose squares are finite and which are not 0",
    reference="Luo et al. (2018)",
)
