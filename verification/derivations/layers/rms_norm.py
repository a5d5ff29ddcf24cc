"""RMS norm: dx = r (dh - h mean(dh h)), no mean subtracted.

    x --(1)--> h = x r,  r = 1 / sqrt(mean x^2 + eps) --(2)--> y = g h

    (2)      dh = g dy     dg = sum of h dy
    (1)      dx = r (dh - h mean(h dh))
    (2)(1)   as (1), with dh = g dy

Shapes     x, y: (batch, n)    g: (n,)
Domain     every finite x, g whose squares are finite
Rounding   as layer_norm, without its subtraction.
Reference  Zhang & Sennrich, Root mean square layer normalization (2019).
"""

import jax.numpy as jnp

from refnet import rms_norm

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .layer_norm import EPS, normalised, pull_normalised


def function(x, gain):
    return rms_norm(gain, x, EPS)


def stretched(h, gain):
    return h * gain[None, :]


def gradient(x, gain, dy):
    dh, dgain = pull_stretched(normalised(x), gain, dy)  # (2)
    return *pull_normalised(x, dh), dgain  # (1)


def pull_stretched(h, gain, dy):
    return dy * gain[None, :], jnp.sum(h * dy, axis=0)


def draw(rng):
    return draws.reals(rng, 4, 5), draws.reals(rng, 5)


def edge_cases(dtype):
    """Examples so small that eps is all of the mean square, and large ones."""
    del dtype
    return edges.scaled(draw, (2.0**-6, 2.0**5))


LATEX = r"\bar{x} = r \left( g \bar{y} - h \, \overline{h g \bar{y}} \right)"
ARROWS = (
    Arrow(
        "(1) h = x / sqrt(mean x^2 + eps)",
        r"\bar{x} = r \left( \bar{h} - h \, \overline{h \bar{h}} \right)",
        normalised,
        pull_normalised,
        lambda rng: (draws.reals(rng, 4, 5),),
    ),
    Arrow("(2) y = g h", r"\bar{h} = g \bar{y}", stretched, pull_stretched, draw, argnums=(0, 1)),
)
RMS_NORM = Derivation(
    name="rms_norm",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite x, g whose squares are finite",
    reference="Zhang & Sennrich (2019)",
)
