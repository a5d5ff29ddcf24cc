"""Room for what other right loops round: slopes from stored outputs, and 1 - b^t as written."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import verification as vf

RNG = np.random.default_rng(0)
BATCHES = [(0.4 + 0.5 * RNG.random((8, 3)), RNG.random(8)) for _ in range(6)]
SATURATED = {"w": np.array([4.0, 3.0, 5.0])}


def sigmoid_loss(params, x, y):
    """The slope of this sigmoid has all digits; a (1 - a) has not."""
    a = 1.0 / (1.0 + jnp.exp(-(x @ params["w"])))
    return jnp.mean((a - y) ** 2)


def from_outputs(share=1.0):
    def train(params, batches):
        w = params["w"]
        for x, y in batches:
            a = 1.0 / (1.0 + np.exp(-(x @ w)))
            g = x.T @ ((a - y) * w.dtype.type(2.0 / a.size) * a * (1.0 - w.dtype.type(share) * a))
            w = w - w.dtype.type(0.05) * g
            yield vf.TrainingStep({"w": w}, np.mean((a - y) ** 2), {"w": g})

    return train


@pytest.mark.parametrize("runs", [0, 32])
def test_slopes_may_be_read_back_from_stored_outputs(runs):
    given: dict[str, Any] = {
        "of": sigmoid_loss,
        "params": SATURATED,
        "batches": BATCHES,
        "runs": runs,
    }
    rule: dict[str, Any] = {"rule": "gradient_descent", "learning_rate": 0.05}
    right = vf.validate_training(from_outputs(), **given, **rule)
    assert right.verdict == "correct", right.reason
    assert vf.validate_training(from_outputs(1.0 - 1e-9), **given, **rule).verdict == "wrong"


def linear(params, x, y):
    return jnp.mean((x @ params["w"] + params["b"] - y) ** 2)


def adam(dtype, late=0):
    """Adam with 1 - b^t as the paper has it: with b2 = 0.999 it keeps 13 digits of float64."""
    number, (b1, b2, eps) = np.dtype(dtype).type, (0.9, 0.999, 1e-8)

    def train(params, batches):
        params = {k: np.asarray(w, dtype) for k, w in params.items()}
        m, v = ({k: np.zeros_like(w) for k, w in params.items()} for _ in range(2))
        for t, (x, y) in enumerate(batches, 1):
            e = x @ params["w"] + params["b"] - y
            g = {"w": number(2) * x.T @ e / number(len(y)), "b": number(2) * e.mean(keepdims=True)}
            for k in params:
                m[k] = number(b1) * m[k] + number(1 - b1) * g[k]
                v[k] = number(b2) * v[k] + number(1 - b2) * g[k] ** 2
                first, second = (1 - number(b) ** number(t + late) for b in (b1, b2))
                root = np.sqrt(v[k] / second) + number(eps)
                params[k] = params[k] - number(1e-3) * (m[k] / first) / root
            yield vf.TrainingStep(dict(params), np.mean(e**2), g)

    return train


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_minus_a_power_may_be_written_as_it_is(dtype):
    given: dict[str, Any] = {
        "of": linear,
        "params": {"w": RNG.normal(size=3), "b": np.zeros(1)},
        "batches": BATCHES,
        "dtype": dtype,
    }
    rules: list[dict[str, Any]] = [
        {"rule": "adam", "learning_rate": 1e-3},
        {"rule": optax.adam(1e-3)},
    ]
    for rule in rules:
        right = vf.validate_training(adam(dtype), **given, **rule)
        assert right.verdict == "correct", right.reason
        assert vf.validate_training(adam(dtype, 1), **given, **rule, runs=0).verdict == "wrong"
