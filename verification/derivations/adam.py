"""Adam, T steps: dtheta_T/dg_t = -r sum over k >= t of dd_k/dg_t, both means unrolled.

    g_t --(1)--> m_k = sum over t <= k of A_kt g_t,      A_kt = (1 - b1) b1^(k - t) / (1 - b1^k)
    g_t --(2)--> v_k = sum over t <= k of B_kt g_t^2,    B_kt = (1 - b2) b2^(k - t) / (1 - b2^k)
    m_k, v_k --(3)--> d_k = m_k / (R_k + eps), R_k = sqrt v_k --(4)--> theta_T = theta_0 - r sum d_k

    (1)      dm_k/dg_t = A_kt
    (2)      dv_k/dg_t = 2 B_kt g_t
    (3)      dd_k/dm_k = 1 / (R_k + eps)     dd_k/dv_k = -m_k / (2 R_k (R_k + eps)^2)
    (3)(1) + (3)(2)
             dd_k/dg_t = A_kt / (R_k + eps) - m_k B_kt g_t / (R_k (R_k + eps)^2)
                       = (A_kt v_k - B_kt g_t m_k + eps A_kt R_k) / (R_k (R_k + eps)^2)
    (4)      dtheta_T/dtheta_0 = 1     dtheta_T/dd_k = -r

m and v are the corrected means: the division by 1 - b^k is in A and B.

Shapes     theta: any    g: (T, ...), a leaf for each leaf of theta
Domain     everything finite; where every g up to k is 0, dd_k/dg_t = A_kt / eps
Rounding   A_kt v_k and B_kt g_t m_k have the term A_kt B_kt g_t^2 in common; at k = 1 they have
           nothing else, and all digits would go.  So the code sums over s != t
           A_kt B_ks g_s^2 - g_t B_kt A_ks g_s.  What cancels then cancels on paper too.
Reference  Kingma & Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
"""

from fractions import Fraction

import jax.numpy as jnp

import refnet

from ..inputs import draws
from ..vocabulary import Arrow, Derivation
from . import trajectory
from .gradient_descent import DESCENT

B1, B2, EPS = 0.83, 0.94, 3e-4
RULE = refnet.adam(trajectory.RATE, b1=B1, b2=B2, eps=EPS)


def after(params, gradients):
    return trajectory.after(RULE, params, gradients)


def gradient(params, gradients, dtheta):
    del params
    return trajectory.pullback(slope, gradients, dtheta)  # (4)((3)(1) + (3)(2))


def shares(beta, count):
    """A, B: how much the corrected mean at step k has of step t."""
    b, rest = Fraction(beta), Fraction(1.0 - beta)  # what the code multiplies by: 1 - b, rounded
    return trajectory.lower(lambda k, t: rest * b ** (k - t) / (1 - b**k), count)


def slope(g):
    """dd_k/dg_t as (k, t, ...)."""
    a, b = shares(B1, len(g)), shares(B2, len(g))
    others = 1 - trajectory.same(len(g))[None]  # s != t
    squares = jnp.tensordot(trajectory.fixed(a[:, :, None] * b[:, None] * others, g), g * g, 1)
    means = jnp.tensordot(trajectory.fixed(b[:, :, None] * a[:, None] * others, g), g, 1)
    cross = squares - g[None] * means
    v = jnp.tensordot(trajectory.fixed(b, g), g * g, 1)[:, None]  # (k, 1, ...)
    moved = v > 0.0
    root = jnp.sqrt(jnp.where(moved, v, 1.0))
    whole = jnp.where(moved, root, 0.0) + EPS
    kept = EPS * trajectory.stretched(a, g) / whole / whole
    return jnp.where(moved, cross / root / whole / whole, 0.0) + kept


def mean(g):
    """m_1 .. m_T, by the recursion and the correction of the algorithm."""
    return _corrected(g, B1)


def mean_of_squares(g):
    """v_1 .. v_T, likewise."""
    return _corrected(g * g, B2)


def _corrected(x, beta):
    moment, out, power = jnp.zeros_like(x[0]), [], jnp.ones((), x.dtype)
    for row in x:
        moment, power = beta * moment + (1.0 - beta) * row, beta * power
        out.append(moment / (1.0 - power))
    return jnp.stack(out)


def pull_mean(g, dm):
    return (jnp.tensordot(trajectory.fixed(shares(B1, len(g)).T, g), dm, 1),)


def pull_mean_of_squares(g, dv):
    return (2.0 * g * jnp.tensordot(trajectory.fixed(shares(B2, len(g)).T, g), dv, 1),)


def direction(m, v):
    return m / (jnp.sqrt(v) + EPS)


def pull_direction(m, v, dd):
    root = jnp.sqrt(v)
    dm = dd / (root + EPS)
    return dm, -m * dm / (root + EPS) / (2.0 * root)


def draw_moments(rng):
    return draws.reals(rng, 4, 3), draws.positives(rng, 4, 3)


LATEX = (
    r"\frac{\partial \theta_T}{\partial g_t} = -r \sum_{k \ge t} \left("
    r" \frac{A_{kt}}{\sqrt{v_k} + \epsilon}"
    r" - \frac{m_k B_{kt} g_t}{\sqrt{v_k} \left( \sqrt{v_k} + \epsilon \right)^2} \right), \quad"
    r" A_{kt} = \frac{(1 - b_1) b_1^{k - t}}{1 - b_1^k}, \quad"
    r" B_{kt} = \frac{(1 - b_2) b_2^{k - t}}{1 - b_2^k}"
)
ARROWS = (
    Arrow(
        "(1) m_k = sum A_kt g_t",
        r"\frac{\partial m_k}{\partial g_t} = A_{kt}",
        mean,
        pull_mean,
        trajectory.draw_gradients,
    ),
    Arrow(
        "(2) v_k = sum B_kt g_t^2",
        r"\frac{\partial v_k}{\partial g_t} = 2 B_{kt} g_t",
        mean_of_squares,
        pull_mean_of_squares,
        trajectory.draw_gradients,
    ),
    Arrow(
        "(3) d_k = m_k / (sqrt v_k + eps)",
        r"\frac{\partial d_k}{\partial m_k} = \frac{1}{\sqrt{v_k} + \epsilon}, \quad"
        r" \frac{\partial d_k}{\partial v_k} ="
        r" -\frac{m_k}{2 \sqrt{v_k} \left( \sqrt{v_k} + \epsilon \right)^2}",
        direction,
        pull_direction,
        draw_moments,
        argnums=(0, 1),
    ),
    DESCENT,
)
ADAM = Derivation(
    name="adam",
    function=after,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=trajectory.draw,
    edges=trajectory.edge_cases,
    argnums=(0, 1),
    domain="everything finite; eps > 0",
    reference="Kingma & Ba (2015), algorithm 1",
)
