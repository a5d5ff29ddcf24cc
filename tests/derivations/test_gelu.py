"""GELU: the normal distribution, then the product with z."""

from verification.derivations.gelu import GELU


def forward(z):
    factor, product = GELU.arrows
    return product.function(z, factor.function(z))


def backward(z, da):
    factor, product = GELU.arrows
    direct, dc = product.gradient(z, factor.function(z), da)
    (through,) = factor.gradient(z, dc)
    return (direct + through,)


def test_arrows_compose(composes):
    composes("gelu", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("gelu")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("gelu")
