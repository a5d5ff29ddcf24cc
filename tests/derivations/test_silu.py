"""SiLU: the sigmoid, then the product with z."""

from verification.derivations.silu import SILU


def forward(z):
    factor, product = SILU.arrows
    return product.function(z, factor.function(z))


def backward(z, da):
    factor, product = SILU.arrows
    direct, dc = product.gradient(z, factor.function(z), da)
    (through,) = factor.gradient(z, dc)
    return (direct + through,)


def test_arrows_compose(composes):
    composes("silu", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("silu")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("silu")
