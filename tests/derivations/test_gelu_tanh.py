"""GELU by tanh: the gate, its sigmoid, then the product with z."""

from verification.derivations.gelu_tanh import GELU_TANH


def forward(z):
    gate, squash, product = GELU_TANH.arrows
    return product.function(z, squash.function(gate.function(z)))


def backward(z, da):
    gate, squash, product = GELU_TANH.arrows
    v = gate.function(z)
    direct, ds = product.gradient(z, squash.function(v), da)
    (dv,) = squash.gradient(v, ds)
    (through,) = gate.gradient(z, dv)
    return (direct + through,)


def test_arrows_compose(composes):
    composes("gelu_tanh", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("gelu_tanh")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("gelu_tanh")
