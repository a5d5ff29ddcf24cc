"""What draws random numbers in the dtype of its argument is another function in each dtype."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import verification as vf
from verification.measurement import own_draws, subject
from verification.measurement.own_draws import OTHERS, in_own_draws

KEY = random.key(0)


def sample(rng):
    return (rng.normal(size=5),)


def scaled(x):
    return jnp.sum(jnp.sin(x) * random.normal(KEY, x.shape, x.dtype))


def dropped(x):
    kept = random.bernoulli(KEY, jnp.full(x.shape, 0.5, x.dtype))
    return jnp.sum(jnp.where(kept, x * x, jnp.zeros_like(x)))


def stepped(x):
    add = lambda c, key: (jnp.tanh(c + random.normal(key, c.shape, c.dtype)), None)
    return jnp.sum(jax.lax.scan(add, x, random.split(KEY, 3))[0])


def branched(x):
    drawn = lambda x: jnp.sum(x * random.normal(KEY, x.shape, x.dtype))
    return jax.lax.cond(jnp.sum(x) > -50.0, drawn, jnp.sum, x)


def judged(of, gradient=None, dtype="bfloat16", args=sample):
    gradient = gradient or jax.grad(of)
    return vf.validate(gradient, of=of, args=args, dtype=dtype, cases=2, edges="none")


@pytest.mark.parametrize(("of", "dtype"), [(scaled, "float32"), (dropped, "bfloat16")])
def test_numbers_are_those_of_the_dtype_judged(of, dtype, monkeypatch):
    assert judged(of, dtype=dtype).verdict == "correct"
    slope = jax.grad(of)
    off = lambda x: slope(x).at[2].multiply(1.5)
    assert judged(of, off, dtype).verdict == "wrong"
    monkeypatch.setattr(subject, "in_own_draws", lambda of, *_: of)
    assert judged(of, dtype=dtype).verdict != "correct"  # beside the numbers of float64


def test_the_key_may_be_an_argument():
    of = lambda x, key: jnp.sum(jnp.sin(x) * random.uniform(key, x.shape, x.dtype))
    keyed = lambda rng: (*sample(rng), random.PRNGKey(int(rng.integers(1000))))
    assert judged(of, args=keyed).verdict == "correct"


def test_a_loop_that_draws_is_taken_step_by_step(monkeypatch):
    x = np.linspace(-1.0, 1.0, 5)
    with jax.enable_x64(True):
        own = in_own_draws(stepped, (x,), (0,), "bfloat16")
        keys = random.split(KEY, 3)
        theirs = [random.normal(key, (5,), "bfloat16").astype(float) for key in keys]
        by_hand = x
        for drawn in theirs:
            by_hand = np.tanh(by_hand + np.asarray(drawn))
        assert np.isclose(own(x), by_hand.sum(), rtol=1e-14)
        assert not np.isclose(stepped(x), by_hand.sum(), rtol=1e-3)  # beside those of float64
    monkeypatch.setattr(own_draws, "STEPS", 2)
    assert judged(stepped).verdict == "undecided"  # the control: one step too many


def test_what_is_drawn_on_a_way_of_the_argument_is_another_function_in_each_dtype():
    found = judged(branched)
    assert found.verdict == "undecided" and OTHERS.format("bfloat16") in found.reason


def test_numbers_are_held_as_jax_draws_them():
    x = np.ones(5)
    with jax.enable_x64(True):
        own = in_own_draws(scaled, (x,), (0,), "float16")
        theirs = np.asarray(random.normal(KEY, (5,), "float16"), np.float64)
        assert np.array_equal(jax.grad(own)(x), np.cos(x) * theirs)


def test_what_is_drawn_in_one_dtype_for_all_is_not_drawn_anew(monkeypatch):
    """One of the five numbers is so near to 1 that in bfloat16 it is 1, and its logarithm is not
    finite."""
    numbers = 1.0 - np.array([0.5, 0.25, 0.125, 0.75, 2.0**-10])
    bits = lambda: random.bits(KEY, (5,), "uint32") * np.uint32(0)
    of = lambda x: x * -jnp.log1p(-(numbers + bits().astype(numbers.dtype))).astype(x.dtype)
    function = lambda x: jnp.sum(of(x))
    assert judged(function).verdict == "correct"
    twice = lambda x: jax.grad(function)(x).at[4].multiply(2.0)
    assert judged(function, twice).verdict == "wrong"
    monkeypatch.setattr(subject, "in_own_draws", lambda of, *_: of)
    assert judged(function).verdict == "undecided"


def test_another_function_stays_itself():
    of = lambda x: jnp.sum(x * x)
    assert in_own_draws(of, (np.ones(3),), (0,), "bfloat16") is of
