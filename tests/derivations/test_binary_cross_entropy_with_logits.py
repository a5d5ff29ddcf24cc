"""Binary cross-entropy of logits: two softplus, then their mixture."""

import numpy as np

from verification.derivations.binary_cross_entropy_with_logits import (
    BINARY_CROSS_ENTROPY_WITH_LOGITS,
)


def forward(z, y):
    left, right, mixture = BINARY_CROSS_ENTROPY_WITH_LOGITS.arrows
    return mixture.function(left.function(z), right.function(z), y)


def backward(z, y):
    left, right, mixture = BINARY_CROSS_ENTROPY_WITH_LOGITS.arrows
    u, v = left.function(z), right.function(z)
    du, dv, dy = mixture.gradient(u, v, y, np.float64(1.0))
    return left.gradient(z, du)[0] + right.gradient(z, dv)[0], dy


def test_arrows_compose(composes):
    composes("binary_cross_entropy_with_logits", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("binary_cross_entropy_with_logits")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("binary_cross_entropy_with_logits")
