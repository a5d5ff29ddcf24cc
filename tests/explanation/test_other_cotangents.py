"""What is done to the cotangent before it is handed on is said, and first."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

matrix = lambda rng: (rng.normal(size=(3, 4)),)
slope = lambda x: 1.0 - np.tanh(x) ** 2
MISTAKES = {
    "ignored": lambda d: np.ones_like(d),
    "its sum in every entry": lambda d: np.full_like(d, d.sum()),
    "its mean in every entry": lambda d: np.full_like(d, d.mean()),
    "its square": np.square,
    "its sign": np.sign,
    "its sum along axis 1": lambda d: np.broadcast_to(d.sum(1, keepdims=True), d.shape),
}


def opaque(x):
    assert isinstance(x, np.ndarray)
    return np.tanh(x)


def first(gradient, of, args=matrix, **more):
    return vf.validate(gradient, of=of, args=args, cases=4, **more).explanation[0]


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("of", [jnp.tanh, opaque])
def test_a_changed_cotangent_is_named(name, of):
    said = first(lambda x, d: slope(x) * MISTAKES[name](d), of)

    assert said.fits and name in said.mistake and "arrives from outside" in said.term


def test_so_it_is_below_a_product():
    pair = lambda rng: (rng.normal(size=(4, 3)), rng.normal(size=(5, 4)))
    gradient = lambda w, x, d: x.T @ slope(x @ w)
    said = first(gradient, lambda w, x: jnp.tanh(x @ w), pair)

    assert said.fits and "ignored" in said.mistake


def test_no_other_mistake_is_taken_for_one():
    halved = first(lambda x, d: 0.5 * slope(x) * d, jnp.tanh)
    garbage = first(lambda x, d: slope(x) * np.cos(3.0 * x), jnp.tanh)

    assert "arrives from outside" not in halved.term + garbage.term
