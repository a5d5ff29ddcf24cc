"""Nesterov: the velocities, then the look-ahead."""

import jax

from verification.derivations.nesterov import NESTEROV


def forward(params, gradients):
    descent = NESTEROV.arrows[-1]
    return jax.tree.map(lambda w, g: descent.function(w, directions(g)), params, gradients)


def directions(g):
    velocities, look_ahead, _ = NESTEROV.arrows
    return look_ahead.function(g, velocities.function(g))


def backward(params, gradients, dtheta):
    pairs = jax.tree.map(pull_leaf, params, gradients, dtheta)
    outer, inner = jax.tree.structure(params), jax.tree.structure((0, 0))
    return jax.tree.transpose(outer, inner, pairs)


def pull_leaf(w, g, c):
    dw, dd = NESTEROV.arrows[-1].gradient(w, directions(g), c)
    velocities, look_ahead, _ = NESTEROV.arrows
    direct, dv = look_ahead.gradient(g, velocities.function(g), dd)
    return dw, direct + velocities.gradient(g, dv)[0]


def test_arrows_compose(composes):
    composes("nesterov", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("nesterov")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("nesterov")
