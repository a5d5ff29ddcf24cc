"""A loss that draws random numbers: by a key of its own, or by one that each batch brings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import verification as vf
from verification.measurement.own_draws import OTHERS
from verification.training import validate

KEY = random.key(3)
WEIGHTS = np.linspace(-1.0, 1.0, 6).reshape(3, 2)
ROWS = np.linspace(0.0, 1.0, 12).reshape(4, 3)
KEYED = [(ROWS, random.key(k)) for k in range(3)]


def noisy(w, x, key=KEY):
    z = x @ w
    return jnp.mean(jnp.square(z + random.normal(key, z.shape, z.dtype)))


def dropped(w, x, key=KEY):
    z = x @ w
    return jnp.mean(jnp.where(random.bernoulli(key, 0.5, z.shape), jnp.square(z), 0.0 * z))


def branched(w, x):
    drawn = lambda z: jnp.mean(jnp.square(z + random.normal(KEY, z.shape, z.dtype)))
    return jax.lax.cond(jnp.sum(x) > 0.0, drawn, jnp.mean, x @ w)


def by_descent(of, batch_of=lambda batches, k: batches[k]):
    slope = jax.value_and_grad(of)

    def train(w, batches):
        for k in range(len(batches)):
            loss, step = slope(w, *batch_of(batches, k))
            w = w - jnp.asarray(0.1, w.dtype) * step
            yield vf.TrainingStep(w, loss, step)

    return train


def judged(of, batches, train=None, dtype="float32", runs=0, **more):
    return vf.validate_training(
        train or by_descent(of), of=of, rule="gradient_descent", learning_rate=0.1,
        params=WEIGHTS, batches=batches, dtype=dtype, runs=runs, **more,
    )  # fmt: skip


def test_numbers_are_those_of_the_dtype_judged(monkeypatch):
    assert judged(noisy, [(ROWS,)] * 2, runs=32).verdict == "correct"
    too_long = by_descent(lambda w, x: 1.001 * noisy(w, x))
    assert judged(noisy, [(ROWS,)] * 3, too_long).verdict == "wrong"
    monkeypatch.setattr(validate, "in_own_draws", lambda of, *_: of)
    assert judged(noisy, [(ROWS,)] * 3).verdict != "correct"  # beside the numbers of float64


@pytest.mark.parametrize("of", [noisy, dropped])
def test_a_batch_may_bring_its_key(of):
    assert judged(of, KEYED).verdict == "correct"
    first_again = by_descent(of, lambda batches, k: batches[0])
    found = judged(of, KEYED, first_again)
    assert (found.verdict, found.step) == ("wrong", 2)
    assert found.explanation[0].fault == "first mask for ever"


def test_other_losses_and_examples_held_out_have_keys_too():
    other = lambda w, x, key: noisy(w, x, key) + jnp.sum(jnp.sin(w))
    known = {"instead": {"sine": other}, "held_out": KEYED[2]}
    found = judged(noisy, KEYED[:2], by_descent(other), **known)
    assert "sine" in str(found.explanation[0])


def test_the_words_of_a_key_are_as_good():
    words = [(x, np.asarray(random.key_data(key))) for x, key in KEYED]
    of = lambda w, x, key: noisy(w, x, random.wrap_key_data(key))
    assert judged(of, words, dtype="bfloat16").verdict == "correct"


def test_what_is_drawn_on_a_way_of_the_weights_is_undecided():
    found = judged(branched, [(ROWS,)] * 2, runs=32)
    assert found.verdict == "undecided" and OTHERS.format("float32") in found.reason
    assert judged(branched, [(ROWS,)] * 3, dtype="float64").verdict == "correct"
