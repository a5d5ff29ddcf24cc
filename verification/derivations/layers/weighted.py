"""Weights of examples: each gradient times w_i / sum w; those of weight 0 have none.

    p, t --(1)--> l_i = mean_k (p_ik - t_ik)^2 --(2)--> L = sum w l / sum w

    (1)      dp_i = 2 (p_i - t_i) / k dl_i     dt_i = -dp_i
    (2)      dl_i = w_i / sum w     dw_i = (l_i - L) / sum w

Shapes     p, t: (examples, k)    w: (examples,), w >= 0    L: ()
Domain     every finite p, t whose squares are finite; a sum of weights above 0
Rounding   l_i - L cancels where the losses are alike.
Reference  Horvitz & Thompson, A generalization of sampling without replacement (1952).
"""

import jax.numpy as jnp

from refnet import mse, weighted

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def function(p, t, w):
    return weighted(mse)(p, t, w)


def gradient(p, t, w):
    e = p - t
    dp = 2.0 * e * (w / jnp.sum(w))[:, None] / p.shape[-1]  # (2)(1)
    losses = jnp.mean(e * e, axis=-1)
    return dp, -dp, pull_average(losses, w)[1]


def average(losses, w):
    return jnp.sum(w * losses) / jnp.sum(w)


def pull_average(losses, w, dL=1.0):
    """dw_i as the sum over j of w_j (l_i - l_j)."""
    total = jnp.sum(w)
    apart = losses[:, None] - losses[None, :]
    return w / total * dL, apart @ w / (total * total) * dL


def draw(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 3), draws.positives(rng, 4)


def edge_cases(dtype):
    """Predictions of 0, and large ones."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**6))


LATEX = (
    r"\bar{p}_i = \frac{w_i}{\sum w} \frac{\partial \ell_i}{\partial p_i}, \quad"
    r" \bar{w}_i = \frac{\ell_i - L}{\sum w}"
)
ARROWS = (
    Arrow(
        "(2) L = sum w l / sum w",
        r"\bar{\ell}_i = \frac{w_i}{\sum w} \bar{L}, \quad"
        r" \bar{w}_i = \frac{\ell_i - L}{\sum w} \bar{L}",
        average,
        pull_average,
        lambda rng: (draws.positives(rng, 4), draws.positives(rng, 4)),
        argnums=(0, 1),
    ),
)
WEIGHTED = Derivation(
    name="weighted",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    scalar=True,
    domain="every finite p, t whose squares are finite; a sum of weights above 0",
    reference="Horvitz & Thompson (1952)",
)
