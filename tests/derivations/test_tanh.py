"""Hyperbolic tangent: twice z, the sigmoid, stretched."""

from verification.derivations.tanh import TANH


def forward(z):
    double, squash, stretch = TANH.arrows
    return stretch.function(squash.function(double.function(z)))


def backward(z, da):
    double, squash, stretch = TANH.arrows
    v = double.function(z)
    (ds,) = stretch.gradient(squash.function(v), da)
    (dv,) = squash.gradient(v, ds)
    return double.gradient(z, dv)


def test_arrows_compose(composes):
    composes("tanh", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("tanh")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("tanh")
