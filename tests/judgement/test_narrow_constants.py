"""A function that closes over float32 numbers is told so, where float64 is asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

THIRDS = np.array([1.0, 2.0, 4.0]) / 3.0
WIDE = lambda x: np.cos(x) * THIRDS


@pytest.fixture(autouse=True)
def as_outside_of_tests():
    with jax.numpy_dtype_promotion("standard"):
        yield


def found(constant, gradient=WIDE, dtype="float64"):
    of = lambda x: jnp.sum(jnp.sin(x) * constant)
    return vf.validate(gradient, of, lambda rng: (rng.normal(size=3),), dtype=dtype, cases=3)


@pytest.mark.parametrize("inside", [lambda f: f, jax.jit])
def test_rounded_constants_are_named_where_the_answer_is_off(inside):
    constant = jnp.asarray(THIRDS, jnp.float32)
    of = inside(lambda x: jnp.sum(jnp.sin(x) * constant))
    said = vf.validate(WIDE, of, lambda rng: (rng.normal(size=3),), cases=3)

    assert said.verdict == "wrong"
    assert "holds constants in fewer digits (float32[3]): where float64 is meant" in said.reason


def test_a_number_alone_is_named_too():
    said = found(jnp.float32(0.1), lambda x: np.cos(x) * 0.1)
    assert said.verdict == "wrong" and "fewer digits (float32)" in said.reason


def test_the_same_gradient_of_wide_constants_is_right():
    assert found(THIRDS).verdict == "correct"


@pytest.mark.parametrize("constant", [jnp.float32(0.25), jnp.asarray([1, 2, 5], jnp.float32)])
def test_short_numbers_are_not_suspected(constant):
    said = found(constant, lambda x: -np.cos(x) * np.asarray(constant, np.float64))
    assert said.verdict == "wrong" and "fewer digits" not in said.reason


def test_nothing_is_said_in_the_constants_own_dtype_or_of_a_right_answer():
    constant = jnp.asarray(THIRDS, jnp.float32)
    assert "fewer digits" not in found(constant, lambda x: -WIDE(x), "float32").reason
    mine = found(constant, lambda x: np.cos(x) * np.asarray(constant, np.float64))
    assert mine.verdict == "correct" and "fewer digits" not in mine.reason
