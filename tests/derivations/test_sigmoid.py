"""Sigmoid: e^-z, then the reciprocal."""

from verification.derivations.sigmoid import SIGMOID


def forward(z):
    first, second = SIGMOID.arrows
    return second.function(first.function(z))


def backward(z, da):
    first, second = SIGMOID.arrows
    (du,) = second.gradient(first.function(z), da)
    return first.gradient(z, du)


def test_arrows_compose(composes):
    composes("sigmoid", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("sigmoid")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("sigmoid")
