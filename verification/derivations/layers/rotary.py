"""Rotary positions: points are turned by their place, and gradients are turned back.

    x1, x2 --> y1 = x1 cos a - x2 sin a,   y2 = x1 sin a + x2 cos a,   a = t base^(-2 k / d)

    dx1 = dy1 cos a + dy2 sin a     dx2 = dy2 cos a - dy1 sin a

Shapes     x, y: (t, d)    a: (t, d / 2)    x1, x2: the halves of the columns
Domain     every finite x
Rounding   the angle is rounded: with t it is off by t roundings, and so are sine and cosine.
Reference  Su et al., RoFormer: enhanced transformer with rotary position embedding (2021).
"""

import jax.numpy as jnp

from refnet import rotary
from refnet.layers.positions import angles, turned

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

BASE = 16.0


def function(x):
    return rotary(x, BASE)


def waves(x):
    """cos a and sin a."""
    a = angles(x.shape[0], x.shape[1], BASE, x.dtype)
    return jnp.cos(a), jnp.sin(a)


def gradient(x, dy):
    cos, sin = waves(x)
    return (pull_turned(x, cos, sin, dy)[0],)


def pull_turned(x, cos, sin, dy):
    (a, b), (p, q) = jnp.split(x, 2, axis=-1), jnp.split(dy, 2, axis=-1)
    dx = jnp.concatenate([p * cos + q * sin, q * cos - p * sin], axis=-1)
    return dx, p * a + q * b, q * a - p * b


def draw(rng):
    return (draws.reals(rng, 5, 4),)


def draw_turned(rng):
    return *draw(rng), draws.reals(rng, 5, 2, high=1.0), draws.reals(rng, 5, 2, high=1.0)


def edge_cases(dtype):
    """Small and large inputs."""
    del dtype
    return edges.scaled(draw, (2.0**-20, 2.0**10))


LATEX = (
    r"\bar{x}_1 = \bar{y}_1 \cos a + \bar{y}_2 \sin a, \quad"
    r" \bar{x}_2 = \bar{y}_2 \cos a - \bar{y}_1 \sin a"
)
ARROWS = (
    Arrow(
        "y = x turned by a",
        LATEX,
        turned,
        pull_turned,
        draw_turned,
        argnums=(0, 1, 2),
    ),
)
ROTARY = Derivation(
    name="rotary",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite x",
    reference="Su et al. (2021), section 3.2",
)
