"""Backpropagation through time that stops early is named, by how many steps it goes back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.judgement.validate import validate

STEPS = 7


def states(w, u, x):
    """All states of a recurrent network, one after the other."""

    def step(h, row):
        h = jnp.tanh(row @ w + h @ u)
        return h, h

    return jax.lax.scan(step, jnp.zeros(3), x)[1]


def last(w, u, x):
    return states(w, u, x)[-1]


def backward(begin, factor=1.0):
    """Through time, as far as `begin` says of each step; every step has a cotangent."""

    def gradient(w, u, x, d):
        above = np.zeros((STEPS, 3))
        above[-1 if d.ndim == 1 else slice(None)] = d
        h = [np.zeros(3)]
        for row in x:
            h.append(np.tanh(row @ w + h[-1] @ u))
        dw, du, dh = 0 * w, 0 * u, np.zeros(3)
        for t in reversed(range(STEPS)):
            dz = (above[t] + dh) * (1 - h[t + 1] ** 2)
            dw, du = dw + np.outer(x[t], dz), du + factor * np.outer(h[t], dz)
            dh = np.zeros(3) if begin(t) else u @ dz
        return dw, du

    return gradient


def arguments(rng):
    shapes = (2, 3), (3, 3), (STEPS, 2)
    return tuple(0.7 * rng.normal(size=shape) for shape in shapes)


def asked(gradient, of):
    return validate(gradient, of=of, args=arguments, argnums=(0, 1), cases=2)


@pytest.mark.parametrize("back", [2, 5])
def test_the_last_steps_alone(back):
    found = asked(backward(lambda t: t == STEPS - back), last)
    assert str(found.verdict) == "wrong"
    assert f"more than the last {back} of {STEPS} steps" in found.explanation[0].mistake
    assert found.explanation[0].fits


def test_a_state_that_is_detached_every_few_steps():
    found = asked(backward(lambda t: t in (3, 6)), states)
    assert "the state is detached after every 3 steps" in found.explanation[0].mistake


def test_all_steps_are_right():
    assert str(asked(backward(lambda t: False), states).verdict) == "correct"


def test_another_mistake_is_not_called_so():
    found = asked(backward(lambda t: False, factor=2.0), last)
    assert str(found.verdict) == "wrong"
    assert not any("truncated" in e.mistake for e in found.explanation)


def test_what_has_no_loop_is_left_alone():
    found = validate(lambda x: 3 * x, of=lambda x: jnp.sum(x * x), args=(np.ones(3),))
    assert not any("truncated" in e.mistake for e in found.explanation)
