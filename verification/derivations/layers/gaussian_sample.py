"""A draw that a gradient goes through: dm = dz, dv = e^(v/2) noise dz / 2.

    v --(1)--> d = e^(v/2)
    m, d --(2)--> z = m + d noise

    (2)      dm = dz     dd = noise dz
    (1)      dv = d dd / 2

Shapes     m, v, noise, z: any, alike
Domain     every finite m, v, noise whose e^(v/2) noise is finite
Rounding   one exponential; the slope in v needs no more than the value has.
Reference  Kingma & Welling, Auto-encoding variational Bayes (2014), section 2.4.
"""

import jax.numpy as jnp

from refnet import gaussian_sample as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def gradient(m, v, noise, dz):
    del m
    return (dz, *pull_deviation(v, noise * dz))  # (2)(1)


def deviation(v):
    return jnp.exp(0.5 * v)


def pull_deviation(v, dd):
    return (0.5 * deviation(v) * dd,)


def draw(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 3), draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """The mean alone, and draws from far and wide."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**2))


LATEX = r"\bar{m} = \bar{z}, \quad \bar{v} = \tfrac{1}{2} e^{v/2} \varepsilon \odot \bar{z}"
ARROWS = (
    Arrow(
        "(1) d = e^(v/2)",
        r"\bar{v} = \tfrac{1}{2} d \bar{d}",
        deviation,
        pull_deviation,
        lambda rng: (draws.reals(rng, 4, 3),),
    ),
    Arrow(
        "(2) z = m + d noise",
        r"\bar{m} = \bar{z}, \quad \bar{d} = \varepsilon \odot \bar{z}",
        lambda m, d, noise: m + d * noise,
        lambda m, d, noise, dz: (dz, noise * dz),
        lambda rng: tuple(draws.reals(rng, 4, 3) for _ in range(3)),
        argnums=(0, 1),
    ),
)
GAUSSIAN_SAMPLE = Derivation(
    name="gaussian_sample",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite m, v, noise whose e^(v/2) noise is finite",
    reference="Kingma & Welling (2014), section 2.4",
)
