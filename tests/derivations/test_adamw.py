"""AdamW: the directions of Adam, and a descent that decays."""

import jax
from flint import arb

from verification.derivations.adamw import ADAMW

# refnet has 1 - b^t as 1 - e^(t log b), log b rounded: 2^-53 in m and in v, so 2^-52 in each d_k;
# theta moves by r times the sum of five d_k, each below 4 in size, less than theta itself
LOG_ROUNDED = arb(2) ** -52


def forward(params, gradients):
    descent = ADAMW.arrows[-1]
    return jax.tree.map(lambda w, g: descent.function(w, directions(g)), params, gradients)


def directions(g):
    mean, squares, quotient, _ = ADAMW.arrows
    return quotient.function(mean.function(g), squares.function(g))


def backward(params, gradients, dtheta):
    pairs = jax.tree.map(pull_leaf, params, gradients, dtheta)
    outer, inner = jax.tree.structure(params), jax.tree.structure((0, 0))
    return jax.tree.transpose(outer, inner, pairs)


def pull_leaf(w, g, c):
    dw, dd = ADAMW.arrows[-1].gradient(w, directions(g), c)
    mean, squares, quotient, _ = ADAMW.arrows
    dm, dv = quotient.gradient(mean.function(g), squares.function(g), dd)
    return dw, mean.gradient(g, dm)[0] + squares.gradient(g, dv)[0]


def test_arrows_compose(composes):
    composes("adamw", forward, backward, LOG_ROUNDED)


def test_gradient_is_correct(is_correct):
    is_correct("adamw")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("adamw")
