"""Mixture of experts: experts that are not chosen have no gradient; the router has that of p.

    x --(1)--> l = x router --(2)--> p = softmax of the 2 largest of l, else 0
    x --(3)--> h_e = relu(x up_e), y_e = h_e down_e --(4)--> y = sum over e of p_e y_e

    (4)        dp_e = sum y_e dy     dy_e = p_e dy
    (3)        ddown_e = h_e' dy_e     dz_e = relu'(x up_e) dy_e down_e'     dup_e = x' dz_e
    (2)        dl = p (dp - sum p dp)
    (1)        drouter = x' dl     dx = dl router' + sum over e of dz_e up_e'

Which experts are the largest is a choice: it is held, and has no gradient.

Shapes     x, y: (batch, width)    l, p: (batch, e)    up: (e, width, hidden)
Domain     every finite x and weights, no ties of logits at the choice, no x up_e = 0
Rounding   as softmax; a choice that rounding turns is another function.
Reference  Shazeer et al., Outrageously large neural networks (2017), section 2.1.
"""

import jax.numpy as jnp

from refnet import Experts, mixture_of_experts, relu, softmax
from refnet.layers.mixture import largest

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

TOP = 2


def function(params, x):
    return mixture_of_experts(params, x, TOP)


def gradient(params, x, dy):
    dl = pull_shares(params, x, dy)  # (4)(2)
    dx, dup, ddown = pull_experts(params, x, shares(params, x), dy)  # (4)(3)
    return Experts(x.T @ dl, dup, ddown), dx + dl @ params.router.T  # (1)


def shares(params, x):
    logits = x @ params.router
    return softmax(logits, mask=largest(logits, TOP))


def pull_shares(params, x, dy):
    """dl: what arrives at the router's logits."""
    p, experts = shares(params, x), zip(params.up, params.down, strict=True)
    dp = jnp.stack([jnp.sum(expert(x, *one) * dy, axis=-1) for one in experts], axis=-1)
    return p * (dp - jnp.sum(p * dp, axis=-1, keepdims=True))


def pull_experts(params, x, p, dy):
    dx, dup, ddown = jnp.zeros_like(x), [], []
    for e, (up, down) in enumerate(zip(params.up, params.down, strict=True)):
        pulled = pull_expert(x, up, down, p[:, e : e + 1] * dy)
        dx, dup, ddown = dx + pulled[0], [*dup, pulled[1]], [*ddown, pulled[2]]
    return dx, jnp.stack(dup), jnp.stack(ddown)


def expert(x, up, down):
    return relu(x @ up) @ down


def pull_expert(x, up, down, dy):
    z = x @ up
    dz = jnp.where(z > 0.0, dy @ down.T, jnp.zeros_like(z))
    return dz @ up.T, x.T @ dz, relu(z).T @ dy


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    return Experts(small(2, 3), small(3, 2, 2), small(3, 2, 2)), small(3, 2)


def edge_cases(dtype):
    """Small weights: shares of one half."""
    del dtype
    return edges.scaled(draw, (2.0**-6, 2.0**2))


LATEX = (
    r"\bar{y}_e = p_e \bar{y}, \quad \bar{p}_e = \textstyle\sum y_e \bar{y}, \quad"
    r" \bar{l} = p \odot \left( \bar{p} - \textstyle\sum p \bar{p} \right), \quad"
    r" \bar{x} = \bar{l} w_l^{\top} + \sum_e \bar{z}_e w_e^{\top}"
)
ARROWS = (
    Arrow(
        "(3) y = relu(x up) down of one expert",
        r"\bar{z} = [z > 0] \, \bar{y} \, d^{\top}, \quad \bar{d} = h^{\top} \bar{y}, \quad"
        r" \bar{u} = x^{\top} \bar{z}, \quad \bar{x} = \bar{z} u^{\top}",
        expert,
        pull_expert,
        lambda rng: (draws.reals(rng, 3, 2), draws.reals(rng, 2, 2), draws.reals(rng, 2, 2)),
        argnums=(0, 1, 2),
    ),
)
MIXTURE_OF_EXPERTS = Derivation(
    name="mixture_of_experts",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite x and weights without ties",
    reference="Shazeer et al. (2017), section 2.1",
)
