"""InfoNCE: dq = ds k / c, dk = ds' q / c, ds = (softmax(s) - I) / n.

    q, k --(1)--> s = q k' / c --(2)--> L = -mean_i log softmax(s_i)_i

    (1)      dq = ds k / c     dk = ds' q / c
    (2)      ds = (softmax(s) - I) / n

Shapes     q, k: (n, width)    s: (n, n)    L: ()    c = 0.5, a constant
Domain     every finite q, k whose products are finite
Rounding   softmax(s) - I as in softmax_cross_entropy: a sum over the other classes.
Reference  van den Oord, Li & Vinyals, Representation learning with contrastive coding (2018).
"""

import jax.numpy as jnp

from refnet import info_nce

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..softmax_cross_entropy import gradient as cross_entropy_gradient

TEMPERATURE = 0.5


def function(q, k):
    return info_nce(q, k, TEMPERATURE)


def scores(q, k):
    return q @ k.T / TEMPERATURE


def gradient(q, k):
    (ds,) = cross_entropy_gradient(scores(q, k), jnp.eye(len(q), dtype=q.dtype))  # (2)
    return pull_scores(q, k, ds)  # (1)


def pull_scores(q, k, ds):
    return ds @ k / TEMPERATURE, ds.T @ q / TEMPERATURE


def draw(rng):
    return draws.reals(rng, 4, 3, high=1.5), draws.reals(rng, 4, 3, high=1.5)


def edge_cases(dtype):
    """Even and sure pairs."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**2))


LATEX = (
    r"\bar{q} = \frac{1}{c} \bar{s} \, k, \quad \bar{k} = \frac{1}{c} \bar{s}^{\top} q, \quad"
    r" \bar{s} = \frac{1}{n} \left( \mathrm{softmax}(s) - I \right)"
)
ARROWS = (
    Arrow(
        "(1) s = q k' / c",
        r"\bar{q} = \frac{1}{c} \bar{s} \, k, \quad \bar{k} = \frac{1}{c} \bar{s}^{\top} q",
        scores,
        pull_scores,
        draw,
        argnums=(0, 1),
    ),
)
INFO_NCE = Derivation(
    name="info_nce",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite q, k whose products are finite",
    reference="van den Oord, Li & Vinyals (2018)",
)
