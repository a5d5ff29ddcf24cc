"""Parts of batches that were lost, and limits of the wrong kind, are named from one step."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import verification as vf

RNG = np.random.default_rng(4)
START = {"w": RNG.normal(size=(4, 3)), "b": 0.1 * RNG.normal(size=3)}
BATCHES = [(RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))) for _ in range(5)]
LIMIT, RATE = 0.2, 0.05
CLIPPED = optax.chain(optax.clip_by_global_norm(LIMIT), optax.sgd(RATE, 0.9))


def loss(params, x, y):
    return jnp.mean((jnp.tanh(x @ params["w"] + params["b"][None]) - y) ** 2)


def slopes(w, x, y):
    a = np.tanh(x @ w["w"] + w["b"])
    dz = 2 * (a - y) / a.size * (1 - a * a)
    return np.mean((a - y) ** 2), {"w": x.T @ dz, "b": dz.sum(axis=0)}


def loop(joined=lambda w, x, y: slopes(w, x, y), limited=lambda g: g, told=True, zero=False):
    def train(params, batches):
        w = jax.tree.map(np.asarray, params)
        v = jax.tree.map(np.zeros_like, w)
        for k, batch in enumerate(batches):
            lost, g = joined(w, *batch)
            v = jax.tree.map(lambda v, g: 0.9 * v + np.asarray(g), v, limited(g))
            w = w if zero and k == 0 else jax.tree.map(lambda w, v: w - RATE * v, w, v)
            yield vf.TrainingStep(w, lost, g) if told else vf.TrainingStep(w)

    return train


def named(train, rule="momentum", **given):
    given = given or ({"learning_rate": RATE, "decay": 0.9} if rule == "momentum" else {})
    found = vf.validate_training(
        train, of=loss, params=START, batches=BATCHES, rule=rule, runs=0, **given
    )
    return found.verdict, [one.fault for one in found.explanation[:1]]


def dealt(w, x, y, of=3, kept=(0,), over=1):
    """Every `of`-th example, as a sampler deals them; those of some processes alone."""
    parts = [slopes(w, x[k::of], y[k::of]) for k in kept]
    return jax.tree.map(lambda *leaves: sum(leaves) / over, *parts)


@pytest.mark.parametrize("told", [True, False], ids=["told", "weights only"])
def test_the_share_of_one_process_is_named(told):
    assert named(loop(partial(dealt, kept=(0, 1, 2), over=3)))[0] == "correct"
    assert named(loop(dealt, told=told)) == ("wrong", ["first micro-batch only"])
    second = partial(dealt, kept=(1,))
    assert named(loop(second, told=told)) == ("wrong", ["one micro-batch only"])


def test_a_micro_batch_that_is_left_out_is_named():
    for over in (2, 3):
        lost = partial(dealt, kept=(0, 2), over=over)
        assert named(loop(lost)) == ("wrong", ["micro-batch left out"])


def by_norm(g):
    whole = np.sqrt(sum(np.sum(np.square(leaf)) for leaf in g.values()))
    return {k: leaf * min(1.0, LIMIT / whole) for k, leaf in g.items()}


@pytest.mark.parametrize("told", [True, False], ids=["told", "weights only"])
def test_a_clip_by_value_where_a_norm_was_meant_is_named(told):
    assert named(loop(limited=by_norm), CLIPPED)[0] == "correct"
    by_value = lambda g: {k: np.clip(leaf, -0.1, 0.1) for k, leaf in g.items()}
    assert named(loop(limited=by_value, told=told), CLIPPED) == ("wrong", ["clip by value"])
    bent = lambda g: {k: 0.1 * np.tanh(leaf / 0.1) for k, leaf in g.items()}
    assert named(loop(limited=bent, told=told), CLIPPED)[1] != ["clip by value"]


def test_a_step_that_does_not_move_is_a_rate_of_zero_first():
    rule = optax.sgd(lambda k: RATE * jnp.minimum(1.0, (k + 1) / 1), 0.9)
    assert named(loop(zero=True), rule) == ("wrong", ["rate is zero"])
