"""Norms: mean 0 and variance 1, along the axis that the name says, and no other."""

import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 5)) * 3.0 + 2.0)
UNIT = rn.init_norm(5, jnp.float64)
EPS = np.finfo(float).eps


@pytest.mark.parametrize(("norm", "axis"), [(rn.layer_norm, 1), (rn.batch_norm, 0)])
def test_mean_0_and_variance_1_along_one_axis(norm, axis):
    h = np.asarray(norm(UNIT, X, 0.0))
    assert np.abs(h.mean(axis)).max() <= 16 * EPS
    assert np.abs(h.var(axis) - 1.0).max() <= 64 * EPS
    assert np.abs(h.mean(1 - axis)).max() > 0.01


def test_rms_norm_subtracts_no_mean():
    h = np.asarray(rn.rms_norm(UNIT.gain, X, 0.0))
    assert np.abs((h * h).mean(1) - 1.0).max() <= 64 * EPS
    assert np.abs(h.mean(1)).min() > 0.01


def test_gain_and_bias_come_after_and_eps_holds_what_does_not_vary():
    norm = rn.Norm(gain=2.0 * UNIT.gain, bias=UNIT.bias + 3.0)
    plain = rn.layer_norm(UNIT, X)
    assert jnp.abs(rn.layer_norm(norm, X) - (2.0 * plain + 3.0)).max() <= 16 * EPS
    assert (rn.layer_norm(norm, jnp.ones((2, 5))) == 3.0).all()


def test_more_axes_of_a_batch_are_as_many_examples():
    both = rn.layer_norm(UNIT, X.reshape(2, 3, 5))
    assert (both.reshape(6, 5) == rn.layer_norm(UNIT, X)).all()


def test_a_size_below_one_raises():
    with pytest.raises(ValueError, match="at least 1"):
        rn.init_norm(0)
