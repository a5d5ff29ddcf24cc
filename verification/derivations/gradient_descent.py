"""Gradient descent, T steps: theta_T = theta_0 - r (g_1 + ... + g_T).

    g_t --(1)--> d_t = g_t --(2)--> theta_T = theta_0 - r sum_k d_k

    (1)      dd_k/dg_t = [k = t]
    (2)      dtheta_T/dtheta_0 = 1     dtheta_T/dd_k = -r
    (2)(1)   dtheta_T/dg_t = -r

Shapes     theta: any    g: (T, ...), a leaf for each leaf of theta
Domain     everything finite
Rounding   none of ours: a constant times the cotangent.
Reference  Cauchy, Methode generale pour la resolution des systemes d'equations simultanees (1847).
"""

import refnet

from ..vocabulary import Arrow, Derivation
from . import trajectory

RULE = refnet.gradient_descent(trajectory.RATE)


def after(params, gradients):
    return trajectory.after(RULE, params, gradients)


def gradient(params, gradients, dtheta):
    del params
    return trajectory.pullback(slope, gradients, dtheta)  # (2)(1)


def slope(g):
    return trajectory.stretched(trajectory.same(len(g)), g)


LATEX = (
    r"\theta_T = \theta_0 - r \sum_k g_k, \quad"
    r" \frac{\partial \theta_T}{\partial \theta_0} = 1, \quad"
    r" \frac{\partial \theta_T}{\partial g_t} = -r"
)
DESCENT = Arrow(
    "theta_T = theta_0 - r sum d_k",
    r"\frac{\partial \theta_T}{\partial \theta_0} = 1, \quad"
    r" \frac{\partial \theta_T}{\partial d_k} = -r",
    trajectory.descend,
    trajectory.pull_descend,
    trajectory.draw_step,
    argnums=(0, 1),
)
GRADIENT_DESCENT = Derivation(
    name="gradient_descent",
    function=after,
    gradient=gradient,
    latex=LATEX,
    arrows=(DESCENT,),
    draw=trajectory.draw,
    edges=trajectory.edge_cases,
    argnums=(0, 1),
    domain="everything finite",
    reference="Cauchy (1847)",
)
