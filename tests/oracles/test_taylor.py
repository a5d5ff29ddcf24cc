"""The remainder falls like h^2 for the right gradient, like h for a wrong one, or is undecided."""

import jax.numpy as jnp
import numpy as np
import pytest

import refnet
from verification.oracles import ball, taylor
from verification.oracles.question import ask

SMOOTH = [n for n in refnet.ACTIVATIONS if n not in ("identity", "relu", "leaky_relu")]


def case(name):
    rng = np.random.default_rng(29)
    question = ask(refnet.ACTIVATIONS[name], (rng.normal(size=9),), cotangent=rng.normal(size=9))
    return question, [leaf.mid for leaf in ball.gradient(question)], rng


@pytest.mark.parametrize("name", SMOOTH)
def test_the_right_gradient_has_order_two(name):
    order = taylor.order(*case(name))
    assert order.agrees and abs(order.observed - 2.0) < 0.1, order


@pytest.mark.parametrize("name", refnet.ACTIVATIONS)
@pytest.mark.parametrize("fault", [-1.0, 2.0, 1.0 + 1e-4])
def test_a_wrong_gradient_has_order_one(name, fault):
    question, claimed, rng = case(name)
    order = taylor.order(question, [fault * g for g in claimed], rng)
    assert order.decided and not order.agrees and abs(order.observed - 1.0) < 0.1, order


@pytest.mark.parametrize("name", ["identity", "relu", "leaky_relu"])
def test_a_piecewise_linear_function_has_no_remainder(name):
    order = taylor.order(*case(name))
    assert order.agrees and order.observed == np.inf


def test_noise_and_nan_are_undecided():
    noisy = ask(lambda z: (jnp.sin(z) + 1e17).sum() - 1e17, (np.array([0.7, 1.3]),))
    order = taylor.order(noisy, [np.cos([0.7, 1.3])], np.random.default_rng(0))
    assert not order.agrees or order.observed == np.inf
    outside = ask(lambda z: jnp.log(z).sum(), (np.array([-1.0]),))
    assert not taylor.order(outside, [np.array([-1.0])], np.random.default_rng(0)).decided
    question, claimed, rng = case("tanh")
    assert not taylor.order(question, [g * np.nan for g in claimed], rng).agrees
