"""Balancing loss: dz = E / (k n) p (f - sum p f), f the counted shares, which are held.

    z --(1)--> p = softmax z --(2)--> m_e = mean of p_e over the rows --(3)--> L = E / k sum f_e m_e

    (3)        dm_e = E f_e / k
    (2)        dp_e = dm_e / n
    (1)        dz = p (dp - sum p dp)

Shapes     z: (n, E)    L: ()    k = 1 of E experts is chosen in each row
Domain     every finite z without ties of the largest
Rounding   as softmax; f counts, and is exact.
Reference  Fedus, Zoph & Shazeer, Switch transformers (2021), eq. 4 to 6.
"""

import jax.numpy as jnp

from refnet import balancing_loss, softmax
from refnet.layers.mixture import largest

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def function(z):
    return balancing_loss(z)


def shares(z):
    """f: how many rows choose each expert, of all rows."""
    return jnp.mean(largest(z, 1).astype(z.dtype), axis=0)


def gradient(z):
    (dp,) = pull_balance(softmax(z), shares(z), jnp.ones((), z.dtype))  # (3)(2)
    p = softmax(z)
    return (p * (dp - jnp.sum(p * dp, axis=-1, keepdims=True)),)  # (1)


def balance(p, f):
    return jnp.sum(f * jnp.mean(p, axis=0)) * len(f)


def pull_balance(p, f, dl):
    return (jnp.broadcast_to(dl * len(f) * f[None] / len(p), p.shape),)


def draw(rng):
    return (draws.reals(rng, 5, 3),)


def edge_cases(dtype):
    """Even and sure routers."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**3))


LATEX = (
    r"\bar{z}_r = \frac{E}{k n} \, p_r \odot \left( f - \textstyle\sum_e p_{re} f_e \right), \quad"
    r" f_e = \frac{1}{n} \left| \{ r : e \text{ chosen} \} \right|"
)
ARROWS = (
    Arrow(
        "(2)(3) L = E sum f mean p",
        r"\bar{p}_{re} = \frac{E f_e}{k n} \bar{L}",
        balance,
        pull_balance,
        lambda rng: (draws.probabilities(rng, 5, 3), draws.probabilities(rng, 3)),
    ),
)
BALANCING_LOSS = Derivation(
    name="balancing_loss",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite z without ties of the largest",
    reference="Fedus, Zoph & Shazeer (2021), eq. 4 to 6",
)
