"""Softmax over the first axis, and over what a mask lets be seen: dz = p (dp - sum p dp).

    z --(1)--> e = exp(z - max z) where the mask is true, else 0 --(2)--> p = e / sum e

    (2)        de = (dp - sum p dp) / sum e
    (1)        dz = e de:   0 where the mask is false, because p is
    (2)(1)     dz = p (dp - sum p dp)

Shapes     z, p: (classes, n)    mask: alike, true somewhere in every column
Domain     every finite z
Rounding   as softmax.
Reference  Bridle, Probabilistic interpretation of feedforward network outputs (1990).
"""

import jax.numpy as jnp

from refnet import softmax

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def function(z, mask):
    return softmax(z, axis=0, mask=mask)


def gradient(z, mask, dp):
    p = function(z, mask)
    return (p * (dp - jnp.sum(p * dp, axis=0, keepdims=True)),)


def shares(e):
    return e / jnp.sum(e, axis=0, keepdims=True)


def pull_shares(e, dp):
    p = shares(e)
    return ((dp - jnp.sum(p * dp, axis=0, keepdims=True)) / jnp.sum(e, axis=0, keepdims=True),)


def draw(rng):
    mask = rng.permutation(draws.hard_labels(rng, 4, 3) > 0.5)
    mask[0] = True
    return draws.reals(rng, 4, 3), mask


def edge_cases(dtype):
    """Even and sure shares."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-8, 2.0**3))


LATEX = r"\bar{z} = p \odot \left( \bar{p} - \textstyle\sum p \bar{p} \right)"
ARROWS = (
    Arrow(
        "(2) p = e / sum e",
        r"\bar{e} = \left( \bar{p} - \textstyle\sum p \bar{p} \right) / \textstyle\sum e",
        shares,
        pull_shares,
        lambda rng: (draws.positives(rng, 4, 3),),
    ),
)
MASKED_SOFTMAX = Derivation(
    name="masked_softmax",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite z, a true entry of the mask in every column",
    reference="Bridle (1990)",
    of="softmax",
)
