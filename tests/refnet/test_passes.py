"""What a network asks and keeps: running statistics, keys, parts of a batch, another precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

X = jax.random.normal(jax.random.key(1), (12, 3), jnp.float32)
Y = jnp.sin(X[:, :1])
KEY = jax.random.key(2)
PARAMS = rn.init_mlp(jax.random.key(0), (3, 4, 1))
UPDATE = rn.gradient_descent(0.1)
BUDGET = 64 * float(np.finfo(np.float32).eps)  # of sums of a few dozen numbers of size 1


def trained(network=rn.mlp, params=PARAMS, **options):
    return rn.train(network, rn.mse, UPDATE, params, (X, Y), **options)


def off(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return max(float(jnp.abs(x - y).max()) for x, y in pairs)


def test_parts_of_a_batch_are_the_batch():
    whole, parts = trained(epochs=2), trained(epochs=2, accumulate=3)
    assert off(whole.params, parts.params) <= BUDGET < off(whole.params, PARAMS)
    assert off(whole.history.loss, parts.history.loss) <= BUDGET


def test_what_is_computed_again_is_the_same():
    assert off(trained(checkpoint=True).params, trained().params) <= BUDGET
    jaxpr = str(jax.make_jaxpr(lambda: trained(checkpoint=True).params)())
    assert "remat" in jaxpr or "checkpoint" in jaxpr


def test_a_network_in_bfloat16_keeps_its_weights_in_float32():
    seen = []

    def network(params, x):
        seen.append((str(x.dtype), str(params[0].w.dtype)))
        return rn.mlp(params, x)

    run = trained(network, compute=jnp.bfloat16, loss_scale=256.0)
    assert set(seen) == {("bfloat16", "bfloat16")}
    assert run.params[0].w.dtype == run.history.loss.dtype == jnp.float32
    whole = trained().params
    state = rn.init_running(3)
    kept = trained(normed, (rn.init_norm(3), PARAMS), running=state, compute=jnp.bfloat16).running
    assert kept.mean.dtype == state.mean.dtype == jnp.float32 and off(kept.mean, state.mean) > 0.0
    assert BUDGET < off(run.params, whole) <= 16 * float(jnp.finfo(jnp.bfloat16).eps)


def test_the_loss_scale_is_divided_by_again_and_saves_what_underflows():
    small = lambda p, y: 2.0**-26 * rn.mse(p, y)
    half = lambda scale: rn.train(
        *(rn.mlp, small, rn.gradient_descent(2.0**26), PARAMS, (X, Y)),
        compute=jnp.float16,
        loss_scale=scale,
    )
    assert off(half(1.0).params, PARAMS) < 0.3 * off(half(2.0**20).params, PARAMS)
    assert off(trained(loss_scale=4.0).params, trained().params) == 0.0


def normed(params, x, running, training):
    """A batch norm before a perceptron."""
    norm, layers = params
    if not training:
        return rn.mlp(layers, rn.batch_norm_eval(norm, running, x)), running
    h, running = rn.batch_norm_train(norm, running, x, 0.5)
    return rn.mlp(layers, h), running


def test_running_statistics_are_threaded_and_are_those_of_evaluation():
    params = rn.init_norm(3), PARAMS
    run = trained(
        normed, params, running=rn.init_running(3), epochs=2, validation=(X, Y), patience=5
    )
    assert off(run.running.mean, 0.75 * X.mean(0)) <= BUDGET
    prediction, _ = normed(run.params, X, run.running, training=False)
    assert off(rn.mse(prediction, Y), run.history.validation_loss[-1]) <= BUDGET
    best_params, best_running = run.best
    assert off(best_running, run.running) == off(best_params, run.params) == 0.0
    parts = trained(normed, params, running=rn.init_running(3), accumulate=2)
    halves = 0.25 * X[:6].mean(0) + 0.5 * X[6:].mean(0)
    assert off(parts.running.mean, halves) <= BUDGET < off(parts.running.mean, 0.5 * X.mean(0))


def dropped(params, x, key):
    """Half of the inputs, in training."""
    if key is None:
        return rn.mlp(params, x)
    return rn.mlp(params, rn.dropout(x, rn.dropout_mask(key, x.shape)))


def test_dropout_has_a_key_of_its_own_in_each_step_and_none_in_validation():
    options = {"dropout": True, "epochs": 2, "batch": 5, "validation": (X, Y)}
    still = rn.gradient_descent(0.0)
    alike = jnp.ones_like(X), jnp.zeros_like(Y)  # what differs in a loss is its mask
    run = lambda key: rn.train(dropped, rn.mse, still, PARAMS, alike, key=key, **options)
    once, again, other = run(KEY), run(KEY), run(jax.random.key(3))
    assert (once.history.loss == again.history.loss).all()
    assert (once.history.loss != other.history.loss).all()
    assert len(set(once.history.loss.tolist())) == 6
    assert off(once.history.validation_loss, rn.mse(rn.mlp(PARAMS, X), Y)) <= BUDGET


def test_the_parts_of_a_batch_keep_their_order_and_have_a_key_each():
    apart = lambda prediction, y: jnp.abs(prediction[:6] - prediction[6:]).max()
    how = {"key": KEY, "dropout": True, "metrics": {"apart": apart, "again": rn.mse}}
    alike = jnp.ones_like(X), Y
    loss, _, metrics, _ = rn.train(
        dropped, rn.mse, UPDATE, PARAMS, alike, accumulate=2, **how
    ).history
    assert off(metrics["again"], loss) <= BUDGET and metrics["apart"][0] > 0.0


def test_symbols_are_whole_numbers():
    network = lambda table, x: rn.embedding(table, x)[:, 0]
    table = rn.init_embedding(KEY, 5, 2)
    x = jnp.arange(12)[:, None] % 5
    run = rn.train(network, rn.mse, UPDATE, table, (x, jnp.zeros((12, 2), jnp.float32)))
    assert off(run.params, table) > 0.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"accumulate": 5}, "it must divide the batch"),
        ({"accumulate": 2, "batch": 10, "shuffle": False, "epochs": 1}, None),
        ({"accumulate": 5, "batch": 5, "shuffle": False}, "the rest of an epoch: 5, 2"),
        ({"accumulate": 0}, "accumulate is 0"),
        ({"dropout": True}, "dropout wants"),
    ],
)
def test_options_that_do_not_fit_raise(options, said):
    if said is None:
        assert trained(**options).history.loss.shape == (2,)
        return
    with pytest.raises(ValueError, match=said):
        trained(**options)
