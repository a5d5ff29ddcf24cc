"""Entries that share a tie are judged together, and the sentence says what was shared wrongly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.judgement.truth_source import proven
from verification.measurement.beside import budget_beside
from verification.measurement.joint import in_words, joint
from verification.measurement.sample import outside
from verification.measurement.subject import Subject
from verification.oracles import ball
from verification.oracles.question import ask
from verification.vocabulary import Case

A, B = np.array([1.0, 1.0, 2.0, 0.5]), np.array([1.0, 3.0, 2.0, 0.5])
D = np.array([0.25, -1.5, -0.75, 1.25])


def largest(share):
    """The gradient of maximum(a, b), with share(ties) to a and share of the rest to b."""

    def gradient(a, b, d):
        tie = (a == b).astype(d.dtype)
        first, second = share(tie)
        parts = d * ((a > b) + first), d * ((b > a) + second)
        return tuple(part.astype(d.dtype) for part in parts)

    return gradient


SHARES = {
    "half": lambda tie: (0.5 * tie, 0.5 * tie),
    "first": lambda tie: (tie, 0.0 * tie),
    "last": lambda tie: (0.0 * tie, tie),
    "uneven": lambda tie: (0.25 * tie, 0.75 * tie),
}
MISTAKES = {
    "both": (lambda tie: (tie, tie), "shares sum to 2"),
    "none": (lambda tie: (0.0 * tie, 0.0 * tie), "shares sum to 0"),
    "too much": (lambda tie: (0.5 * tie, 0.75 * tie), "sum to 1.25"),
}


def sample(gradient, of=jnp.maximum, args=(A, B), dtype="float64", d=D):
    point = tuple(np.asarray(x, jnp.dtype(dtype)) for x in args)
    subject = Subject(gradient, of, tuple(range(len(args))), dtype, point)
    subject.above = lambda out, rng: np.asarray(d, jnp.dtype(dtype))
    found = proven(subject, Case("the point", point), np.random.default_rng(0))
    assert found is not None and not found.failure and not found.silence
    return found


def wrong(one):
    return any(outside(one, k).any() for k in range(len(one.got)))


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", SHARES)
def test_shares_that_sum_to_1_are_right(name, dtype):
    assert not wrong(sample(largest(SHARES[name]), dtype=dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", MISTAKES)
def test_others_are_outside_and_said_to_be(name, dtype):
    share, words = MISTAKES[name]
    one = sample(largest(share), dtype=dtype)
    assert wrong(one) and words in in_words(one.truth, one.got)
    assert not outside(one, 0)[1] and not outside(one, 1)[1]  # no tie there


def test_entries_with_ties_of_their_own_are_not_asked_together():
    of = lambda x: jnp.maximum(x, 0.0)
    zeros = np.array([0.0, 0.0, 1.0])
    some = lambda x, d: (d * np.array([0.25, 1.0, 1.0]),)
    one = sample(some, of, (zeros,), d=D[:3])
    assert not wrong(one) and not np.concatenate(one.joint.off).any()


def test_an_answer_without_a_number_is_outside():
    missing = lambda a, b, d: (np.where(a == b, np.nan, d * (a > b)), d * (b >= a))
    assert wrong(sample(missing))


def test_where_not_all_sides_are_known_a_sum_decides_and_else_nothing_does():
    """The norm at 0: what is inside is right, what is near the ends is open, 3 is wrong."""
    (truth,) = ball.gradient(ask(jnp.linalg.norm, (np.zeros(2),)))
    said = lambda *g: joint([truth], [np.full(2, 1e-15)], [np.array(g)])
    assert not said(0.5, 0.5).open[0].any()
    assert said(0.999999, 0.9).open[0].all()


def test_the_budget_at_a_tie_is_that_of_the_sides():
    """At x = 0 autodiff is on a branch that is 0 and rounds nothing; beside it, it takes a log."""
    of = lambda x, y: jnp.where(x == 0, 0.0, x * jnp.log(y))
    slope = lambda x, y: jax.grad(lambda x, y: of(x, y).sum())(x, y)
    args = np.zeros(1), np.array([0.3])
    truth = ball.gradient(ask(lambda x, y: of(x, y).sum(), args, (0,)))
    (allowed,) = budget_beside(truth, slope, args, "float64", (0,)).allowed
    assert 0.0 < allowed[0] < 1e-14
