"""Softmax: dz = p (dp - sum p dp): every probability depends on every logit.

    z --(1)--> e = exp(z - max z) --(2)--> p = e / sum e

    (1)      dz = e de
    (2)      de = (dp - sum p dp) / sum e
    (2)(1)   dz = p (dp - sum p dp)

Shapes     z, p: (..., classes)
Domain     every finite z whose differences are finite
Rounding   dp - sum p dp cancels where one p is close to 1: written as the sum of p_k (dp - dp_k).
Reference  Bridle, Probabilistic interpretation of feedforward classification outputs (1990).
"""

import jax.numpy as jnp

from refnet import softmax as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def shares(e):
    return e / jnp.sum(e, axis=-1, keepdims=True)


def gradient(z, dp):
    p = function(z)
    return (p * less_mean(p, dp),)  # (2)(1)


def less_mean(p, dp):
    """dp_c - sum_k p_k dp_k, as a sum of differences."""
    return jnp.sum(p[..., None, :] * (dp[..., :, None] - dp[..., None, :]), axis=-1)


def pull_shares(e, dp):
    return (less_mean(shares(e), dp) / jnp.sum(e, axis=-1, keepdims=True),)


def draw(rng):
    return (draws.reals(rng, 4, 3),)


def edge_cases(dtype):
    """Even and sure predictions."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**3))


LATEX = r"\bar{z} = p \odot \left( \bar{p} - \textstyle\sum_k p_k \bar{p}_k \right)"
ARROWS = (
    Arrow(
        "(2) p = e / sum e",
        r"\bar{e} = \left( \bar{p} - \textstyle\sum p \bar{p} \right) / \textstyle\sum e",
        shares,
        pull_shares,
        lambda rng: (draws.positives(rng, 4, 3),),
    ),
)
SOFTMAX = Derivation(
    name="softmax",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite z whose differences are finite",
    reference="Bridle (1990)",
)
