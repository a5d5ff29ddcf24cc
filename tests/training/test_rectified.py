"""Loops of networks whose loss has max(z, 0) written out; and a loss that alone is another."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import verification as vf

RNG = np.random.default_rng(4)
PARAMS = {"w": 0.6 * RNG.normal(size=(3, 4)), "v": RNG.normal(size=4)}
BATCHES = [(RNG.normal(size=(6, 3)), RNG.normal(size=6)) for _ in range(3)]
RATE = 0.125


def loss(params, x, y):
    return jnp.mean((jnp.maximum(x @ params["w"], 0) @ params["v"] - y) ** 2)


def loop(masked=True, more=0.0):
    """By hand; without its mask, or with a constant in the loss that has no slope."""

    def train(params, batches):
        w = {n: np.asarray(a) for n, a in params.items()}
        for x, y in batches:
            z = x @ w["w"]
            a = np.maximum(z, 0.0)
            e = a @ w["v"] - y
            d = 2.0 * e / e.size
            dz = d[:, None] * w["v"] * ((z > 0.0) if masked else 1.0)
            g = {"w": x.T @ dz, "v": a.T @ d}
            w = {n: w[n] - RATE * g[n] for n in w}
            yield vf.TrainingStep(w, (e**2).mean() + more, g)

    return train


@pytest.mark.dear
@pytest.mark.parametrize(
    ("loop", "verdict", "said"),
    [
        (loop(), "correct", ""),
        (loop(masked=False), "wrong", "the mask of the choice is forgotten"),
        (loop(more=1e-6), "wrong", "no known mistake of a loop explains it; it begins in loss"),
    ],
)
def test_a_maximum_is_one_of_its_operands(loop, verdict, said):
    asked = {"rule": optax.sgd(RATE), "params": PARAMS, "batches": BATCHES, "runs": 0}
    found = vf.validate_training(loop, of=loss, **asked)
    assert found.verdict == verdict
    assert not said or any(said in one.mistake for one in found.explanation)
