"""Multilayer perceptron under mean squared error: the network, then the loss."""

import numpy as np

from verification.derivations.mlp_mse import MLP_MSE


def forward(params, x, t):
    network, loss = MLP_MSE.arrows
    return loss.function(network.function(params, x), t)


def backward(params, x, t):
    network, loss = MLP_MSE.arrows
    (dp,) = loss.gradient(network.function(params, x), t, np.float64(1.0))
    return network.gradient(params, x, dp)


def test_arrows_compose(composes):
    composes("mlp_mse", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("mlp_mse")
