"""Kullback-Leibler divergence of two softmaxes: dq = (Q - P) / n, dp = P (r - sum P r) / n.

    p --(1)--> P = softmax(p)
    p, q --(2)--> r = log P - log Q
    P, r --(3)--> L = mean over examples of sum_c P_c r_c

    (1)      dp = P (dP - sum P dP)
    (2)      dp = dr - P sum dr     dq = Q sum dr - dr
    (3)      dP = r / n     dr = P / n
    (3)(1) + (3)(2)
             dp = P (r - sum P r) / n     dq = (Q - P) / n      because sum P = 1

Shapes     p, q: (batch, classes), n rows    L: ()
Domain     every finite p, q whose differences are finite
Rounding   Q - P and r - sum P r cancel where the distributions are alike.
Reference  Kullback & Leibler, On information and sufficiency (1951).
"""

import jax.numpy as jnp

from refnet import kl_divergence as function
from refnet import log_softmax, softmax

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .softmax import less_mean


def gradient(p, q):
    shares = softmax(p)
    dp = shares * less_mean(shares, ratio(p, q)) / len(p)  # (3)(1) + (3)(2)
    return dp, (softmax(q) - shares) / len(p)


def ratio(p, q):
    return log_softmax(p) - log_softmax(q)


def pull_ratio(p, q, dr):
    total = jnp.sum(dr, axis=-1, keepdims=True)
    return dr - softmax(p) * total, softmax(q) * total - dr


def expected(shares, r):
    return jnp.mean(jnp.sum(shares * r, axis=-1))


def draw(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """Even and sure predictions."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**3))


LATEX = (
    r"\bar{q} = \frac{Q - P}{n}, \quad"
    r" \bar{p} = \frac{1}{n} P \odot \left( r - \textstyle\sum_k P_k r_k \right), \quad"
    r" r = \log \frac{P}{Q}"
)
ARROWS = (
    Arrow(
        "(2) r = log P - log Q",
        r"\bar{p} = \bar{r} - P \textstyle\sum \bar{r}, \quad"
        r" \bar{q} = Q \textstyle\sum \bar{r} - \bar{r}",
        ratio,
        pull_ratio,
        draw,
        argnums=(0, 1),
    ),
    Arrow(
        "(3) L = mean sum P r",
        r"\bar{P} = r / n, \quad \bar{r} = P / n",
        expected,
        lambda shares, r, dL: (r * dL / len(r), shares * dL / len(r)),
        lambda rng: (draws.probabilities(rng, 4, 3), draws.reals(rng, 4, 3)),
        argnums=(0, 1),
    ),
)
KL_DIVERGENCE = Derivation(
    name="kl_divergence",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite p, q whose differences are finite",
    reference="Kullback & Leibler (1951)",
)
