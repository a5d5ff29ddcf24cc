"""Multilayer perceptron: the layer and tanh, in turn, by recursion over the layers."""

import numpy as np
import pytest

from verification.derivations.mlp import MLP, draw_network
from verification.inputs import draws


def forward(params, x):
    layer, squash = MLP.arrows
    *hidden, last = params
    for each in hidden:
        x = squash.function(layer.function(each, x))
    return layer.function(last, x)


def backward(params, x, dout):
    layer, squash = MLP.arrows
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
    composes("mlp", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("mlp")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("mlp")


@pytest.mark.parametrize("depth", range(1, 7))
def test_every_depth_composes(depth, same_in_balls):
    rng = np.random.default_rng(depth)
    params, x = draw_network(rng, (3, 2, 4, 3, 2, 3, 4)[: depth + 1], batch=2)
    dout = draws.cotangent_of(rng, forward, (params, x))

    same_in_balls(MLP.gradient, backward, (params, x, dout))
