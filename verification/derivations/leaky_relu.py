"""Leaky rectifier: da/dz is 1 where z > 0, else the leak.

    z --(1)--> q = l z
    z, q --(2)--> a = max(z, q)

    (1)        dq/dz = l
    (2)        da/dz = [z > q]     da/dq = [z <= q]      z > l z exactly where z > 0, as l < 1
    (2)+(2)(1) da/dz = 1 where z > 0, l where z < 0      at z = 0 any value in [l, 1]; we say l

Shapes     z, q, a: any, alike    l = 0.01, a constant
Domain     every finite z
Rounding   one: the product with l.  Subnormal numbers as for relu.
Reference  Maas, Hannun & Ng, Rectifier nonlinearities improve acoustic models (2013).
"""

import jax.numpy as jnp

from refnet import leaky_relu

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation

LEAK = 0.01


def gradient(z, da):
    return (jnp.where(z > 0.0, da, LEAK * da),)  # (2) + (2)(1)


def leaked(z):
    return LEAK * z


def pull_larger(z, q, da):
    return jnp.where(z > q, da, 0.0), jnp.where(z > q, 0.0, da)


def draw_pair(rng):
    return draws.reals(rng, 3, 5), draws.reals(rng, 3, 5)


LATEX = (
    r"\frac{\partial a}{\partial z} = 1 \text{ where } z > 0, \quad \ell \text{ where } z < 0,"
    r" \quad \text{in } [\ell, 1] \text{ at } z = 0"
)
ARROWS = (
    Arrow(
        "(1) q = l z",
        r"\frac{\partial q}{\partial z} = \ell",
        leaked,
        lambda z, dq: (LEAK * dq,),
        draws.preactivations,
    ),
    Arrow(
        "(2) a = max(z, q)",
        r"\frac{\partial a}{\partial z} = [z > q], \quad \frac{\partial a}{\partial q} = [z < q]",
        jnp.maximum,
        pull_larger,
        draw_pair,
        argnums=(0, 1),
    ),
)
LEAKY_RELU = Derivation(
    name="leaky_relu",
    function=leaky_relu,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draws.preactivations,
    edges=edges.elementwise,
    domain="every finite z",
    reference="Maas, Hannun & Ng (2013)",
)
