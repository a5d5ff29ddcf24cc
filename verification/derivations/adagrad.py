"""Adagrad, T steps: d_k = g_k / sqrt(s_k + eps), the sum of squares unrolled.

    g_t --(1)--> s_k = s_0 + sum over t <= k of g_t^2
    g_k, s_k --(2)--> d_k = g_k / sqrt(s_k + eps) --(3)--> theta_T = theta_0 - r sum_k d_k

    (1)      ds_k/dg_t = 2 g_t where t <= k, else 0
    (2)      dd_k/dg_k = 1 / sqrt(s_k + eps)     dd_k/ds_k = -g_k / (2 (s_k + eps)^(3/2))
    (2) + (2)(1)
             dd_k/dg_t = ([k = t] (s_k + eps) - g_k g_t) / (s_k + eps)^(3/2)
    (3)      dtheta_T/dtheta_0 = 1     dtheta_T/dd_k = -r

Shapes     theta: any    g: (T, ...), a leaf for each leaf of theta
Domain     everything finite; s_0 >= 0, eps > 0
Rounding   at t = k, s_k and g_k^2 have g_k^2 in common, which would cancel: see rmsprop.
Reference  Duchi, Hazan & Singer, Adaptive subgradient methods (2011).
"""

from fractions import Fraction

import jax.numpy as jnp

import refnet

from ..inputs import draws
from ..vocabulary import Arrow, Derivation
from . import trajectory
from .gradient_descent import DESCENT
from .rmsprop import slope_of_scaled

START, EPS = 0.17, 3e-4
FLOOR = Fraction(START) + Fraction(EPS)
RULE = refnet.adagrad(trajectory.RATE, initial_accumulator_value=START, eps=EPS)


def after(params, gradients):
    return trajectory.after(RULE, params, gradients)


def gradient(params, gradients, dtheta):
    del params
    return trajectory.pullback(slope, gradients, dtheta)  # (3)((2) + (2)(1))


def slope(g):
    """As rmsprop with weights 1, the start s_0 beside eps."""
    return slope_of_scaled(g, so_far(len(g)), trajectory.fixed(FLOOR, g))


def so_far(count):
    return trajectory.lower(lambda k, t: Fraction(1), count)


def sum_of_squares(g):
    """s_1 .. s_T."""
    return START + jnp.cumsum(g * g, axis=0)


def pull_sum_of_squares(g, ds):
    return (2.0 * g * jnp.tensordot(trajectory.fixed(so_far(len(g)).T, g), ds, 1),)


def direction(g, s):
    return g / jnp.sqrt(s + EPS)


def pull_direction(g, s, dd):
    root = jnp.sqrt(s + EPS)
    return dd / root, -g * dd / root / (s + EPS) / 2.0


def draw_pair(rng):
    return draws.reals(rng, 4, 3), draws.positives(rng, 4, 3)


LATEX = (
    r"\frac{\partial \theta_T}{\partial g_t} = -r \sum_{k \ge t} \left("
    r" \frac{[k = t]}{\sqrt{s_k + \epsilon}} - \frac{g_k g_t}{(s_k + \epsilon)^{3/2}} \right),"
    r" \quad s_k = s_0 + \sum_{t \le k} g_t^2"
)
ADAGRAD = Derivation(
    name="adagrad",
    function=after,
    gradient=gradient,
    latex=LATEX,
    arrows=(
        Arrow(
            "(1) s_k = s_(k-1) + g_k^2",
            r"\frac{\partial s_k}{\partial g_t} = 2 g_t \quad (t \le k)",
            sum_of_squares,
            pull_sum_of_squares,
            trajectory.draw_gradients,
        ),
        Arrow(
            "(2) d_k = g_k / sqrt(s_k + eps)",
            r"\frac{\partial d_k}{\partial g_k} = \frac{1}{\sqrt{s_k + \epsilon}}, \quad"
            r" \frac{\partial d_k}{\partial s_k} = -\frac{g_k}{2 (s_k + \epsilon)^{3/2}}",
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
    domain="everything finite; s_0 >= 0, eps > 0",
    reference="Duchi, Hazan & Singer (2011)",
)
