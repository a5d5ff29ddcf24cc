"""Layers: y = x w + b and its pullback, exactly, on integers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refnet as rn

seeds = st.integers(0, 2**32 - 1)


def integers(rng, *shape):
    """Floats that are small integers: every sum of products below is exact."""
    return rng.integers(-9, 10, size=shape).astype(np.float64)


@settings(max_examples=10)
@given(seed=seeds, batch=st.lists(st.integers(1, 3), max_size=2))
def test_value_and_pullback_are_exact(seed, batch):
    rng = np.random.default_rng(seed)
    x, w, b, dy = integers(rng, *batch, 3), integers(rng, 3, 2), integers(rng, 2), None
    dy = integers(rng, *batch, 2)
    y, pull = jax.vjp(rn.dense, rn.Dense(jnp.asarray(w), jnp.asarray(b)), jnp.asarray(x))
    layer, dx = pull(jnp.asarray(dy))
    flat_x, flat_dy = x.reshape(-1, 3), dy.reshape(-1, 2)
    assert isinstance(layer, rn.Dense)
    assert (np.asarray(y) == x @ w + b).all()
    assert (np.asarray(layer.w) == flat_x.T @ flat_dy).all()
    assert (np.asarray(layer.b) == flat_dy.sum(axis=0)).all()
    assert (np.asarray(dx) == dy @ w.T).all()


def test_init_draws_weights_and_no_bias():
    layer = rn.init_dense(jax.random.key(0), 3, 2, rn.he, jnp.float64)
    assert (layer.w == rn.he(jax.random.key(0), (3, 2), jnp.float64)).all()
    assert layer.b.shape == (2,) and layer.b.dtype == jnp.float64 and not layer.b.any()


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (-1, 2)])
def test_sizes_below_one_raise(sizes):
    with pytest.raises(ValueError, match="at least 1 of each"):
        rn.init_dense(jax.random.key(0), *sizes)
