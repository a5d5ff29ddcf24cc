"""What refnet puts around a rule, judged by the variants of the same names."""

import jax
import jax.numpy as jnp
import optax
import pytest

import refnet as rn
import verification as vf

descent = rn.gradient_descent

AROUND = {
    "clip_value": lambda learning_rate, max_delta: optax.chain(
        rn.clip_value(max_delta), descent(learning_rate)
    ),
    "clip_global_norm": lambda learning_rate, max_norm: optax.chain(
        rn.clip_global_norm(max_norm), descent(learning_rate)
    ),
    "accumulation": lambda learning_rate, every: rn.accumulation(descent(learning_rate), every),
    "schedule_cosine": lambda learning_rate, total: descent(
        rn.schedule_cosine(learning_rate, total)
    ),
    "schedule_exponential": lambda learning_rate, gamma: descent(
        rn.schedule_exponential(learning_rate, gamma)
    ),
    "schedule_step": lambda learning_rate, gamma, step_size: descent(
        rn.schedule_step(learning_rate, gamma, step_size)
    ),
    "schedule_warmup": lambda learning_rate, warmup: descent(
        rn.schedule_warmup(learning_rate, warmup)
    ),
}


def average(decay):
    """What arrives is the new weights: the rule inside adds it to 0."""
    arriving = optax.GradientTransformation(lambda w: (), lambda x, state, w: (x, state))
    made = rn.averaged(arriving, decay)

    def update(x, state, w):
        _, state = made.update(x, state, jax.tree.map(lambda w: w * 0.0, w))
        return rn.average_of(state, decay), state

    return made.init, update


@pytest.mark.parametrize("name", AROUND)
def test_around_descent_it_is_the_variant_of_its_name(name):
    finding = vf.validate_update(AROUND[name], against=name, cases=1)
    assert finding.verdict == "correct", finding.reason


def test_the_average_is_that_without_bias():
    assert vf.validate_update(average, against="average_unbiased", cases=1).verdict == "correct"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("clip_global_norm", lambda learning_rate, max_norm: optax.chain(
            rn.clip_value(max_norm), descent(learning_rate))),
        ("accumulation", lambda learning_rate, every: rn.accumulation(
            descent(learning_rate), every + 1)),
        ("schedule_warmup", lambda learning_rate, warmup: descent(
            optax.linear_schedule(0.0, learning_rate, warmup))),
        ("average_from_zero", average),
    ],
)  # fmt: skip
def test_another_is_seen(name, wrong):
    assert vf.validate_update(wrong, against=name, cases=1).verdict == "wrong"


@pytest.mark.parametrize("every", [0, -1])
def test_a_count_that_is_none_is_refused(every):
    with pytest.raises(ValueError, match="every is .*; accumulation wants a whole number"):
        rn.accumulation(descent(0.1), every)


def test_gradients_that_are_too_long_keep_their_direction_and_an_infinite_rate_is_refused():
    clipped, _ = rn.clip_global_norm(1.0).update({"a": jnp.asarray(3.0), "b": jnp.asarray(4.0)}, ())
    assert clipped["b"] / clipped["a"] == pytest.approx(4.0 / 3.0)
    with pytest.raises(ValueError, match="learning_rate"):
        rn.schedule_cosine(float("inf"), 10)
