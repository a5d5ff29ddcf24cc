"""Softplus: e^z, then the logarithm."""

from verification.derivations.softplus import SOFTPLUS


def forward(z):
    first, second = SOFTPLUS.arrows
    return second.function(first.function(z))


def backward(z, da):
    first, second = SOFTPLUS.arrows
    (du,) = second.gradient(first.function(z), da)
    return first.gradient(z, du)


def test_arrows_compose(composes):
    composes("softplus", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("softplus")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("softplus")
