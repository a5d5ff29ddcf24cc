"""Batch norm in training: dx = r (dh - mean dh - h mean(dh h)), means over the batch.

    x --(1)--> c = x - mean x --(2)--> h = c / sqrt(mean c^2 + eps) --(3)--> y = g h + b

    (3)        dh = g dy     dg = sum of h dy     db = sum of dy
    (2)        dc = r (dh - h mean(h dh)),  r = 1 / sqrt(mean c^2 + eps)
    (1)        dx = dc - mean dc

The statistics are those of the batch, and depend on every example: that is the second and third
term.  In evaluation they are constants, and dx = r dh.

Shapes     x, y: (batch, n)    g, b: (n,);  means over the batch
Domain     every finite x, g, b whose squares are finite
Rounding   as layer_norm.
Reference  Ioffe & Szegedy, Batch normalization (2015), section 3.
"""

import jax.numpy as jnp

from refnet import Norm, batch_norm

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .layer_norm import affine, pull_affine

EPS = 1e-3


def function(x, gain, bias):
    return batch_norm(Norm(gain, bias), x, EPS)


def centred(x):
    return x - jnp.mean(x, axis=0, keepdims=True)


def normalised(c):
    return c / deviation(c)


def deviation(c):
    return jnp.sqrt(jnp.mean(c * c, axis=0, keepdims=True) + EPS)


def gradient(x, gain, bias, dy):
    c = centred(x)
    dh, dgain, dbias = pull_affine(normalised(c), gain, bias, dy)  # (3)
    (dc,) = pull_normalised(c, dh)  # (2)
    return dc - jnp.mean(dc, axis=0, keepdims=True), dgain, dbias  # (1)


def pull_normalised(c, dh):
    h = normalised(c)
    return ((dh - h * jnp.mean(h * dh, axis=0, keepdims=True)) / deviation(c),)


def draw(rng):
    return draws.reals(rng, 6, 3), draws.reals(rng, 3), draws.reals(rng, 3)


def edge_cases(dtype):
    """Batches so small that eps is all of the deviation, and large ones."""
    del dtype
    return edges.scaled(draw, (2.0**-6, 2.0**5))


LATEX = (
    r"\bar{x} = r \left( \bar{h} - \overline{\bar{h}} - h \, \overline{\bar{h} h} \right), \quad"
    r" \bar{h} = g \bar{y}, \quad \bar{g} = \sum_k h_k \bar{y}_k, \quad"
    r" \bar{b} = \sum_k \bar{y}_k"
)
ARROWS = (
    Arrow(
        "(1) c = x - mean x",
        r"\bar{x} = \bar{c} - \overline{\bar{c}}",
        centred,
        lambda x, dc: (dc - jnp.mean(dc, axis=0, keepdims=True),),
        lambda rng: (draws.reals(rng, 6, 3),),
    ),
    Arrow(
        "(2) h = c / sqrt(mean c^2 + eps)",
        r"\bar{c} = r \left( \bar{h} - h \, \overline{h \bar{h}} \right)",
        normalised,
        pull_normalised,
        lambda rng: (draws.reals(rng, 6, 3),),
    ),
    Arrow("(3) y = g h + b", r"\bar{h} = g \bar{y}", affine, pull_affine, draw, argnums=(0, 1, 2)),
)
BATCH_NORM = Derivation(
    name="batch_norm",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, g, b whose squares are finite",
    reference="Ioffe & Szegedy (2015), section 3",
)
