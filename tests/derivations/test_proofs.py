"""Formulas by hand are proved for all values, entry by entry, on the branch of the sample."""

import jax
import numpy as np
import pytest

from refnet.layers import Dense
from verification.derivations import ALL
from verification.oracles.symbolic import prove

PROVED = (
    *("identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "gelu_tanh", "silu"),
    *("mse", "binary_cross_entropy", "binary_cross_entropy_with_logits"),
    *("softmax_cross_entropy", "softmax_cross_entropy_with_integer_labels"),
    *("dense", "neuron", "logistic_neuron"),
)
ARROWS = [(name, arrow.name) for name in PROVED for arrow in ALL[name].arrows]
NETWORKS = {"mlp": (3, 2, 2), "mlp_relu": (2, 2, 1)}


def proof(subject, gradient, argnums=None):
    args = subject.draw(np.random.default_rng(1))
    scalar = getattr(subject, "scalar", False)
    argnums = subject.argnums if argnums is None else argnums
    return prove(subject.function, gradient, args, argnums, cotangent_symbols=not scalar)


def scaled(gradient, factor=1.0 + 2.0**-30):
    return lambda *args: jax.tree.map(lambda leaf: factor * leaf, gradient(*args))


def only(gradient, count):
    return lambda *args: gradient(*args)[:count]


@pytest.mark.parametrize("name", PROVED)
def test_the_gradient_is_proved_and_a_scaled_one_is_not(name):
    derivation = ALL[name]
    # the slope of binary_cross_entropy in its label is a logarithm of a quotient, which the
    # normal form does not take apart: that one entry is left to the balls
    argnums = (0,) if name == "binary_cross_entropy" else derivation.argnums
    gradient = only(derivation.gradient, len(argnums))
    proved = proof(derivation, gradient, argnums)

    assert proved.proved, proved.leftover
    assert proved.entries > 0
    assert not proof(derivation, scaled(gradient), argnums).proved


@pytest.mark.parametrize(("name", "arrow"), ARROWS)
def test_every_arrow_is_proved_and_a_scaled_one_is_not(name, arrow):
    (subject,) = (a for a in ALL[name].arrows if a.name == arrow)
    proved = proof(subject, subject.gradient)

    assert proved.proved, proved.leftover
    assert not proof(subject, scaled(subject.gradient)).proved


@pytest.mark.parametrize("name", NETWORKS)
def test_small_networks_are_proved_entry_by_entry(name):
    rng, sizes = np.random.default_rng(2), NETWORKS[name]
    draw = lambda *shape: np.float64(np.float32(rng.normal(size=shape)))
    params = tuple(Dense(draw(i, o), draw(o)) for i, o in zip(sizes[:-1], sizes[1:], strict=True))
    args = params, draw(2, sizes[0])
    derivation = ALL[name]
    proved = prove(derivation.function, derivation.gradient, args, derivation.argnums)
    transposed = lambda params, x, d: derivation.gradient(
        tuple(Dense(layer.w, layer.b[::-1]) for layer in params), x, d
    )

    assert proved.proved, proved.leftover
    assert not prove(derivation.function, transposed, args, derivation.argnums).proved
