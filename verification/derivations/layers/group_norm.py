"""Group norm: layer norm over each group of channels and all of space, example by example.

    x --(1)--> rows = x cut into groups --(2)--> h = (rows - mean) / sqrt(variance + eps)
    h --(3)--> y = g h + b, back in the places of x

    (3)        dh = g dy     dg = sum of h dy     db = sum of dy     over examples and space
    (2)        drows = r (dh - mean dh - h mean(dh h)),  means over one row
    (1)        dx = drows, back in the places of x

Shapes     x, y: (batch, space, n)    rows: (batch, groups, space n / groups)    g, b: (n,)
Domain     every finite x, g, b whose squares are finite
Rounding   as layer_norm.
Reference  Wu & He, Group normalization (2018).
"""

import jax.numpy as jnp

from refnet import Norm, group_norm

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .layer_norm import EPS, centred, normalised, pull_normalised

GROUPS = 2


def function(x, gain, bias):
    return group_norm(Norm(gain, bias), x, GROUPS, EPS)


def cut(x):
    """(batch, space, n) -> (batch, groups, space n / groups)."""
    batch, space, n = x.shape
    return jnp.swapaxes(x.reshape(batch, space, GROUPS, n // GROUPS), 1, 2).reshape(
        batch, GROUPS, -1
    )


def put_back(rows, x):
    """Back in the places of x."""
    batch, space, n = x.shape
    return jnp.swapaxes(rows.reshape(batch, GROUPS, space, n // GROUPS), 1, 2).reshape(x.shape)


def affine(h, gain, bias):
    return h * gain[None, None] + bias[None, None]


def gradient(x, gain, bias, dy):
    c = centred(cut(x))
    dh, dgain, dbias = pull_affine(put_back(normalised(c), x), gain, bias, dy)  # (3)
    (dc,) = pull_normalised(c, cut(dh))  # (2)
    return put_back(dc - jnp.mean(dc, axis=-1, keepdims=True), x), dgain, dbias  # (1)


def pull_affine(h, gain, bias, dy):
    del bias
    return dy * gain[None, None], jnp.sum(h * dy, axis=(0, 1)), jnp.sum(dy, axis=(0, 1))


def draw(rng):
    return draws.reals(rng, 2, 3, 4), draws.reals(rng, 4), draws.reals(rng, 4)


def edge_cases(dtype):
    """Examples so small that eps is all of the deviation, and large ones."""
    del dtype
    return edges.scaled(draw, (2.0**-6, 2.0**5))


LATEX = (
    r"\bar{x} = r \left( \bar{h} - \overline{\bar{h}} - h \, \overline{\bar{h} h} \right), \quad"
    r" \bar{h} = g \bar{y}, \quad \bar{g} = \sum h \bar{y}, \quad \bar{b} = \sum \bar{y}"
)
ARROWS = (
    Arrow(
        "(1) rows of groups",
        r"\bar{x} = \bar{\mathrm{rows}}",
        cut,
        lambda x, d: (put_back(d, x),),
        lambda rng: (draw(rng)[0],),
    ),
    Arrow("(3) y = g h + b", r"\bar{h} = g \bar{y}", affine, pull_affine, draw, argnums=(0, 1, 2)),
)
GROUP_NORM = Derivation(
    name="group_norm",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, g, b whose squares are finite",
    reference="Wu & He (2018)",
)
