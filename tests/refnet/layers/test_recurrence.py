"""Recurrent networks: the scan is the loop of the textbook, and looks back alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

X = jax.random.normal(jax.random.key(1), (6, 3, 2), jnp.float64)
logistic = lambda z: 1.0 / (1.0 + np.exp(-z))
drawn = lambda gates: rn.init_recurrent(jax.random.key(0), 2, 4, gates, dtype=jnp.float64)


def looped_rnn(params, x):
    h, out = np.zeros((3, 4)), []
    for row in x:
        h = np.tanh(row @ params.u + h @ params.w + params.b)
        out.append(h)
    return np.stack(out)


def looped_lstm(params, x, order=(0, 1, 2, 3)):
    h = c = np.zeros((3, 4))
    out = []
    for row in x:
        z = np.split(row @ params.u + h @ params.w + params.b, 4, -1)
        i, f, g, o = (z[k] for k in order)
        c = logistic(f) * c + logistic(i) * np.tanh(g)
        h = logistic(o) * np.tanh(c)
        out.append(h)
    return np.stack(out)


@pytest.mark.parametrize(
    ("network", "loop", "gates"), [("rnn", looped_rnn, 1), ("lstm", looped_lstm, 4)]
)
def test_the_scan_is_the_loop(network, loop, gates):
    params = drawn(gates)
    want = loop(jax.tree.map(np.asarray, params), np.asarray(X))
    got = np.asarray(getattr(rn, network)(params, X))
    assert np.abs(got - want).max() <= 64 * np.finfo(float).eps
    changed = np.asarray(getattr(rn, network)(params, X.at[4].add(1.0)))
    assert (changed[:4] == got[:4]).all() and (changed[4:] != got[4:]).all()


def test_gates_in_another_order_are_another_network():
    params = drawn(4)
    other = looped_lstm(jax.tree.map(np.asarray, params), np.asarray(X), (1, 0, 2, 3))
    assert np.abs(np.asarray(rn.lstm(params, X)) - other).max() > 1e-3


def test_every_gate_is_drawn_as_a_matrix_of_its_own():
    params = rn.init_recurrent(jax.random.key(0), 30, 50, 4, rn.he, jnp.float64)
    assert params.u.shape == (30, 200) and params.w.shape == (50, 200) and not params.b.any()
    for weights, inputs in ((params.u, 30), (params.w, 50)):
        assert abs(float(jnp.mean(weights**2)) * inputs / 2 - 1) < 6 * (2 / weights.size) ** 0.5
    assert (params.u[:, :50] != params.u[:, 50:100]).all()
    with pytest.raises(ValueError, match="at least 1 of each"):
        rn.init_recurrent(jax.random.key(0), 2, 0)
