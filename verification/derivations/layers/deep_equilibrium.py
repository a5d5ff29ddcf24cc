"""Deep equilibrium: the gradient of a state that no longer changes, by the implicit function.

    x --(1)--> c = x u + b --(2)--> z = tanh(c + z w), the z that this leaves as it is

    (2)      z' = s (c' + z' w) along any direction, s = 1 - z^2;  so, backwards, all at once:
             v = dz + (s v) w'     dc = s v     dw = z' dc
    (1)      du = x' dc     db = sum of dc     dx = dc u'

v is the sum of dz over all steps back: dz + s dz w' + ..., which ends where |w| < 1.

Shapes     x: (batch, in)    u: (in, n)    w: (n, n)    b: (n,)    z: (batch, n)
Domain     every finite x, u, b; |w| < 1/8, so that 24 steps end within the rounding of float64
Rounding   that of one step, times 1 / (1 - |w|): earlier steps are forgotten.
Reference  Bai, Kolter & Koltun, Deep equilibrium models (2019), theorem 1.
"""

import jax.numpy as jnp
from jax import lax

from refnet import Dense, Recurrent, deep_equilibrium, dense

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..dense import gradient as dense_gradient
from ..mlp import LAYER
from ..tanh import gradient as tanh_gradient

STEPS = 24


def function(params, x):
    return deep_equilibrium(params, x, STEPS)


def gradient(params, x, dz):
    z = function(params, x)
    dc = pull_state(slope(params, x, z), params.w, dz)  # (2)
    (du, db), dx = dense_gradient(Dense(params.u, params.b), x, dc)  # (1)
    return Recurrent(du, z.T @ dc, db), dx


def slope(params, x, z):
    """s, from what tanh takes: 1 - z^2 has no digits where z is near 1."""
    a = dense(Dense(params.u, params.b), x) + z @ params.w
    return tanh_gradient(a, jnp.ones_like(a))[0]


def pull_state(s, w, dz):
    """s v: as many steps as forward."""
    again = lambda v, _: (dz + (s * v) @ w.T, None)
    return s * lax.scan(again, dz, length=STEPS)[0]


def draw(rng):
    w = draws.reals(rng, 3, 3, high=2.0**-5)  # rows of less than 1/8: 24 steps leave 2^-72
    params = Recurrent(draws.reals(rng, 3, 3, high=1.5), w, draws.reals(rng, 3))
    return params, draws.reals(rng, 8, 3)


def edge_cases(dtype):
    """A state of 0, and an almost linear one."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-6))


LATEX = (
    r"v = \bar{z} + (s \odot v) w^{\top}, \quad \bar{c} = s \odot v, \quad"
    r" \bar{w} = z^{\top} \bar{c}, \quad \bar{u} = x^{\top} \bar{c}, \quad"
    r" \bar{x} = \bar{c} u^{\top}, \quad s = 1 - z^2"
)
ARROWS = (
    LAYER,
    Arrow(
        "(2) z = tanh(c + z w), one step",
        r"\bar{c} = s \odot \bar{z}, \quad \bar{z} \leftarrow (s \odot \bar{z}) w^{\top}",
        lambda c, z, w: jnp.tanh(c + z @ w),
        lambda c, z, w, dz: pull_step(c, z, w, dz),
        lambda rng: (
            draws.reals(rng, 4, 3),
            draws.probabilities(rng, 4, 3),
            draws.reals(rng, 3, 3),
        ),
        argnums=(0, 1, 2),
    ),
)


def pull_step(c, z, w, dz):
    (da,) = tanh_gradient(c + z @ w, dz)
    return da, da @ w.T, z.T @ da


DEEP_EQUILIBRIUM = Derivation(
    name="deep_equilibrium",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite x, u, b; |w| < 1/8",
    reference="Bai, Kolter & Koltun (2019), theorem 1",
)
