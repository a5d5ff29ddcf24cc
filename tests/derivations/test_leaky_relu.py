"""Leaky rectifier: the leak, then the larger of the two."""

from verification.derivations.leaky_relu import LEAKY_RELU


def forward(z):
    factor, product = LEAKY_RELU.arrows
    return product.function(z, factor.function(z))


def backward(z, da):
    factor, product = LEAKY_RELU.arrows
    direct, dc = product.gradient(z, factor.function(z), da)
    (through,) = factor.gradient(z, dc)
    return (direct + through,)


def test_arrows_compose(composes):
    composes("leaky_relu", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("leaky_relu")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("leaky_relu")
