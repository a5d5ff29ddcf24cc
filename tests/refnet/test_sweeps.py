"""Sweeps: each run is one of train's, stops alone, and goes on as if it had never been stopped."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn
import verification as vf

DATA = rn.xor(n=5, noise=0.1, dtype=jnp.float64)
LOSS = rn.binary_cross_entropy_with_logits
RULES = {"adam": rn.adam}
RATES = (0.05, 0.3)
KEYS = jax.random.split(jax.random.key(4), 3)


def init(key):
    return rn.init_mlp(key, (2, 3, 1), dtype=jnp.float64)


def swept(**how):
    given = {"rates": RATES, "keys": KEYS, "epochs": 4, "validation": DATA.validation} | how
    return rn.sweep(rn.mlp, LOSS, RULES, init, DATA.train, **given)


def equal(a, b) -> bool:
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y, equal_nan=True) for x, y in pairs)


@pytest.mark.parametrize("name", RULES)
def test_a_run_of_a_sweep_is_judged_correct(name):
    """Full batches, an epoch at a time: the weights after every step, and their losses."""

    def train(params, batches):
        runs = None
        for k in range(len(batches)):
            runs = swept(epochs=1, start=runs, first_epoch=k)
            mine = jax.tree.map(lambda a: a[1, 2], runs[name].params)
            yield vf.TrainingStep(mine, runs[name].loss[1, 2, 0])

    key = jax.random.split(KEYS[2])[0]
    finding = vf.validate_training(
        train,
        of=lambda params, x, y: LOSS(rn.mlp(params, x), y),
        rule=RULES[name](RATES[1]),
        params=init(key),
        batches=[DATA.train] * 6,
        runs=0,
    )
    assert "every step alone is right" in finding.reason, finding.reason


def test_a_sweep_that_goes_on_ends_with_the_same_bits():
    one = lambda first, start: swept(batch=2, epochs=2, first_epoch=first, start=start)
    first = one(0, None)
    whole, again = one(2, first), one(2, jax.tree.map(np.asarray, first))
    assert equal(whole, again)
    straight = swept(batch=2)["adam"]
    assert np.allclose(whole["adam"].loss, straight.loss[..., straight.loss.shape[-1] // 2 :])


def test_orders_differ_by_seed_and_by_epoch():
    """Without steps the loss of a batch is a fingerprint of its examples."""
    runs = rn.sweep(
        rn.mlp, LOSS, {"gd": rn.gradient_descent}, lambda key: init(jax.random.key(0)), DATA.train,
        rates=(0.0,), keys=KEYS, batch=2, epochs=3,
    )["gd"]  # fmt: skip
    epochs = np.asarray(runs.loss).reshape(3, 3, 3)
    assert len(np.unique(epochs.reshape(9, 3), axis=0)) > 6
    assert runs.validation_loss is None


def test_a_run_that_is_lost_stops_alone_with_its_step_and_values():
    rates = (0.1, 1e200)
    runs = rn.sweep(
        rn.mlp,
        rn.mse,
        {"gd": rn.gradient_descent},
        init,
        DATA.train,
        rates=rates,
        keys=KEYS,
        epochs=6,
    )["gd"]
    alone = rn.sweep(
        rn.mlp,
        rn.mse,
        {"gd": rn.gradient_descent},
        init,
        DATA.train,
        rates=rates[:1],
        keys=KEYS,
        epochs=6,
    )["gd"]
    assert (runs.stopped_at[0] == 0).all() and (runs.stopped_at[1] > 1).all()
    assert np.allclose(runs.loss[0], alone.loss[0]) and np.isfinite(runs.loss[0]).all()
    for seed, stop in enumerate(np.asarray(runs.stopped_at[1])):
        losses = np.asarray(runs.loss[1, seed])
        assert np.isfinite(losses[: stop - 1]).all() and not np.isfinite(losses[stop - 1])
        assert np.isnan(losses[stop:]).all()
        assert all(np.isfinite(leaf[1, seed]).all() for leaf in jax.tree.leaves(runs.params))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"batch": 6}, "want 1 <= batch <= 5"),
        ({"rates": ()}, "at least one of each"),
        ({"epochs": 0}, "epochs, first_epoch are 0, 0"),
    ],
)
def test_what_does_not_fit_is_said(how, said):
    with pytest.raises(ValueError, match=said):
        swept(**how)
