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
KURTOSIS = {"zeros": 3.0, "glorot": 1.8, "he": 3.0, "lecun": 3.0}  # uniform 9/5, normal 3


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
