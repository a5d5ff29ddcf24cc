"""Activations: right to rounding, and never NaN, at every finite number of every dtype."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import refnet as rn
from verification.measurement.budget import budget

DTYPES = (jnp.float16, jnp.bfloat16, jnp.float32, jnp.float64)
OPERATIONS = 16  # roundings on the longest path through any of the formulas
floats32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def value_and_slopes(f, z):
    """f(z), and its slope forward and in reverse, elementwise."""
    one = jnp.ones_like(z)
    value, forward = jax.jvp(f, (z,), (one,))
    (reverse,) = jax.vjp(f, z)[1](one)
    return value, forward, reverse


COMPILED = {
    name: jax.jit(lambda z, f=f: value_and_slopes(f, z)) for name, f in rn.ACTIVATIONS.items()
}


def extremes(dtype):
    """Zeros, subnormals, ordinary numbers, saturation and the largest, of both signs."""
    info = jnp.finfo(dtype)
    ends = [0.0, float(info.smallest_subnormal), float(info.tiny), float(info.eps), float(info.max)]
    middle = [10.0**k for k in range(-8, 39) if 10.0**k < float(info.max)]
    positive = np.array(ends + middle + list(np.linspace(0.0, 120.0, 481)))
    return jnp.asarray(np.concatenate([positive, -positive]), dtype)


def logistic(z):
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


def gate(z):
    u = math.sqrt(2.0 / math.pi) * (z + 0.044715 * z**3)
    return 2.0 * u, 2.0 * math.sqrt(2.0 / math.pi) * (1.0 + 3.0 * 0.044715 * z * z)


def phi(z):
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


# name -> the terms whose sum is the value, the terms whose sum is the slope, in Python floats
TRUTH = {
    "identity": lambda z: ([z], [1.0]),
    "sigmoid": lambda z: ([logistic(z)], [logistic(z) * logistic(-z)]),
    "tanh": lambda z: ([math.tanh(z)], [1.0 / math.cosh(z) ** 2]),
    "relu": lambda z: ([max(z, 0.0)], [float(z > 0.0)]),
    "leaky_relu": lambda z: ([z if z > 0.0 else 0.01 * z], [1.0 if z > 0.0 else 0.01]),
    "softplus": lambda z: ([max(z, 0.0), math.log1p(math.exp(-abs(z)))], [logistic(z)]),
    "gelu": lambda z: (
        [0.5 * z * math.erfc(-z / math.sqrt(2.0))],
        [0.5 * math.erfc(-z / math.sqrt(2.0)), z * phi(z)],
    ),
    "gelu_tanh": lambda z: (
        [z * logistic(gate(z)[0])],
        [logistic(gate(z)[0]), z * gate(z)[1] * logistic(gate(z)[0]) * logistic(-gate(z)[0])],
    ),
    "silu": lambda z: ([z * logistic(z)], [logistic(z), z * logistic(z) * logistic(-z)]),
}


def worst(got, terms, z, dtype):
    """Largest error in budgets: OPERATIONS roundings, times how much the terms' arguments amplify.

    An argument of e^. or erfc is at most about z^2 here, and rounding it moves the term by that;
    and a factor may be flushed to 0 below the smallest normal number.
    """
    info = jnp.finfo(dtype)
    truth = np.array([math.fsum(t) for t in terms])
    size = np.array([math.fsum(map(abs, t)) for t in terms])
    z = np.asarray(z, np.float64)
    budget = OPERATIONS * float(info.eps) * (1.0 + z * z) * size + (1.0 + np.abs(z)) * float(
        info.tiny
    )
    return float(np.max(np.abs(np.asarray(got, np.float64) - truth) / budget))


def compared(name, z):
    """Errors of value, forward slope and reverse slope at z, in budgets."""
    value, forward, reverse = COMPILED[name](z)
    truths = [TRUTH[name](float(entry)) for entry in z]
    values, slopes = zip(*truths, strict=True)
    return [
        worst(value, values, z, z.dtype),
        worst(forward, slopes, z, z.dtype),
        worst(reverse, slopes, z, z.dtype),
    ]


def test_every_activation_has_a_truth():
    assert set(TRUTH) == set(rn.ACTIVATIONS)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: jnp.dtype(d).name)
@pytest.mark.parametrize("name", rn.ACTIVATIONS)
def test_finite_at_the_ends_of_every_dtype(name, dtype):
    z = extremes(dtype)
    for array in COMPILED[name](z):
        assert array.dtype == dtype
        assert np.isfinite(np.asarray(array, np.float64)).all()


@pytest.mark.parametrize("name", rn.ACTIVATIONS)
@given(z=hnp.arrays(np.float32, 64, elements=floats32))
def test_finite_at_any_float32(name, z):
    for array in COMPILED[name](jnp.asarray(z)):
        assert np.isfinite(array).all()


@pytest.mark.parametrize("dtype", (jnp.float32, jnp.float64), ids=lambda d: jnp.dtype(d).name)
@pytest.mark.parametrize("name", rn.ACTIVATIONS)
def test_value_and_slopes_are_right(name, dtype):
    z = jnp.asarray(np.random.default_rng(0).uniform(-18.0, 18.0, 300), dtype)
    assert max(compared(name, z)) <= 1.0


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("sigmoid", lambda z: rn.sigmoid(z) * (1.0 - rn.sigmoid(z))),  # cancels
        ("tanh", lambda z: 1.0 - rn.tanh(z) ** 2),
        ("gelu", lambda z: 0.5 * (1.0 + jax.lax.erf(z / 2.0**0.5)) + z * jnp.exp(-0.5 * z * z)),
        ("silu", rn.sigmoid),  # a missing term
    ],
)
def test_a_wrong_slope_is_caught(name, wrong):
    z = jnp.linspace(-18.0, 18.0, 300, dtype=jnp.float32)
    slopes = [TRUTH[name](float(entry))[1] for entry in z]
    assert worst(wrong(z), slopes, z, z.dtype) > 1.0


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("sigmoid", 0.0, 1.0), ("tanh", -1.0, 1.0), ("relu", 0.0, np.inf), ("softplus", 0.0, np.inf),
     ("gelu", -0.17, np.inf), ("gelu_tanh", -0.18, np.inf), ("silu", -0.28, np.inf)],
)  # fmt: skip
@pytest.mark.parametrize("dtype", (jnp.float32, jnp.float64), ids=lambda d: jnp.dtype(d).name)
def test_values_stay_in_the_stated_range(name, low, high, dtype):
    value = np.asarray(COMPILED[name](extremes(dtype))[0])
    assert (low <= value).all() and (value <= high).all()


def test_kinks_take_the_stated_side():
    zeros = jnp.array([0.0, -0.0])
    for name, slope in {"relu": 0.0, "leaky_relu": 0.01}.items():
        _, forward, reverse = COMPILED[name](zeros)
        assert (forward == slope).all() and (reverse == slope).all()


@pytest.mark.parametrize("leak", (-0.1, 1.0, math.nan))
def test_leak_outside_its_range_raises(leak):
    with pytest.raises(ValueError, match="0 <= leak < 1"):
        rn.leaky_relu(jnp.ones(2), leak)


@pytest.mark.parametrize("name", rn.ACTIVATIONS)
@settings(max_examples=2)
@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
def test_shape_is_kept_and_vmap_changes_nothing(name, shape):
    z = jax.random.normal(jax.random.key(1), shape)
    apart = COMPILED[name](z.reshape(-1))
    together = jax.jit(jax.vmap(COMPILED[name]))(z)
    for slices, entries, room in zip(together, apart, rooms(name, z.reshape(-1)), strict=True):
        assert slices.shape == shape
        assert (jnp.abs(slices.reshape(-1) - entries) <= room).all()
        if name == "gelu":
            assert not (jnp.abs(1.0001 * slices.reshape(-1) - entries) <= room).all()


def rooms(name, z):
    """How far two compiled forms may be apart: not at all, but for gelu, whose erfc XLA
    vectorises in more than one way: by the rounding bound of each."""
    if name != "gelu":
        return 0.0, 0.0, 0.0
    program = partial(value_and_slopes, rn.ACTIVATIONS[name])
    return [
        jnp.asarray(2.0 * bound)
        for bound in budget(program, (np.asarray(z),), str(z.dtype)).allowed
    ]
