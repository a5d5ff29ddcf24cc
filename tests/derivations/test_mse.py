"""Mean squared error: difference, square, mean."""

import numpy as np

from verification.derivations.mse import MSE


def forward(p, t):
    difference, square, mean = MSE.arrows
    return mean.function(square.function(difference.function(p, t)))


def backward(p, t):
    difference, square, mean = MSE.arrows
    e = difference.function(p, t)
    (dq,) = mean.gradient(square.function(e), np.float64(1.0))
    (de,) = square.gradient(e, dq)
    return difference.gradient(p, t, de)


def test_arrows_compose(composes):
    composes("mse", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("mse")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("mse")
