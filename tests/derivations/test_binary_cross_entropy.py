"""Binary cross-entropy: two logarithms, then their mixture."""

import numpy as np

from verification.derivations.binary_cross_entropy import BINARY_CROSS_ENTROPY


def forward(a, y):
    left, right, mixture = BINARY_CROSS_ENTROPY.arrows
    return mixture.function(left.function(a), right.function(a), y)


def backward(a, y):
    left, right, mixture = BINARY_CROSS_ENTROPY.arrows
    u, v = left.function(a), right.function(a)
    du, dv, dy = mixture.gradient(u, v, y, np.float64(1.0))
    return left.gradient(a, du)[0] + right.gradient(a, dv)[0], dy


def test_arrows_compose(composes):
    composes("binary_cross_entropy", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("binary_cross_entropy")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("binary_cross_entropy")
