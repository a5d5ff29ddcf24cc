"""Softmax cross-entropy of class labels: the logarithm, then the pick."""

import numpy as np

from verification.derivations.softmax_cross_entropy_with_integer_labels import (
    SOFTMAX_CROSS_ENTROPY_WITH_INTEGER_LABELS,
)


def forward(z, labels):
    log_softmax, pick = SOFTMAX_CROSS_ENTROPY_WITH_INTEGER_LABELS.arrows
    return pick.function(log_softmax.function(z), labels)


def backward(z, labels):
    log_softmax, pick = SOFTMAX_CROSS_ENTROPY_WITH_INTEGER_LABELS.arrows
    (dl,) = pick.gradient(log_softmax.function(z), labels, np.float64(1.0))
    return log_softmax.gradient(z, dl)


def test_arrows_compose(composes):
    composes("softmax_cross_entropy_with_integer_labels", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("softmax_cross_entropy_with_integer_labels")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("softmax_cross_entropy_with_integer_labels")
