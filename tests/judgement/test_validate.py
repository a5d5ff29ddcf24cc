"""Somebody else's gradient, in NumPy or JAX: the right one passes, each mistake is named wrong."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from refnet import dense, mse
from refnet.layers import Dense
from verification.judgement.validate import _check
from verification.vocabulary import Verdict


def loss(params, x, y):
    return mse(dense(params, x), y)


def by_hand(params, x, y):
    """NumPy, as a course would have it."""
    error = x @ params.w + params.b - y
    dy = 2.0 * error / error.size
    return Dense(w=x.T @ dy, b=dy.sum(axis=0))


def sample(rng):
    params = Dense(w=rng.normal(size=(5, 3)), b=rng.normal(size=3))
    return params, rng.normal(size=(7, 5)), rng.normal(size=(7, 3))


DTYPES = ("float64", "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_numpy_gradient_is_correct(dtype):
    finding = vf.validate(by_hand, of=loss, args=sample, dtype=dtype, cases=4)

    assert finding.verdict == Verdict.CORRECT
    assert set(finding.power) == {"[0].w", "[0].b"}
    assert all(0 < seen < 1e-4 for seen in finding.power.values())


def in_dtype(params, x, y):
    """As by_hand, but nothing is promoted on the way."""
    error = x @ params.w + params.b - y
    dy = error * error.dtype.type(2.0 / error.size)
    return Dense(w=x.T @ dy, b=dy.sum(axis=0))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_formats_are_judged_and_the_finding_says_by_which_budget(dtype):
    right = vf.validate(in_dtype, of=loss, args=sample, dtype=dtype, cases=4)
    twice = lambda *args: Dense(*(leaf + leaf for leaf in in_dtype(*args)))

    assert right.verdict == Verdict.CORRECT
    assert "running bound" in right.budget or "random rounding" in right.budget
    assert f"within the {right.budget}" in str(right)
    assert vf.validate(twice, of=loss, args=sample, dtype=dtype, cases=4).verdict == Verdict.WRONG


WRONG = {
    "half": lambda g: Dense(g.w / 2, g.b / 2),
    "bias averaged": lambda g: Dense(g.w, g.b / 7),
    "one bias entry": lambda g: Dense(g.w, g.b * np.array([1, 1.0005, 1])),
    "weights negated": lambda g: Dense(-g.w, g.b),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_numpy_gradient_is_wrong_and_the_leaf_is_named(dtype, name):
    gradient = lambda *args: WRONG[name](by_hand(*args))
    finding = vf.validate(gradient, of=loss, args=sample, dtype=dtype, cases=4)

    assert finding.verdict == Verdict.WRONG
    assert finding.worst.leaf == ("[0].b" if "bias" in name else finding.worst.leaf)


def test_an_array_valued_function_is_asked_for_its_pullback():
    right = lambda z, d: d * (1 - np.tanh(z) ** 2)
    forgot = lambda z, d: 1 - np.tanh(z) ** 2
    points = lambda rng: (rng.uniform(-2, 2, size=(3, 4)),)

    assert vf.validate(right, of=jnp.tanh, args=points).verdict == Verdict.CORRECT
    assert vf.validate(forgot, of=jnp.tanh, args=points).verdict == Verdict.WRONG


def test_several_arguments_at_once():
    both = lambda x, y: (2 * (x - y), -2 * (x - y))
    swapped = lambda x, y: both(x, y)[::-1]
    of = lambda x, y: jnp.sum((x - y) ** 2)
    points = lambda rng: (rng.normal(size=4), rng.normal(size=4))

    assert vf.validate(both, of=of, args=points, argnums=(0, 1)).verdict == Verdict.CORRECT
    assert vf.validate(swapped, of=of, args=points, argnums=(0, 1)).verdict == Verdict.WRONG


def test_an_exception_is_a_rejection_that_quotes_it():
    def gradient(params, x, y):
        raise RuntimeError("shape of w")

    finding = vf.validate(gradient, of=loss, args=sample, cases=2)

    assert finding.verdict == Verdict.REJECTED
    assert "RuntimeError: shape of w" in finding.reason


def test_a_primitive_without_a_rule_is_undecided_and_named():
    of = lambda w: jnp.sum(jax.lax.digamma(w))
    points = lambda rng: (rng.uniform(1.2, 3.0, size=3),)
    finding = vf.validate(jax.jit(jax.grad(of)), of=of, args=points, cases=2)

    assert finding.verdict == Verdict.UNDECIDED
    assert "no rule for the primitive 'digamma'" in finding.reason


def test_jax_autodiff_as_a_candidate():
    finding = vf.validate(jax.jit(jax.grad(loss)), of=loss, args=sample, dtype="float32", cases=3)

    assert finding.verdict == Verdict.CORRECT


def test_text_and_json_carry_the_verdict():
    finding = vf.validate(by_hand, of=loss, args=sample, cases=2)

    assert "by_hand in float64: correct" in str(finding)
    assert json.loads(finding.to_json())["verdict"] == "correct"


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"dtype": "float8"}, ValueError, "dtype is 'float8'"),
        ({"cases": 0}, ValueError, "cases is 0"),
        ({"argnums": 3}, ValueError, "there are 3 arguments"),
        ({"args": lambda rng: [1.0]}, TypeError, "the sampler returned list"),
    ],
)
def test_bad_arguments_are_named(change, error, says):
    arguments = {"of": loss, "args": sample} | change
    with pytest.raises(error, match=says):
        vf.validate(by_hand, **arguments)


def test_arguments_of_another_kind_are_named():
    with pytest.raises(TypeError, match="of is 1.0; pass a function"):
        _check(by_hand, 1.0, sample, "float64", 2)
    with pytest.raises(TypeError, match="args is a list; pass a tuple"):
        _check(by_hand, loss, [1, 2], "float64", 2)
