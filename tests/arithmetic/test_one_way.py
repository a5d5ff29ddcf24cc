"""What turns is told from what only rises or falls; after a turn a chain begins anew."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.one_way import turns
from verification.measurement.subject import with_stored

from .stored_slopes import Z, outside

PIECES = {
    "relu": (jax.nn.relu, lambda z: np.maximum(z, 0), lambda z: z > 0),
    "size": (jnp.abs, np.abs, np.sign),
    "square": (jnp.square, np.square, lambda z: 2 * z),
    "mask": (lambda z: jnp.where(z > 1, z, 0), lambda z: np.where(z > 1, z, 0), lambda z: z > 1),
    "product": (lambda z: z * jnp.exp(z / 4), lambda z: z * np.exp(z / 4), None),
}


def logistic(z):
    return 1.0 / (1.0 + jnp.exp(-z))


@pytest.mark.parametrize("name", PIECES)
def test_these_turn(name):
    assert turns(PIECES[name][0], (7,))


def test_these_do_not():
    for f in (jnp.exp, logistic, jnp.tanh, lambda z: -3 * z, lambda z: jnp.where(z > 0, z, z / 9)):
        assert not turns(f, (2, 3))


@pytest.mark.parametrize("name", ["relu", "size", "square", "mask"])
def test_a_slope_is_read_back_after_a_turn(name):
    inner, value, slope = PIECES[name]
    f = lambda z: logistic(inner(z))
    a = 1 / (1 + np.exp(-value(Z)))
    got = a * (1 - a) * slope(Z).astype(np.float32)
    assert not outside(got, f, with_stored(f)).any()
    assert outside(got, f, f).any()
    assert outside(got * np.float32(1.001), f, with_stored(f)).any()


def test_two_turns_one_after_the_other():
    f = lambda z: logistic(jnp.square(logistic(abs(z)) * 3) / 2)
    b = 1 / (1 + np.exp(-abs(Z)))
    a = 1 / (1 + np.exp(-np.square(b * 3) / 2))
    got = a * (1 - a) * (9 * b) * (b * (1 - b)) * np.sign(Z)
    assert not outside(got, f, with_stored(f)).any()
    assert outside(got * np.float32(1.001), f, with_stored(f)).any()
