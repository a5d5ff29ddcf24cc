"""Nesterov's momentum, T steps: each gradient counts once at once, and then as in momentum.

    g_t --(1)--> v_k = sum over t <= k of beta^(k - t) g_t
    g_k, v_k --(2)--> d_k = g_k + beta v_k --(3)--> theta_T = theta_0 - r sum_k d_k

    (1)        dv_k/dg_t = beta^(k - t) where t <= k, else 0
    (2)        dd_k/dg_k = 1     dd_k/dv_k = beta
    (3)        dtheta_T/dtheta_0 = 1     dtheta_T/dd_k = -r
    (3)(2)(1)  dtheta_T/dg_t = -r (1 + sum over k >= t of beta^(k - t + 1))
                             = -r (1 - beta^(T - t + 2)) / (1 - beta)

Shapes     theta: any    g: (T, ...), a leaf for each leaf of theta
Domain     everything finite; 0 <= beta < 1
Rounding   none of ours: the sum is one constant for each t.
Reference  Sutskever, Martens, Dahl & Hinton, On the importance of momentum (2013).
"""

import jax

import refnet

from ..inputs import draws
from ..vocabulary import Arrow, Derivation
from . import trajectory
from .gradient_descent import DESCENT
from .momentum import BETA, VELOCITIES, descended, geometric

RULE = refnet.nesterov(trajectory.RATE, decay=BETA)


def after(params, gradients):
    return trajectory.after(RULE, params, gradients)


def gradient(params, gradients, dtheta):
    del params
    total = trajectory.steps(gradients)
    sums = [geometric(BETA, total - t + 2) for t in range(1, total + 1)]
    return dtheta, jax.tree.map(lambda c: descended(sums, c), dtheta)  # (3)(2)(1)


def look_ahead(g, v):
    return g + BETA * v


def draw_pair(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 3)


LATEX = (
    r"\theta_T = \theta_0 - r \sum_k \left( g_k + \sum_{t \le k} \beta^{k - t + 1} g_t \right),"
    r" \quad \frac{\partial \theta_T}{\partial g_t} ="
    r" -r \, \frac{1 - \beta^{T - t + 2}}{1 - \beta}"
)
NESTEROV = Derivation(
    name="nesterov",
    function=after,
    gradient=gradient,
    latex=LATEX,
    arrows=(
        VELOCITIES,
        Arrow(
            "(2) d_k = g_k + beta v_k",
            r"\frac{\partial d_k}{\partial g_k} = 1, \quad"
            r" \frac{\partial d_k}{\partial v_k} = \beta",
            look_ahead,
            lambda g, v, dd: (dd, BETA * dd),
            draw_pair,
            argnums=(0, 1),
        ),
        DESCENT,
    ),
    draw=trajectory.draw,
    edges=trajectory.edge_cases,
    argnums=(0, 1),
    domain="everything finite; 0 <= beta < 1",
    reference="Sutskever, Martens, Dahl & Hinton (2013)",
)
