"""Softmax and log-sum-exp: shares of 1, along any axis, over what the mask shows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

Z = jnp.asarray(3.0 * np.random.default_rng(0).normal(size=(3, 4, 5)))
EPS = np.finfo(float).eps


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_shares_sum_to_1_along_the_axis_and_log_sum_exp_is_their_whole(axis):
    p = rn.softmax(Z, axis)
    whole = np.expand_dims(np.asarray(rn.log_sum_exp(Z, axis)), axis)
    assert np.abs(np.asarray(p).sum(axis) - 1.0).max() <= 8 * EPS
    assert np.abs(np.asarray(p) / np.exp(np.asarray(Z) - whole) - 1.0).max() <= 32 * EPS
    assert np.abs(np.asarray(p).sum((axis + 1) % 3) - 1.0).max() > 0.01


def test_a_mask_leaves_entries_out():
    mask = jnp.array([True, False, True, True, False])
    p = rn.softmax(Z, mask=mask[None, None])
    few = rn.softmax(Z[..., np.array([0, 2, 3])])
    assert (p[..., np.array([1, 4])] == 0.0).all()
    assert jnp.abs(p[..., np.array([0, 2, 3])] - few).max() <= 4 * EPS
    assert (rn.softmax(Z, mask=jnp.zeros((1, 1, 5), bool)) == 0.0).all()


def test_what_the_mask_hides_may_be_anything():
    z, mask = jnp.array([1.0, 1e308, -2.0]), jnp.array([True, False, True])
    p, slope = jax.value_and_grad(lambda z: rn.softmax(z, mask=mask)[0])(z)
    assert abs(p - rn.softmax(jnp.array([1.0, -2.0]))[0]) <= 4 * EPS
    assert np.isfinite(np.asarray(slope)).all() and slope[1] == 0.0


def test_large_numbers_do_not_overflow():
    assert rn.softmax(jnp.array([1e4, 1e4])).tolist() == [0.5, 0.5]
    assert rn.log_sum_exp(jnp.array([1e4, -1e4])) == 1e4
