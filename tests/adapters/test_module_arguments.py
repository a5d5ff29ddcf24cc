"""Modules of JAX's frameworks with a state, and as arguments; skipped where one is missing."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

import verification as vf

pytestmark = pytest.mark.filterwarnings("ignore")  # of the frameworks themselves
OPTIONS = {"cases": 2, "edges": "none"}
WIDE = {"param_dtype": jnp.float64}


@pytest.fixture(autouse=True)
def as_their_users_have_it():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def rows(rng):
    return (rng.normal(size=(5, 3)),)


def judged(gradient, of=None, args=rows, **options):
    return vf.validate(gradient, of=of, args=args, **OPTIONS, **options)


def loss(module, x):
    return jnp.sum(jnp.tanh(module(x)) ** 2)


@pytest.fixture
def net():
    """Running statistics that every pass of a Flax NNX module writes into, and random numbers."""
    nnx = pytest.importorskip("flax.nnx")

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.first = nnx.Linear(3, 2, rngs=rngs, **WIDE)
            self.norm = nnx.BatchNorm(2, rngs=rngs, use_bias=False, **WIDE)
            self.drop = nnx.Dropout(0.1, rngs=rngs)

        def __call__(self, x):
            return self.drop(self.norm(self.first(x) ** 2))

    return Net(nnx.Rngs(0))


def with_one(net):
    return lambda rng: (net, rng.normal(size=(5, 3)))


def test_a_gradient_of_a_module_is_judged_by_its_paths(net):
    nnx = pytest.importorskip("flax.nnx")
    off = lambda m, x: jax.tree.map(lambda g: 1.01 * g, nnx.grad(loss)(m, x))
    as_dicts = lambda m, x: nnx.to_pure_dict(nnx.grad(loss)(m, x))
    right, wrong, other = (judged(g, loss, with_one(net)) for g in (nnx.grad(loss), off, as_dicts))

    assert right.verdict == other.verdict == "correct" and right.oracle == "ball", str(right)
    assert "module['first.kernel']" in right.power
    assert wrong.verdict == "wrong", str(wrong)


def test_a_gradient_of_a_module_and_its_input(net):
    nnx = pytest.importorskip("flax.nnx")
    by = {"argnums": (0, 1)}
    assert judged(nnx.grad(loss, **by), loss, with_one(net), **by).verdict == "correct"
    swapped = lambda m, x: (nnx.grad(loss)(m, x), -nnx.grad(loss, argnums=1)(m, x))
    assert judged(swapped, loss, with_one(net), **by).verdict == "wrong"


@pytest.mark.parametrize("factor, verdict", [(1.0, "correct"), (2.0, "wrong")])
def test_a_gradient_by_hand_of_a_module(factor, verdict):
    nnx = pytest.importorskip("flax.nnx")
    layer = nnx.Linear(3, 2, rngs=nnx.Rngs(0), **WIDE)
    by_hand = lambda p, x, d: {"kernel": x.T @ d, "bias": factor * d.sum(0)}
    assert judged(by_hand, layer).verdict == verdict


def test_a_linen_module_with_statistics_and_dropout():
    linen = pytest.importorskip("flax.linen")

    class Net(linen.Module):
        @linen.compact
        def __call__(self, x, train):
            x = linen.BatchNorm(not train, use_bias=False, **WIDE)(linen.Dense(2, **WIDE)(x) ** 2)
            return linen.Dropout(0.1, deterministic=not train)(x)

    training, still = (judged(partial(Net(), train=train)) for train in (True, False))
    assert training.verdict == still.verdict == "correct", (training.reason, still.reason)
    assert "value[1]['batch_stats.BatchNorm_0.mean']" in training.power
    assert "value" in still.power


def test_haiku_with_a_state():
    hk = pytest.importorskip("haiku")
    forward = lambda x: hk.BatchNorm(True, False, 0.9)(hk.Linear(2)(x) ** 2, is_training=True)
    found = judged(hk.without_apply_rng(hk.transform_with_state(forward)))
    assert found.verdict == "correct", str(found)
    assert "value[1]['batch_norm/~/mean_ema.average']" in found.power


def test_keras_layers_that_are_not_built_and_losses(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        layer = judged(keras.layers.Dense(2))
        pairs = lambda rng: (*rows(rng), *rows(rng))
        mean = keras.losses.CosineSimilarity()
        by_loss = judged(mean, args=pairs, argnums=1)
        monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
        with pytest.raises(ValueError, match="run Keras on JAX"):
            judged(keras.layers.Dense(2))
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])
    assert layer.verdict == by_loss.verdict == "correct", (layer.reason, by_loss.reason)
    assert "params['dense/kernel']" in {p.replace("dense_1", "dense") for p in layer.power}
