"""Momentum: the velocities are the directions."""

import jax

from verification.derivations.momentum import MOMENTUM


def forward(params, gradients):
    descent = MOMENTUM.arrows[-1]
    return jax.tree.map(lambda w, g: descent.function(w, directions(g)), params, gradients)


def directions(g):
    return MOMENTUM.arrows[0].function(g)


def backward(params, gradients, dtheta):
    pairs = jax.tree.map(pull_leaf, params, gradients, dtheta)
    outer, inner = jax.tree.structure(params), jax.tree.structure((0, 0))
    return jax.tree.transpose(outer, inner, pairs)


def pull_leaf(w, g, c):
    dw, dd = MOMENTUM.arrows[-1].gradient(w, directions(g), c)
    return dw, MOMENTUM.arrows[0].gradient(g, dd)[0]


def test_arrows_compose(composes):
    composes("momentum", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("momentum")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("momentum")
