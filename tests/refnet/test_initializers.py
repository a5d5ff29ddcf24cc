"""Initialisers: the variance each promises, by shape, in every dtype."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refnet as rn

SHAPE = 300, 200
VARIANCE = {"zeros": 0.0, "glorot": 2.0 / 500, "he": 2.0 / 300, "lecun": 1.0 / 300}
VARIANCE |= {"truncated_normal": 1.0 / 300, "orthogonal": 1.0 / 300}
KURTOSIS = {"zeros": 3.0, "glorot": 1.8, "he": 3.0, "lecun": 3.0}  # uniform 9/5, normal 3
KURTOSIS |= {"truncated_normal": 3.0, "orthogonal": 3.0}  # less: a wider band


def deviations(weights, variance, kurtosis):
    """How many of its own standard deviations the mean of w^2 is from the promised variance."""
    squares = np.asarray(weights, np.float64) ** 2
    spread = variance * np.sqrt((kurtosis - 1.0) / squares.size)
    return abs(squares.mean() - variance) / spread if spread else float(squares.max() > 0.0)


def test_every_initializer_has_a_variance():
    assert set(VARIANCE) == set(KURTOSIS) == set(rn.INITIALIZERS)


@pytest.mark.parametrize("name", rn.INITIALIZERS)
def test_the_variance_is_the_promised_one(name):
    weights = rn.INITIALIZERS[name](jax.random.key(0), SHAPE)
    assert deviations(weights, VARIANCE[name], KURTOSIS[name]) < 5.0


@pytest.mark.parametrize("name", ("glorot", "he", "lecun"))
def test_a_transposed_shape_is_caught(name):
    weights = rn.INITIALIZERS[name](jax.random.key(0), SHAPE[::-1])
    wrong = VARIANCE[name] * (1.05 if name == "glorot" else 1.0)  # glorot is symmetric
    assert deviations(weights, wrong, KURTOSIS[name]) > 5.0


@pytest.mark.parametrize("dtype", (jnp.float16, jnp.bfloat16, jnp.float32, jnp.float64))
@pytest.mark.parametrize("name", rn.INITIALIZERS)
@settings(max_examples=2)
@given(inputs=st.integers(1, 3), outputs=st.integers(1, 3))
def test_shape_and_dtype(name, dtype, inputs, outputs):
    weights = rn.INITIALIZERS[name](jax.random.key(1), (inputs, outputs), dtype)
    assert weights.shape == (inputs, outputs) and weights.dtype == dtype


@pytest.mark.parametrize("name", ("glorot", "he", "lecun"))
def test_the_key_decides(name):
    draw = lambda seed: rn.INITIALIZERS[name](jax.random.key(seed), (3, 4))
    assert (draw(1) == draw(1)).all() and not (draw(1) == draw(2)).all()


@pytest.mark.parametrize("shape", ((5, 3), (3, 5), (2, 2, 1, 3)))
def test_orthogonal_columns_or_rows_are(shape):
    w = np.asarray(rn.orthogonal(jax.random.key(2), shape, jnp.float64)).reshape(-1, shape[-1])
    product = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    off = np.abs(product - np.eye(len(product))).max()
    assert off <= 64 * np.finfo(float).eps < np.abs(2 * product - np.eye(len(product))).max()


def test_a_truncated_normal_ends_at_two_deviations_before_the_cut():
    far = lambda make: float(jnp.abs(make(jax.random.key(0), SHAPE)).max())
    assert far(rn.truncated_normal) <= 2.0 / 0.8796 / 300**0.5 < far(rn.lecun)


@pytest.mark.parametrize(
    ("mode", "distribution", "count"),
    [("in", "normal", 9 * 20), ("out", "uniform", 9 * 30), ("mean", "truncated", 9 * 25)],
)
def test_variance_scaling_counts_taps_and_the_end_that_is_said(mode, distribution, count):
    make = rn.variance_scaling(2.0, mode, distribution)
    w = make(jax.random.key(0), (3, 3, 20, 30))
    assert w.shape == (3, 3, 20, 30)
    assert deviations(w, 2.0 / count, 3.0) < 5.0 < deviations(w, 2.5 / count, 3.0)


def test_a_convolution_counts_its_taps_both_ways():
    assert rn.fans((3, 2, 4, 5)) == (24, 30) and rn.fans((4, 5)) == (4, 5)
    w = rn.init_conv2d(jax.random.key(0), 20, 30, 3, rn.glorot).w
    assert deviations(w, 2.0 / (9 * 50), 1.8) < 5.0 < deviations(w, 2.0 / (9 * 20 + 30), 1.8)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rn.fans((3,)), "inputs and outputs"),
        (lambda: rn.variance_scaling(1.0, "fan_in"), "one of in, out, mean"),
        (lambda: rn.variance_scaling(0.0), "a number above 0"),
        (lambda: rn.variance_scaling(1.0, "in", "cauchy"), "normal, truncated, uniform"),
    ],
)
def test_what_is_no_initializer_raises(call, said):
    with pytest.raises(ValueError, match=said):
        call()
