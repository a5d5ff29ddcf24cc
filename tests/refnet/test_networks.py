"""Networks: composition, forwards and backwards, against the same chain written in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refnet as rn

EPS = np.finfo(np.float64).eps


def by_hand(params, x):
    """tanh hidden layers, linear output: the prediction, and the gradient of its sum."""
    params = jax.tree.map(np.asarray, params)
    activations = [x]
    for w, b in params[:-1]:
        activations.append(np.tanh(activations[-1] @ w + b))
    y = activations[-1] @ params[-1].w + params[-1].b
    delta, gradient = np.ones_like(y), []
    for (w, _), a in zip(reversed(params), reversed(activations), strict=True):
        gradient.insert(0, (a.T @ delta, delta.sum(axis=0)))
        delta = (delta @ w.T) * (1.0 - a**2)
    return y, gradient


def near(got, truth, operations):
    """Within `operations` roundings of numbers of the size of the largest."""
    return np.abs(np.asarray(got) - truth).max() <= operations * EPS * (1.0 + np.abs(truth).max())


@settings(max_examples=4)
@given(hidden=st.lists(st.integers(1, 4), max_size=2), n=st.integers(1, 3))
def test_mlp_and_its_gradient_are_the_chain(hidden, n):
    params = rn.init_mlp(jax.random.key(3), (2, *hidden, 1), dtype=jnp.float64)
    x = np.random.default_rng(0).normal(size=(n, 2))
    y, gradient = by_hand(params, x)
    got = jax.jit(jax.grad(lambda p: rn.mlp(p, jnp.asarray(x)).sum()))(params)
    operations = 64 * len(params)
    assert near(jax.jit(rn.mlp)(params, jnp.asarray(x)), y, operations)
    for layer, (dw, db) in zip(got, gradient, strict=True):
        assert near(layer.w, dw, operations) and near(layer.b, db, operations)
        assert not near(layer.b + 1e-9, db, operations)


def test_mlp_puts_the_activation_inside_and_the_output_last():
    layer = rn.Dense(w=jnp.ones((1, 1)), b=jnp.zeros(1))
    double = lambda z: 2.0 * z
    increment = lambda z: z + 1.0
    assert rn.mlp((layer, layer), jnp.ones((1, 1)), double, increment)[0, 0] == 3.0
    assert rn.mlp((layer,), jnp.ones((1, 1)), double)[0, 0] == 1.0


@settings(max_examples=10)
@given(w=st.integers(-9, 9), b=st.integers(-9, 9))
def test_neuron_is_exact_where_its_activation_is(w, b):
    x = jnp.arange(-3.0, 4.0)
    neuron = rn.Neuron(w=jnp.asarray(float(w)), b=jnp.asarray(float(b)))
    gradient = jax.grad(lambda p: rn.neuron(p, x, rn.identity).sum())(neuron)
    assert (rn.neuron(neuron, x, rn.identity) == w * np.arange(-3.0, 4.0) + b).all()
    assert gradient == rn.Neuron(w=jnp.asarray(0.0), b=jnp.asarray(7.0))


@pytest.mark.parametrize("sizes", [(), (3,)])
def test_fewer_than_two_sizes_raise(sizes):
    with pytest.raises(ValueError, match="at least inputs and outputs"):
        rn.init_mlp(jax.random.key(0), sizes)


def test_layers_are_drawn_apart():
    first, second = rn.init_mlp(jax.random.key(0), (3, 3, 3))
    assert not (first.w == second.w).any()
