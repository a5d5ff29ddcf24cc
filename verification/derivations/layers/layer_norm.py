"""Layer norm: dx = r (dh - mean dh - h mean(dh h)), every example by its own statistics.

    x --(1)--> c = x - mean x --(2)--> h = c r,  r = 1 / sqrt(mean c^2 + eps) --(3)--> y = g h + b

    (3)        dh = g dy     dg = sum of h dy     db = sum of dy
    (2)        dc = r (dh - h mean(h dh))         because dr/dc = -r^3 c / n
    (1)        dx = dc - mean dc
    (3)(2)(1)  dx = r (dh - mean dh - h mean(dh h))     because mean h = 0

Shapes     x, y: (batch, n)    g, b: (n,)
Domain     every finite x, g, b whose squares are finite
Rounding   c cancels where the entries of an example are alike; what is left is that of x.
Reference  Ba, Kiros & Hinton, Layer normalization (2016).
"""

import jax.numpy as jnp

from refnet import Norm, layer_norm

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

EPS = 1e-3


def function(x, gain, bias):
    return layer_norm(Norm(gain, bias), x, EPS)


def centred(x):
    return x - jnp.mean(x, axis=-1, keepdims=True)


def normalised(c):
    return c / jnp.sqrt(jnp.mean(c * c, axis=-1, keepdims=True) + EPS)


def affine(h, gain, bias):
    return h * gain[None, :] + bias[None, :]


def gradient(x, gain, bias, dy):
    c = centred(x)
    dh, dgain, dbias = pull_affine(normalised(c), gain, bias, dy)  # (3)
    (dc,) = pull_normalised(c, dh)  # (2)
    return dc - jnp.mean(dc, axis=-1, keepdims=True), dgain, dbias  # (1)


def pull_affine(h, gain, bias, dy):
    del bias
    return dy * gain[None, :], jnp.sum(h * dy, axis=0), jnp.sum(dy, axis=0)


def pull_normalised(c, dh):
    root = jnp.sqrt(jnp.mean(c * c, axis=-1, keepdims=True) + EPS)
    h = c / root
    return ((dh - h * jnp.mean(h * dh, axis=-1, keepdims=True)) / root,)


def draw(rng):
    return draws.reals(rng, 4, 5), draws.reals(rng, 5), draws.reals(rng, 5)


def edge_cases(dtype):
    """Examples so small that eps is all of the deviation, and large ones."""
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
        lambda x, dc: (dc - jnp.mean(dc, axis=-1, keepdims=True),),
        lambda rng: (draws.reals(rng, 4, 5),),
    ),
    Arrow(
        "(2) h = c / sqrt(mean c^2 + eps)",
        r"\bar{c} = r \left( \bar{h} - h \, \overline{h \bar{h}} \right)",
        normalised,
        pull_normalised,
        lambda rng: (draws.reals(rng, 4, 5),),
    ),
    Arrow(
        "(3) y = g h + b",
        r"\bar{h} = g \bar{y}, \quad \bar{g} = \sum_k h_k \bar{y}_k, \quad"
        r" \bar{b} = \sum_k \bar{y}_k",
        affine,
        pull_affine,
        draw,
        argnums=(0, 1, 2),
    ),
)
LAYER_NORM = Derivation(
    name="layer_norm",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, g, b whose squares are finite",
    reference="Ba, Kiros & Hinton (2016)",
)
