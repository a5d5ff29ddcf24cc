"""Evidence lower bound: dl = 1 / n, dm = -m / n, dv = (1 - e^v) / (2 n).

    m, v --(1)--> k = sum (m^2 + e^v - 1 - v) / 2 --(2)--> L = mean (l - k)

    (1)      dm = m dk     dv = (e^v - 1) / 2 dk
    (2)      dl = 1 / n     dk = -1 / n

Shapes     l, k: (examples,), n in all    m, v: (examples, latents)    L: ()
Domain     every finite l, m, v whose squares, and e^v, are finite
Rounding   e^v - 1 loses the digits of a small v; expm1 keeps them.
Reference  Kingma & Welling, Auto-encoding variational Bayes (2014), appendix B.
"""

import jax.numpy as jnp

from refnet import evidence_lower_bound as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def gradient(l, m, v):
    dk = jnp.full_like(l, -1.0 / l.size)  # (2)
    return -dk, *pull_divergence(m, v, dk)  # (1)


def divergence(m, v):
    return 0.5 * jnp.sum(m * m + (jnp.expm1(v) - v), axis=-1)


def pull_divergence(m, v, dk):
    return m * dk[:, None], 0.5 * jnp.expm1(v) * dk[:, None]


def draw(rng):
    return draws.reals(rng, 4), draws.reals(rng, 4, 3), draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """Likelihoods of 0, and large ones."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**6))


LATEX = (
    r"\bar{\ell} = \frac{1}{n}, \quad \bar{m} = -\frac{m}{n}, \quad"
    r" \bar{v} = \frac{1 - e^{v}}{2n}"
)
ARROWS = (
    Arrow(
        "(1) k = sum (m^2 + e^v - 1 - v) / 2",
        r"\bar{m} = m \bar{k}, \quad \bar{v} = \frac{e^{v} - 1}{2} \bar{k}",
        divergence,
        pull_divergence,
        lambda rng: (draws.reals(rng, 4, 3), draws.reals(rng, 4, 3)),
        argnums=(0, 1),
    ),
)
EVIDENCE_LOWER_BOUND = Derivation(
    name="evidence_lower_bound",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    scalar=True,
    domain="every finite l, m, v whose squares, and e^v, are finite",
    reference="Kingma & Welling (2014)",
)
