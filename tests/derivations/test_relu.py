"""Rectifier: one arrow."""

from verification.derivations.relu import RELU


def forward(z):
    return RELU.arrows[0].function(z)


def backward(z, da):
    return RELU.arrows[0].gradient(z, da)


def test_arrows_compose(composes):
    composes("relu", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("relu")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("relu")
