"""Logistic neuron: the preactivation, the sigmoid, the cross-entropy."""

import numpy as np

from verification.derivations.logistic_neuron import LOGISTIC_NEURON


def forward(params, x, y):
    affine, squash, loss, _ = LOGISTIC_NEURON.arrows
    return loss.function(squash.function(affine.function(params, x)), y)


def backward(params, x, y):
    affine, squash, loss, _ = LOGISTIC_NEURON.arrows
    z = affine.function(params, x)
    (da,) = loss.gradient(squash.function(z), y, np.float64(1.0))
    (dz,) = squash.gradient(z, da)
    return affine.gradient(params, x, dz)


def test_arrows_compose(composes):
    composes("logistic_neuron", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("logistic_neuron")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("logistic_neuron")


def test_the_fused_arrow_is_the_product_of_two(composes):
    def backward(params, x, y):
        affine, _, _, fused = LOGISTIC_NEURON.arrows
        z = affine.function(params, x)
        (dz,) = fused.gradient(z, y, np.float64(1.0))
        return affine.gradient(params, x, dz)

    composes("logistic_neuron", forward, backward)
