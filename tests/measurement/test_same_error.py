"""A mistake of a large program is told from lost digits by one answer in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.measurement import higher_precision, roughness, same_error
from verification.measurement.higher_precision import in_float64
from verification.measurement.sample import Sample
from verification.vocabulary import Ball

X = np.linspace(0.5, 2.0, 8).astype(np.float32)


def sample_of(gradient, truth):
    got = [np.asarray(gradient(X), np.float64)]
    balls = [Ball(np.float64(truth), np.zeros(8), np.zeros(8), proven=True)]
    return Sample("case 0", ("x",), balls, [np.full(8, 2.0**-22)], got, (X,))


def told(gradient, truth):
    return in_float64(gradient, sample_of(gradient, truth))


def judged(gradient, truth):
    """By NumPy, which JAX cannot trace."""
    return higher_precision.formula(lambda x: gradient(np.asarray(x)), sample_of(gradient, truth))


CASES = {  # the answer, the truth, whether the formula is right: None where that says nothing
    "a factor": (lambda x: 1.01 * np.cos(x), np.cos(X), False),
    "one entry": (lambda x: np.cos(x) * (np.arange(8) != 3), np.cos(X), None),  # it answers 0
    "half of one entry": (lambda x: np.cos(x) * (1 - 0.5 * (np.arange(8) == 3)), np.cos(X), False),
    "digits of a difference": (lambda x: (x + x.dtype.type(1e4)) - x.dtype.type(1e4), X, None),
    "float32 alone": (lambda x: difference(x.astype(np.float32)), X, None),
    "float32 within": (lambda x: 2 * difference(x.astype(np.float32)), 2 * X, None),
}


def difference(x):
    """x, with the digits that 1e4 leaves it."""
    return (x + x.dtype.type(1e4)) - x.dtype.type(1e4)


@pytest.mark.parametrize("name", CASES)
def test_it_is_told(monkeypatch, name):
    gradient, truth, right = CASES[name]
    typed = lambda x: gradient(x).astype(x.dtype)
    monkeypatch.setattr(same_error, "HEAVY", 1)
    found = told(typed, np.float64(truth))
    assert found.right is (True if name.startswith("digits") else right)


def test_a_small_one_is_asked_along_lines():
    gradient, truth, _ = CASES["a factor"]
    assert told(lambda x: gradient(x).astype(x.dtype), np.float64(truth)).right is None


def test_what_saturates_alike_in_both_formats_is_left_open(monkeypatch):
    monkeypatch.setattr(same_error, "HEAVY", 1)
    truth = np.where(np.arange(8) < 4, 1e-12, 1.0)
    answer = lambda x: np.where(np.arange(8) < 4, 2.0**-60, 1.0).astype(x.dtype)
    monkeypatch.setattr(higher_precision, "_accepted", lambda *_: False)
    balls = [Ball(truth, np.zeros(8), np.zeros(8), proven=True)]
    room = np.full(8, 1e-15)
    sample = Sample("case 0", ("x",), balls, [room], [answer(X).astype(np.float64)], (X,))
    assert in_float64(answer, sample).right is None


def test_code_of_float32_alone_is_not_held_against_where_lines_are_too_many(monkeypatch):
    monkeypatch.setattr(same_error, "HEAVY", 1)
    monkeypatch.setattr(roughness, "MOST", 4)
    found = judged(lambda x: difference(x.astype(np.float32)).astype(x.dtype), X)
    assert found.right is None and found.untold and same_error.ALONE in found.why
    wrong = judged(lambda x: (1.01 * x).astype(x.dtype), X)
    assert wrong.right is False


def test_lines_are_not_drawn_through_millions_of_entries(monkeypatch):
    monkeypatch.setattr(roughness, "MOST", 4)
    double = jax.jit(lambda x: 2.0 * jnp.cos(x))
    balls = [Ball(np.cos(np.float64(X)), np.zeros(8), np.zeros(8), proven=True)]
    got = [np.asarray(double(X), np.float64)]
    sample = Sample("case 0", ("x",), balls, [np.full(8, 2.0**-22)], got, (X,))
    found = higher_precision.by_shape(double, sample, (0,), None)
    assert found.right is False and "too many entries" in found.why
