"""Adam under a schedule: each of its two counts, and each of its memories, may be lost alone."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import verification as vf

RNG = np.random.default_rng(1)
PARAMS = {"w": RNG.normal(size=(4, 2)), "b": RNG.normal(size=2)}
BATCHES = [(RNG.normal(size=(8, 4)), RNG.normal(size=(8, 2))) for _ in range(8)]
RULE = optax.adam(lambda t: 0.01 * jnp.minimum(1.0, (t + 1) / 6), 0.9, 0.99, 1e-8)
LOST = 4  # the step before which the run is resumed


def loss(params, x, y):
    return jnp.mean((x @ params["w"] + params["b"][None] - y) ** 2)


def loop(lost="", times=1):
    def train(params, batches):
        w, memory, counts = dict(params), {}, {"t": 0, "sched": 0}
        for k, (x, y) in enumerate(batches):
            e = x @ w["w"] + w["b"] - y
            g = {"w": 2 * x.T @ e / e.size, "b": 2 * e.sum(axis=0) / e.size}
            if k == LOST:
                counts |= {lost: 0} if lost in counts else {}
                memory = {n: x for n, x in memory.items() if n[0] != lost}
            t, rate = counts["t"] + 1, 0.01 * min(1.0, (counts["sched"] + 1) / 6)
            counts = {"t": t, "sched": counts["sched"] + times}
            for n in w:
                m = memory["m", n] = 0.9 * memory.get(("m", n), 0.0) + 0.1 * g[n]
                v = memory["v", n] = 0.99 * memory.get(("v", n), 0.0) + 0.01 * g[n] ** 2
                root = np.sqrt(v / (1 - 0.99**t)) + 1e-8
                w[n] = w[n] - rate * (m / (1 - 0.9**t)) / root
            yield vf.TrainingStep(dict(w), (e**2).mean(), g)

    return train


def asked(train):
    return vf.validate_training(train, of=loss, rule=RULE, params=PARAMS, batches=BATCHES, runs=0)


def test_the_loop_itself_is_right():
    assert asked(loop()).verdict == "correct"


@pytest.mark.parametrize(
    ("lost", "name", "said"),
    [
        ("sched", "schedule not restored", "one of its counts"),
        ("t", "schedule not restored", "one of its counts"),
        ("m", "momentum reset", "mu starts anew"),
        ("v", "momentum reset", "nu starts anew"),
    ],
)
def test_what_is_lost_alone_is_said(lost, name, said):
    found = asked(loop(lost))
    assert found.verdict == "wrong" and found.step == LOST + 1
    assert found.explanation[0].fault == name and said in found.explanation[0].mistake


def test_a_schedule_that_is_stepped_twice():
    found = asked(loop(times=2))
    assert found.step == 2 and found.explanation[0].fault == "schedule stepped too often"
