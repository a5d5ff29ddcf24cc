"""The recurrent classifier: it answers from the last state, and remembers the first step."""

import jax
import jax.numpy as jnp
import pytest

import refnet as rn


@pytest.mark.parametrize(("network", "gates"), [(rn.rnn, 1), (rn.lstm, 4)])
def test_the_answer_is_a_layer_on_the_last_state(network, gates):
    params = rn.init_recurrent_classifier(jax.random.key(0), 2, 4, 3, gates, dtype=jnp.float64)
    x = jax.random.normal(jax.random.key(1), (5, 7, 2), jnp.float64)
    states = network(params.recurrent, jnp.swapaxes(x, 0, 1))
    got = rn.recurrent_classifier(params, x, network)
    assert (got == rn.dense(params.out, states[-1])).all()
    assert (rn.recurrent_classifier(params, x.at[:, 0].add(1.0), network) != got).all()


def test_the_sign_of_the_first_step_is_remembered():
    x = jax.random.normal(jax.random.key(0), (256, 8, 1), jnp.float32)
    y = (x[:, 0] > 0.0).astype(jnp.float32)
    params = rn.init_recurrent_classifier(jax.random.key(1), 1, 16, 1)
    run = rn.train(
        rn.recurrent_classifier,
        rn.binary_cross_entropy_with_logits,
        rn.adam(2e-2),
        params,
        (x, y),
        key=jax.random.key(2),
        batch=64,
        epochs=40,
    )
    missed = lambda p: (rn.recurrent_classifier(p, x) > 0) != (y > 0)
    wrong = lambda p: float(jnp.mean(missed(p).astype(jnp.float32)))
    assert wrong(run.params) < 0.05 < 0.25 < wrong(params)
