"""Decay at the other place is named, whatever optax made the rule of."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import verification as vf

RNG = np.random.default_rng(1)
PARAMS = {"w": RNG.normal(size=(4, 2)), "b": RNG.normal(size=2)}
BATCHES = [(RNG.normal(size=(8, 4)), RNG.normal(size=(8, 2))) for _ in range(6)]
RATE, DECAY = 0.01, 0.1
MATRICES = {"w": True, "b": False}


def loss(params, x, y):
    return jnp.mean((x @ params["w"] + params["b"][None] - y) ** 2)


def adam(inside=0.0, beside=0.0, biases=True, rate=lambda k: RATE):
    """Adam in NumPy, with a decay in the gradient and one beside the step."""

    def train(params, batches):
        w, m, v = dict(params), dict.fromkeys("wb", 0.0), dict.fromkeys("wb", 0.0)
        for t, (x, y) in enumerate(batches, 1):
            e = x @ w["w"] + w["b"] - y
            told = {"w": 2 * x.T @ e / e.size, "b": 2 * e.sum(axis=0) / e.size}
            for n in w:
                is_on = n == "w" or biases
                g = told[n] + is_on * inside * w[n]
                m[n], v[n] = 0.9 * m[n] + 0.1 * g, 0.999 * v[n] + 0.001 * g * g
                step = m[n] / (1 - 0.9**t) / (np.sqrt(v[n] / (1 - 0.999**t)) + 1e-8)
                w[n] = w[n] - rate(t - 1) * (step + is_on * beside * w[n])
            yield vf.TrainingStep(dict(w), (e**2).mean(), told)

    return train


INSIDE = optax.chain(optax.add_decayed_weights(DECAY), optax.scale_by_adam(), optax.scale(-RATE))
BESIDE = optax.adamw(RATE, weight_decay=DECAY)
MASKED = optax.adamw(RATE, weight_decay=DECAY, mask=MATRICES)


def asked(train, rule, dtype="float64"):
    return vf.validate_training(
        train, of=loss, rule=rule, params=PARAMS, batches=BATCHES, runs=0, dtype=dtype
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "train, rule, fault",
    [
        (adam(inside=DECAY), BESIDE, "decay in gradient"),
        (adam(beside=DECAY), INSIDE, "decay beside gradient"),
        (adam(inside=DECAY, biases=False), MASKED, "decay in gradient"),
    ],
    ids=["inside", "beside", "masked"],
)
def test_decay_at_the_other_place_is_named(train, rule, fault, dtype):
    finding = asked(train, rule, dtype)
    assert (finding.verdict, finding.explanation[0].fault) == ("wrong", fault)


@pytest.mark.parametrize("warm", [1, 2])
def test_so_it_is_after_a_warm_up_from_0(warm):
    """The first steps have no rate: what it is follows from a memory that has seen gradients."""
    rate = optax.join_schedules([optax.constant_schedule(0.0), lambda k: RATE], [warm])
    rule, at = optax.adamw(rate, weight_decay=DECAY), lambda k: float(rate(k))
    found = [asked(adam(rate=at, **mine), rule) for mine in ({"inside": DECAY}, {"beside": DECAY})]
    assert [f.verdict for f in found] == ["wrong", "correct"]
    assert found[0].step == warm + 1 and found[0].explanation[0].fault == "decay in gradient"


@pytest.mark.parametrize(
    "train, rule, fault",
    [
        (adam(), BESIDE, "decay missing"),
        (adam(beside=2 * DECAY), BESIDE, "decay on weights"),
        (adam(beside=DECAY), MASKED, "decay on biases"),
    ],
    ids=["missing", "twice", "biases"],
)
def test_other_mistakes_in_a_decay_keep_their_names(train, rule, fault):
    finding = asked(train, rule)
    assert (finding.verdict, finding.explanation[0].fault) == ("wrong", fault)


@pytest.mark.parametrize(
    "train, rule", [(adam(inside=DECAY), INSIDE), (adam(beside=DECAY), BESIDE)], ids=["in", "by"]
)
def test_the_decay_that_was_meant_is_right(train, rule):
    assert asked(train, rule).verdict == "correct"
