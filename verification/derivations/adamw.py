"""AdamW, T steps: the directions of Adam, and every step shrinks theta by q = 1 - r lambda.

    g_t --(1)--> d_k, as in adam --(2)--> theta_k = q theta_(k-1) - r d_k

    (1)      dd_k/dg_t, as in adam
    (2)      theta_T = q^T theta_0 - r sum_k q^(T - k) d_k
             dtheta_T/dtheta_0 = q^T     dtheta_T/dd_k = -r q^(T - k)
    (2)(1)   dtheta_T/dg_t = -r sum over k >= t of q^(T - k) dd_k/dg_t

Shapes     theta: any    g: (T, ...), a leaf for each leaf of theta
Domain     everything finite
Rounding   as adam.
Reference  Loshchilov & Hutter, Decoupled weight decay regularization (2019), algorithm 2.
"""

from fractions import Fraction

import jax
import jax.numpy as jnp

import refnet

from ..vocabulary import Arrow, Derivation
from . import trajectory
from .adam import ARROWS as ADAM_ARROWS
from .adam import B1, B2, EPS, slope

DECAY = 0.21
RULE = refnet.adamw(trajectory.RATE, b1=B1, b2=B2, eps=EPS, weight_decay=DECAY)
Q = 1 - Fraction(trajectory.RATE) * Fraction(DECAY)


def after(params, gradients):
    return trajectory.after(RULE, params, gradients)


def gradient(params, gradients, dtheta):
    del params
    total = trajectory.steps(gradients)

    def pull(g, c):
        kept = trajectory.fixed(powers(total), g)
        return -trajectory.RATE * jnp.tensordot(kept, slope(g), 1) * c[None]

    return shrunk(total, dtheta), jax.tree.map(pull, gradients, dtheta)  # (2)(1)


def powers(total):
    """q^(T - k) for k = 1 .. T."""
    return [Q ** (total - k) for k in range(1, total + 1)]


def shrunk(total, dtheta):
    """q^T dtheta."""
    return jax.tree.map(lambda c: trajectory.fixed(Q**total, c) * c, dtheta)


def descend(theta, d):
    """theta_T, by the recursion theta <- theta - r (d + lambda theta)."""
    for row in d:
        theta = theta - trajectory.RATE * (row + DECAY * theta)
    return theta


def pull_descend(theta, d, dtheta):
    kept = trajectory.stretched(powers(len(d)), d)
    return shrunk(len(d), dtheta), -trajectory.RATE * kept * dtheta[None]


LATEX = (
    r"\frac{\partial \theta_T}{\partial \theta_0} = q^T, \quad"
    r" \frac{\partial \theta_T}{\partial g_t} ="
    r" -r \sum_{k \ge t} q^{T - k} \frac{\partial d_k}{\partial g_t}, \quad q = 1 - r \lambda"
)
ADAMW = Derivation(
    name="adamw",
    function=after,
    gradient=gradient,
    latex=LATEX,
    arrows=(
        *ADAM_ARROWS[:-1],
        Arrow(
            "(4) theta_k = q theta_(k-1) - r d_k",
            r"\frac{\partial \theta_T}{\partial \theta_0} = q^T, \quad"
            r" \frac{\partial \theta_T}{\partial d_k} = -r q^{T - k}",
            descend,
            pull_descend,
            trajectory.draw_step,
            argnums=(0, 1),
        ),
    ),
    draw=trajectory.draw,
    edges=trajectory.edge_cases,
    argnums=(0, 1),
    domain="everything finite; eps > 0",
    reference="Loshchilov & Hutter (2019), algorithm 2",
)
