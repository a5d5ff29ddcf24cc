"""Multilayer perceptron with rectifiers: the layer and the rectifier, in turn."""

import numpy as np
import pytest

from refnet import relu
from verification.derivations.mlp import backward as backward_of_network
from verification.derivations.mlp_relu import MLP_RELU
from verification.inputs import draws


def forward(params, x):
    layer, squash = MLP_RELU.arrows
    *hidden, last = params
    for each in hidden:
        x = squash.function(layer.function(each, x))
    return layer.function(last, x)


def backward(params, x, dout):
    layer, squash = MLP_RELU.arrows
    if len(params) == 1:
        d, dx = layer.gradient(params[0], x, dout)
        return (d,), dx
    z = layer.function(params[0], x)
    a = squash.function(z)
    deeper, da = backward(params[1:], a, dout)
    (dz,) = squash.gradient(z, da)
    d, dx = layer.gradient(params[0], x, dz)
    return (d, *deeper), dx


def test_arrows_compose(composes):
    composes("mlp_relu", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("mlp_relu")


def test_a_slope_of_one_everywhere_is_wrong(same_in_balls):
    def linear(params, x, dout):
        return backward_of_network(params, x, dout, relu, lambda z, da: (da,))

    rng = np.random.default_rng(0)
    args = MLP_RELU.draw(rng)
    args = (*args, draws.cotangent_of(rng, MLP_RELU.function, args))
    with pytest.raises(AssertionError, match="is not"):
        same_in_balls(MLP_RELU.gradient, linear, args)
