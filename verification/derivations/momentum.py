"""Momentum, T steps: the gradient of step t is in every velocity from step t on.

    g_t --(1)--> v_k = sum over t <= k of beta^(k - t) g_t --(2)--> theta_T = theta_0 - r sum_k v_k

    (1)      dv_k/dg_t = beta^(k - t) where t <= k, else 0
    (2)      dtheta_T/dtheta_0 = 1     dtheta_T/dv_k = -r
    (2)(1)   dtheta_T/dg_t = -r sum over k >= t of beta^(k - t)
                           = -r (1 - beta^(T - t + 1)) / (1 - beta)

Shapes     theta: any    g: (T, ...), a leaf for each leaf of theta
Domain     everything finite; 0 <= beta < 1
Rounding   none of ours: the sum is one constant for each t.
Reference  Polyak, Some methods of speeding up the convergence of iteration methods (1964).
"""

from fractions import Fraction

import jax
import jax.numpy as jnp

import refnet

from ..vocabulary import Arrow, Derivation
from . import trajectory
from .gradient_descent import DESCENT

BETA = 0.83
RULE = refnet.momentum(trajectory.RATE, decay=BETA)


def after(params, gradients):
    return trajectory.after(RULE, params, gradients)


def gradient(params, gradients, dtheta):
    del params
    total = trajectory.steps(gradients)
    sums = [geometric(BETA, total - t + 1) for t in range(1, total + 1)]
    return dtheta, jax.tree.map(lambda c: descended(sums, c), dtheta)  # (2)(1)


def geometric(beta, count):
    """1 + beta + ... + beta^(count - 1)."""
    return (1 - Fraction(beta) ** count) / (1 - Fraction(beta))


def descended(sums, c):
    """-r s_t c, stacked over t."""
    return -trajectory.RATE * trajectory.stretched(sums, c[None]) * c[None]


def velocities(g):
    """v_1 .. v_T, by the recursion v_k = beta v_(k-1) + g_k."""
    out = [g[0]]
    for row in g[1:]:
        out.append(BETA * out[-1] + row)
    return jnp.stack(out)


def pull_velocities(g, dv):
    weights = trajectory.lower(lambda k, t: Fraction(BETA) ** (k - t), len(g))
    return (jnp.tensordot(trajectory.fixed(weights.T, g), dv, 1),)


LATEX = (
    r"\theta_T = \theta_0 - r \sum_k \sum_{t \le k} \beta^{k - t} g_t, \quad"
    r" \frac{\partial \theta_T}{\partial g_t} = -r \, \frac{1 - \beta^{T - t + 1}}{1 - \beta}"
)
VELOCITIES = Arrow(
    "(1) v_k = beta v_(k-1) + g_k",
    r"\frac{\partial v_k}{\partial g_t} = \beta^{k - t} \quad (t \le k)",
    velocities,
    pull_velocities,
    trajectory.draw_gradients,
)
MOMENTUM = Derivation(
    name="momentum",
    function=after,
    gradient=gradient,
    latex=LATEX,
    arrows=(VELOCITIES, DESCENT),
    draw=trajectory.draw,
    edges=trajectory.edge_cases,
    argnums=(0, 1),
    domain="everything finite; 0 <= beta < 1",
    reference="Polyak (1964)",
)
