"""Dropout and embedding: what is kept is scaled, what is looked up is counted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn


def test_a_mask_keeps_its_share_and_is_drawn_from_the_key():
    mask = rn.dropout_mask(jax.random.key(0), (100, 100), 0.7)
    assert abs(float(jnp.mean(mask.astype(jnp.float64))) - 0.7) < 6 * (0.7 * 0.3) ** 0.5 / 100
    assert (mask == rn.dropout_mask(jax.random.key(0), (100, 100), 0.7)).all()
    assert (mask != rn.dropout_mask(jax.random.key(1), (100, 100), 0.7)).any()


def test_what_is_kept_is_divided_by_its_chance():
    x, mask = jnp.array([1.0, -2.0, 3.0]), jnp.array([True, False, True])
    assert rn.dropout(x, mask, 0.25).tolist() == [4.0, 0.0, 12.0]


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.5, float("nan")])
def test_a_chance_outside_raises(keep):
    with pytest.raises(ValueError, match="0 < keep <= 1"):
        rn.dropout(jnp.ones(2), jnp.ones(2, bool), keep)
    with pytest.raises(ValueError, match="0 < keep <= 1"):
        rn.dropout_mask(jax.random.key(0), (2,), keep)


def test_rows_are_looked_up_and_their_gradients_counted():
    table, rows = jnp.arange(6.0).reshape(3, 2), jnp.array([[2, 0], [2, 2]])
    assert (rn.embedding(table, rows) == table[np.asarray(rows)]).all()
    counted = jax.grad(lambda t: rn.embedding(t, rows).sum())(table)
    assert counted.tolist() == [[1.0, 1.0], [0.0, 0.0], [3.0, 3.0]]


def test_a_table_is_drawn_as_the_weights_of_its_width():
    table = rn.init_embedding(jax.random.key(0), 300, 20, dtype=jnp.float64)
    assert table.shape == (300, 20)
    assert abs(float(jnp.mean(table**2)) * 20 - 1.0) < 6 * (2 / table.size) ** 0.5
    with pytest.raises(ValueError, match="at least 1 of each"):
        rn.init_embedding(jax.random.key(0), 0, 2)
