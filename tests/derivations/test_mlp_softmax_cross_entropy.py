"""Multilayer perceptron under softmax cross-entropy: the network, then the loss."""

import numpy as np

from verification.derivations.mlp_softmax_cross_entropy import MLP_SOFTMAX_CROSS_ENTROPY


def forward(params, x, labels):
    network, loss = MLP_SOFTMAX_CROSS_ENTROPY.arrows
    return loss.function(network.function(params, x), labels)


def backward(params, x, labels):
    network, loss = MLP_SOFTMAX_CROSS_ENTROPY.arrows
    (dp,) = loss.gradient(network.function(params, x), labels, np.float64(1.0))
    return network.gradient(params, x, dp)


def test_arrows_compose(composes):
    composes("mlp_softmax_cross_entropy", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("mlp_softmax_cross_entropy")
