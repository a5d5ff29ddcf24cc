"""Gradient descent: the direction is the gradient."""

import jax

from verification.derivations.gradient_descent import GRADIENT_DESCENT


def forward(params, gradients):
    descent = GRADIENT_DESCENT.arrows[-1]
    return jax.tree.map(lambda w, g: descent.function(w, directions(g)), params, gradients)


def directions(g):
    return g


def backward(params, gradients, dtheta):
    pairs = jax.tree.map(pull_leaf, params, gradients, dtheta)
    outer, inner = jax.tree.structure(params), jax.tree.structure((0, 0))
    return jax.tree.transpose(outer, inner, pairs)


def pull_leaf(w, g, c):
    dw, dd = GRADIENT_DESCENT.arrows[-1].gradient(w, directions(g), c)
    return dw, dd


def test_arrows_compose(composes):
    composes("gradient_descent", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("gradient_descent")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("gradient_descent")
