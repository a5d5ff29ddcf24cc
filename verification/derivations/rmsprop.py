"""RMSProp, T steps: d_k = g_k / sqrt(v_k + eps), the mean of squares unrolled.

    g_t --(1)--> v_k = sum over t <= k of B_kt g_t^2,  B_kt = (1 - rho) rho^(k - t)
    g_k, v_k --(2)--> d_k = g_k / sqrt(v_k + eps) --(3)--> theta_T = theta_0 - r sum_k d_k

    (1)      dv_k/dg_t = 2 B_kt g_t
    (2)      dd_k/dg_k = 1 / sqrt(v_k + eps)     dd_k/dv_k = -g_k / (2 (v_k + eps)^(3/2))
    (2) + (2)(1)
             dd_k/dg_t = ([k = t] (v_k + eps) - g_k B_kt g_t) / (v_k + eps)^(3/2)
    (3)      dtheta_T/dtheta_0 = 1     dtheta_T/dd_k = -r

Shapes     theta: any    g: (T, ...), a leaf for each leaf of theta
Domain     everything finite; eps > 0
Rounding   at t = k, v_k and B_kk g_k^2 have the term B_kk g_k^2 in common, which would cancel: the
           code sums the others.  r^3 of r = (v + eps)^(-1/2) may overflow where g r^2 g r does not.
Reference  Tieleman & Hinton, Lecture 6.5 (2012).
"""

from fractions import Fraction

import jax.numpy as jnp

import refnet

from ..inputs import draws
from ..vocabulary import Arrow, Derivation
from . import trajectory
from .gradient_descent import DESCENT

RHO, EPS = 0.83, 3e-4
RULE = refnet.rmsprop(trajectory.RATE, decay=RHO, eps=EPS)


def after(params, gradients):
    return trajectory.after(RULE, params, gradients)


def gradient(params, gradients, dtheta):
    del params
    return trajectory.pullback(slope, gradients, dtheta)  # (3)((2) + (2)(1))


def weights(count):
    rest = Fraction(1.0 - RHO)  # what the code multiplies by: 1 - rho, rounded
    return trajectory.lower(lambda k, t: rest * Fraction(RHO) ** (k - t), count)


def slope(g):
    return slope_of_scaled(g, weights(len(g)), EPS)


def slope_of_scaled(g, b, eps):
    """dd_k/dg_t as (k, t, ...), of d_k = g_k / sqrt(v_k + eps) with v_k = sum of b_kt g_t^2."""
    same = trajectory.same(len(g))
    v = jnp.tensordot(trajectory.fixed(b, g), g * g, 1)
    earlier = b * (1 - same)
    rest = jnp.tensordot(trajectory.fixed(earlier, g), g * g, 1) + eps  # v + eps, less t = k
    r = (1.0 / jnp.sqrt(v + eps))[:, None]  # (k, 1, ...)
    own = trajectory.stretched(same, g) * (rest[:, None] * r * r * r)
    return own - g[:, None] * r * trajectory.stretched(earlier, g) * (g[None] * r) * r


def mean_of_squares(g):
    """v_1 .. v_T, by the recursion v_k = rho v_(k-1) + (1 - rho) g_k^2."""
    v, out = jnp.zeros_like(g[0]), []
    for row in g:
        v = RHO * v + (1.0 - RHO) * (row * row)
        out.append(v)
    return jnp.stack(out)


def pull_mean_of_squares(g, dv):
    return (2.0 * g * jnp.tensordot(trajectory.fixed(weights(len(g)).T, g), dv, 1),)


def direction(g, v):
    return g / jnp.sqrt(v + EPS)


def pull_direction(g, v, dd):
    root = jnp.sqrt(v + EPS)
    return dd / root, -g * dd / root / (v + EPS) / 2.0


def draw_pair(rng):
    return draws.reals(rng, 4, 3), draws.positives(rng, 4, 3)


LATEX = (
    r"\frac{\partial \theta_T}{\partial g_t} = -r \sum_{k \ge t} \left("
    r" \frac{[k = t]}{\sqrt{v_k + \epsilon}}"
    r" - \frac{g_k B_{kt} g_t}{(v_k + \epsilon)^{3/2}} \right), \quad"
    r" B_{kt} = (1 - \rho) \rho^{k - t}"
)
RMSPROP = Derivation(
    name="rmsprop",
    function=after,
    gradient=gradient,
    latex=LATEX,
    arrows=(
        Arrow(
            "(1) v_k = rho v_(k-1) + (1 - rho) g_k^2",
            r"\frac{\partial v_k}{\partial g_t} = 2 B_{kt} g_t",
            mean_of_squares,
            pull_mean_of_squares,
            trajectory.draw_gradients,
        ),
        Arrow(
            "(2) d_k = g_k / sqrt(v_k + eps)",
            r"\frac{\partial d_k}{\partial g_k} = \frac{1}{\sqrt{v_k + \epsilon}}, \quad"
            r" \frac{\partial d_k}{\partial v_k} = -\frac{g_k}{2 (v_k + \epsilon)^{3/2}}",
            direction,
            pull_direction,
            draw_pair,
            argnums=(0, 1),
        ),
        DESCENT,
    ),
    draw=trajectory.draw,
    edges=trajectory.edge_cases,
    argnums=(0, 1),
    domain="everything finite; eps > 0",
    reference="Tieleman & Hinton (2012)",
)
