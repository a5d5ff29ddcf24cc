"""Seen in the answer alone: scalars, entries not finite, casts, and what explains nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.explanation import explain
from verification.explanation.answers import budgets
from verification.explanation.factors import undone
from verification.explanation.problem import Problem
from verification.measurement.sample import Sample
from verification.vocabulary import Ball


def cubed(x):
    return jnp.sum(x**3)


def sample(x, got):
    truth = Ball(np.asarray(3.0 * x**2), np.zeros_like(x), np.zeros_like(x), True)
    return Sample("draw", ("[0]",), [truth], [np.asarray(1e-15 * truth.mid)], [got], (x,))


def said(*pairs):
    evidence = tuple(sample(np.asarray(x), np.asarray(got)) for x, got in pairs)
    return explain(evidence, of=cubed, argnums=(0,), scalar=True)


def test_a_scalar_is_looked_at_as_an_array_is():
    assert budgets(np.float64(2.0), np.float64(1.0)) == 2.0
    assert budgets(np.float64(0.0), 0.0) == 0.0
    first = said((1.3, -3.0 * 1.3**2), (0.7, -3.0 * 0.7**2))[0]
    assert first.fits and first.factor == -1.0


def test_entries_that_are_no_numbers_are_named():
    x = np.array([1.3, 0.7, 2.1])
    wrong = np.where(np.arange(3) == 1, np.nan, 3.0 * x**2)
    (only,) = said((x, wrong))
    assert only.fits and "[0][1]" in only.term and "right" in only.mistake
    (worse,) = said((x, 2.0 * wrong))
    assert not worse.fits


def test_what_would_excuse_the_right_gradient_too_explains_nothing():
    """One entry with a poor budget makes the room for a mistake there wide everywhere."""
    slopes = np.array([1.0, 1e6])
    truth = Ball(slopes, np.zeros(2), np.zeros(2), True)
    allowed, got = [np.array([1e-15, 1e3])], [slopes + np.array([1e-9, 0.0])]
    x = np.array([0.3, 0.7])
    problem = Problem(
        Sample("draw", ("[0]",), [truth], allowed, got, (x,)),
        lambda x: jnp.sum(x * slopes),
        (0,),
        True,
    )
    with jax.enable_x64(True):
        assert problem.residual([slopes + np.array([0.0, 10.0])]) == np.inf
        assert problem.residual(got) <= 1.0


def test_leaves_of_other_ranks_are_told_the_same_from_the_end():
    x, y = np.array([[1.3, 0.7, 2.1]]), np.array([[[0.4, 1.9, 0.6], [1.1, 2.7, 0.3]]])
    rolled = lambda x: np.roll(3.0 * x**2, 1, -1)
    (only,) = said((x, rolled(x)), (y, rolled(y)))
    assert only.fits and "the last axis is off by one" in only.mistake
    assert said((x, rolled(x)), (y, np.roll(rolled(y), 1, 1)))[0].fits is False


# --- a cast is named as such, also of leaves with one entry, and not taken for a factor near one --


def line(w, b, x):
    return jnp.sum(jnp.tanh(w * x + b))


def slopes(w, b, x):
    d = 1.0 - np.tanh(w * x + b) ** 2
    return np.sum(d * x), np.sum(d)


def drawn(rng):
    return rng.normal(), rng.normal(), rng.normal(size=7)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_single_entries_tell_a_cast_over_all_cases(dtype):
    gradient = lambda *args: tuple(np.float64(np.dtype(dtype).type(g)) for g in slopes(*args))
    finding = vf.validate(gradient, of=line, args=drawn, argnums=(0, 1), cases=4)

    assert finding.verdict in ("wrong", "inaccurate")
    assert finding.explanation[0].kind == "cast" and dtype in finding.explanation[0].mistake


def test_a_factor_near_one_that_is_no_cast_is_spelled_out():
    gradient = lambda *args: tuple(g * (1.0 + 3e-8) for g in slopes(*args))
    said = vf.validate(gradient, of=line, args=drawn, argnums=(0, 1), cases=4).explanation

    assert said[0].fits and "1 + 3e-08 times" in said[0].mistake
    assert "multiply" not in said[0].remedy and "lost its later digits" in said[0].remedy


def test_any_other_factor_is_taken_out_by_another():
    assert undone("it", 0.25) == "multiply it by 4"
    assert undone("it", 1.0005) == "multiply it by 0.9995"
    assert undone("it", 1.0 - 5e-15) == "look for a constant that has lost its later digits in it"
