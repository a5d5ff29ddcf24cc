"""Weight norm: a column's length is g, and what is left turns: dv is at right angles to v.

    v --(1)--> u = v / |v|, column by column --(2)--> w = g u

    (2)        dg = sum of u dw     du = g dw
    (1)        dv = (du - u sum u du) / |v|
    (2)(1)     dv = g / |v| (dw - u dg)

Shapes     v, w: (in, out)    g: (out,)
Domain     no column of zeros
Rounding   dw - u dg cancels where dw points along v: what is left is small beside dw.
Reference  Salimans & Kingma, Weight normalization (2016), eq. 2 and 3.
"""

import jax.numpy as jnp

from refnet import weight_norm as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def length(v):
    return jnp.sqrt(jnp.sum(v * v, axis=0))


def unit(v):
    return v / length(v)[None]


def gradient(v, gain, dw):
    du, dgain = pull_scaled(unit(v), gain, dw)  # (2)
    return *pull_unit(v, du), dgain  # (1)


def pull_unit(v, du):
    u = unit(v)
    return ((du - u * jnp.sum(u * du, axis=0)[None]) / length(v)[None],)


def scaled(u, gain):
    return u * gain[None]


def pull_scaled(u, gain, dw):
    return dw * gain[None], jnp.sum(u * dw, axis=0)


def draw(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 3)


def edge_cases(dtype):
    """Short and long columns."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**6))


LATEX = (
    r"\bar{g} = \sum_k u_k \bar{w}_k, \quad"
    r" \bar{v} = \frac{g}{\lVert v \rVert} (\bar{w} - u \, \bar{g}), \quad"
    r" u = v / \lVert v \rVert"
)
ARROWS = (
    Arrow(
        "(1) u = v / |v|",
        r"\bar{v} = \left( \bar{u} - u \textstyle\sum u \bar{u} \right) / \lVert v \rVert",
        unit,
        pull_unit,
        lambda rng: (draw(rng)[0],),
    ),
    Arrow(
        "(2) w = g u",
        r"\bar{u} = g \bar{w}, \quad \bar{g} = \sum_k u_k \bar{w}_k",
        scaled,
        pull_scaled,
        draw,
        argnums=(0, 1),
    ),
)
WEIGHT_NORM = Derivation(
    name="weight_norm",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="no column of zeros",
    reference="Salimans & Kingma (2016), eq. 2 and 3",
)
