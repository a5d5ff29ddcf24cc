"""A gradient that is made of differences of losses is named by what it was divided by."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import verification as vf
from verification.arithmetic.formats import format_of
from verification.training.differences import divisor

RNG = np.random.default_rng(2)
PARAMS = {"w": RNG.normal(size=(3, 2)), "b": RNG.normal(size=2)}
BATCHES = [(RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))) for _ in range(3)]
RATE = 0.125


def loss(params, x, y):
    return jnp.mean(jnp.tanh(x @ params["w"] + params["b"][None]) * y) + jnp.sum(params["w"] ** 2)


def by_hand(w, b, x, y):
    return (np.tanh(x @ w + b) * y).mean() + (w**2).sum()


def differences(params, x, y, h, central):
    """Entry by entry; the same step forward alone, if it is not central."""

    def shifted(name, at, by):
        moved = {n: a.copy() for n, a in params.items()}
        moved[name][at] += moved[name].dtype.type(by)
        return by_hand(moved["w"], moved["b"], x, y)

    def one(name, at):
        low = -h if central else 0.0
        return (shifted(name, at, h) - shifted(name, at, low)) / (h - low)

    made = {n: np.array([one(n, at) for at in np.ndindex(a.shape)]) for n, a in params.items()}
    return {n: made[n].reshape(a.shape).astype(a.dtype) for n, a in params.items()}


def slopes(params, x, y):
    d = y * (1.0 - np.tanh(x @ params["w"] + params["b"]) ** 2) / y.size
    return {"w": x.T @ d + 2.0 * params["w"], "b": d.sum(axis=0)}


def loop(gradient):
    def train(params, batches):
        w = {n: np.asarray(a) for n, a in params.items()}
        for x, y in batches:
            g = gradient(w, np.asarray(x), np.asarray(y))
            w = {n: w[n] - w[n].dtype.type(RATE) * g[n] for n in w}
            yield vf.TrainingStep(w, by_hand(w["w"], w["b"], x, y), g)

    return train


def judged(gradient):
    asked = {"of": loss, "rule": optax.sgd(RATE), "params": PARAMS, "batches": BATCHES, "runs": 0}
    return vf.validate_training(loop(gradient), **asked)


@pytest.mark.dear
def test_finite_differences_are_named_and_another_mistake_is_not_called_so():
    found = judged(lambda w, x, y: differences(w, x, y, 1e-5, True))
    first = found.explanation[0]
    assert found.verdict != "correct" and first.fault == "finite differences"
    assert "over 2e-05" in first.mistake
    wrong = judged(lambda w, x, y: {n: 1.01 * g for n, g in slopes(w, x, y).items()})
    assert wrong.verdict == "wrong"
    assert all(one.fault != "finite differences" for one in wrong.explanation)


@pytest.mark.parametrize(
    ("h", "central", "dtype"),
    [(1e-6, False, "float64"), (2.0**-26, False, "float64"), (1e-3, True, "float32")],
)
def test_by_what_it_was_divided(h, central, dtype):
    params, x, y = ({n: a.astype(dtype) for n, a in PARAMS.items()}, *BATCHES[0])
    x, y = x.astype(dtype), y.astype(dtype)
    made = differences(params, x, y, h, central)
    at = by_hand(params["w"], params["b"], x, y)
    told = divisor([*made.values()], float(at), format_of(dtype))
    assert told is not None and np.isclose(told, h * (1 + central))


@pytest.mark.parametrize("name", ["float32", "float64", "float16"])
def test_numbers_by_chance_are_no_differences(name):
    """Those of the format itself, and short ones, exact in binary."""
    target = format_of(name)
    drawn = RNG.normal(size=(200, 8)).astype(name)
    assert not any(divisor([row], 1.7, target) for row in drawn)
    assert divisor([np.array([0.5, 0.25, 1.0, -2.0])], 1.7, target) is None
