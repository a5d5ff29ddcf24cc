"""Adagrad: the sum of squares, then the quotient."""

import jax

from verification.derivations.adagrad import ADAGRAD


def forward(params, gradients):
    descent = ADAGRAD.arrows[-1]
    return jax.tree.map(lambda w, g: descent.function(w, directions(g)), params, gradients)


def directions(g):
    squares, quotient, _ = ADAGRAD.arrows
    return quotient.function(g, squares.function(g))


def backward(params, gradients, dtheta):
    pairs = jax.tree.map(pull_leaf, params, gradients, dtheta)
    outer, inner = jax.tree.structure(params), jax.tree.structure((0, 0))
    return jax.tree.transpose(outer, inner, pairs)


def pull_leaf(w, g, c):
    dw, dd = ADAGRAD.arrows[-1].gradient(w, directions(g), c)
    squares, quotient, _ = ADAGRAD.arrows
    direct, dv = quotient.gradient(g, squares.function(g), dd)
    return dw, direct + squares.gradient(g, dv)[0]


def test_arrows_compose(composes):
    composes("adagrad", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("adagrad")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("adagrad")
