"""One neuron: the preactivation, then the sigmoid."""

from verification.derivations.neuron import NEURON


def forward(params, x):
    affine, squash = NEURON.arrows
    return squash.function(affine.function(params, x))


def backward(params, x, da):
    affine, squash = NEURON.arrows
    (dz,) = squash.gradient(affine.function(params, x), da)
    return affine.gradient(params, x, dz)


def test_arrows_compose(composes):
    composes("neuron", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("neuron")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("neuron")
