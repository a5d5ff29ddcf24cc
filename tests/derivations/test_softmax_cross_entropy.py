"""Softmax cross-entropy: the partition, the shift, the expectation."""

import numpy as np

from verification.derivations.softmax_cross_entropy import SOFTMAX_CROSS_ENTROPY


def forward(z, t):
    partition, shift, expectation = SOFTMAX_CROSS_ENTROPY.arrows
    return expectation.function(shift.function(z, partition.function(z)), t)


def backward(z, t):
    partition, shift, expectation = SOFTMAX_CROSS_ENTROPY.arrows
    m = partition.function(z)
    (dl,) = expectation.gradient(shift.function(z, m), t, np.float64(1.0))
    direct, dm = shift.gradient(z, m, dl)
    return (direct + partition.gradient(z, dm)[0],)


def test_arrows_compose(composes):
    composes("softmax_cross_entropy", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("softmax_cross_entropy")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("softmax_cross_entropy")
