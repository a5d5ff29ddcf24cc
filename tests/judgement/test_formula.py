"""A right formula is known by the truth it encloses, or by errors that float64 takes away."""

import jax.numpy as jnp
import numpy as np

from verification.judgement.answer import answer, truth
from verification.judgement.budget import budget
from verification.judgement.formula import same_formula, shrinks_in_float64
from verification.oracles.question import ask


def of(z):
    return jnp.sum(jnp.log1p(jnp.exp(z)))


def naive(z):
    """1 - 1 / (1 + e^z): right, and without a digit for z far below 0."""
    return 1.0 - 1.0 / (1.0 + jnp.exp(z))


def in_numpy(z):
    return 1 - 1 / (1 + np.exp(z)) if isinstance(z, np.ndarray) else NotImplemented


def at(gradient, z, dtype="float32"):
    args = (np.asarray(z, dtype),)
    question = ask(of, args)
    return answer(gradient, question, truth(question), budget(naive, args, dtype), args, label="")


def test_the_same_formula_in_other_words_is_recognised():
    assert same_formula(naive, at(naive, [-30.0, 1.7]))


def test_another_formula_is_not():
    for wrong in (lambda z: -naive(z), lambda z: naive(z) + 1e-9, lambda z: jnp.exp(z)):
        assert not same_formula(wrong, at(wrong, [-3.0, 1.7]))


def test_what_cannot_be_traced_is_not_excused_by_its_formula():
    assert not same_formula(in_numpy, at(in_numpy, [-9.0, 1.7]))


def test_errors_that_float64_takes_away_are_lost_digits():
    assert shrinks_in_float64(in_numpy, at(in_numpy, [-9.0, 1.7]))


def test_errors_that_stay_are_not():
    off = lambda z: in_numpy(z) * z.dtype.type(1.0 + 1e-5)

    assert not shrinks_in_float64(off, at(off, [-9.0, 1.7]))


def test_float64_itself_has_nothing_wider_to_ask():
    assert not shrinks_in_float64(in_numpy, at(in_numpy, [-30.0], "float64"))
