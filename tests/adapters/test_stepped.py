"""The gradient of a library that only takes steps: all of its digits at a large rate."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters.stepped import stepped_gradient


def loss(w, x, y):
    return jnp.mean((x @ w - y) ** 2)


class Model:
    """As a library has it: weights of its own, changed in place, and no gradient to be seen."""

    def __init__(self, rate, factor=2.0):
        self.rate, self.factor = rate, factor

    def train_on_batch(self, w, x, y):
        error = x @ w - y
        w -= self.rate * self.factor * (x.T @ error) / len(y)


def drawn(rng):
    return rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)


@pytest.mark.parametrize(("factor", "verdict"), [(2.0, "correct"), (1.0, "wrong")])
def test_a_step_in_place_is_judged_as_a_gradient(factor, verdict):
    gradient = stepped_gradient(Model(2.0**30, factor).train_on_batch)
    found = vf.validate(gradient, of=loss, args=drawn, argnums=0)
    assert found.verdict == verdict, found.reason


def test_a_small_rate_leaves_few_digits():
    gradient = stepped_gradient(Model(2.0**-20).train_on_batch, rate=2.0**-20)
    found = vf.validate(gradient, of=loss, args=drawn, argnums=0)
    assert found.verdict == "inaccurate", found.reason


def test_several_arguments_that_are_returned():
    step = lambda a, b: (a - 4.0 * b, b - 4.0 * a)
    told = stepped_gradient(step, 4.0, argnums=(0, 1))(np.array([3.0]), np.array([2.0]))
    assert [x.tolist() for x in told] == [[2.0], [3.0]]


@pytest.mark.parametrize("rate", [0.0, np.inf, np.nan])
def test_a_rate_that_divides_nothing_is_refused(rate):
    with pytest.raises(ValueError, match="rate is"):
        stepped_gradient(lambda w: w, rate)
