"""A function that is made again is the same; one that differs in anything is another."""

import gc

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.measurement.made_again import made
from verification.measurement.replayed import replayed


def loss(x):
    return jnp.sum(jax.lax.scan(lambda c, v: (jnp.sin(c * v), c), 1.0, x)[1])


def scaled(by, of=loss):
    return lambda x, k=1.0: by * k * of(x)


def test_the_same_again():
    assert made(jax.grad(loss)) == made(jax.grad(loss))
    assert hash(made(jax.grad(loss))) == hash(made(jax.grad(loss)))
    assert made(scaled(2.0)) == made(scaled(2.0))


OTHERS = {
    "another argument": lambda: (jax.grad(loss), jax.grad(loss, 1)),
    "another transformation": lambda: (jax.grad(loss), jax.value_and_grad(loss)),
    "another number": lambda: (scaled(2.0), scaled(3.0)),
    "an integer for a number": lambda: (scaled(2), scaled(2.0)),
    "another function": lambda: (scaled(2.0), scaled(2.0, jnp.sum)),
    "another object": lambda: (scaled(jnp.ones(1)), scaled(jnp.ones(1))),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another(name):
    one, other = OTHERS[name]()
    assert made(one) == made(one)
    assert made(one) != made(other)


def test_what_can_be_changed_in_place_and_kept_by_nobody_is_not_known():
    for held in ([1.0], {"k": 1.0}, np.ones(1)):
        try:
            one, other = made(scaled(held)), made(scaled(list(held)))
        except TypeError:
            continue
        assert one != other


def test_an_object_that_is_gone_is_nothing_elses():
    class Held:
        pass

    before = made(scaled(Held()))
    gc.collect()
    assert all(before != made(scaled(Held())) for _ in range(50))


CALLS = []


def counted(x):
    CALLS.append(1)
    return loss(x)


def test_a_gradient_that_is_made_again_is_traced_and_not_called():
    x, seen = np.array([0.5, 1.5]), []
    for _ in range(2):
        candidate = jax.grad(counted)
        seen.append((replayed(candidate, candidate)(x), len(CALLS)))
    (one, first), (other, both) = seen
    assert (first, both) == (2, 3), "called and traced, then traced"
    assert np.array_equal(one, other)
