"""Sums of several terms: the bound holds every order, and no more where there is only one."""

from itertools import permutations

import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.any_order import joined, opposite, rounding, terms
from verification.measurement.batch import judged
from verification.measurement.budget import deviations, running_bound

RNG = np.random.default_rng(3)
A, B, C, D = RNG.normal(size=(4, 400)).astype(np.float32)
UNIT = 2.0**-24


def four(a, b, c, d):
    return a + b + c + d


def exact():
    return sum(x.astype(float) for x in (A, B, C, D))


def test_every_order_is_inside():
    (allowed,) = running_bound(four, (A, B, C, D), "float32")
    for a, b, c, d in permutations((A, B, C, D)):
        for total in (a + b + c + d, (a + b) + (c + d)):
            assert (np.abs(total - exact()) <= allowed).all()


def test_the_order_that_was_written_is_not_enough_for_all():
    """The control: partial sums of one order alone."""
    one = UNIT * (np.abs(A + B) + np.abs(A + B + C) + np.abs(exact()))
    assert any(
        (np.abs(((d + c) + b + a) - exact()) > one).any()
        for a, b, c, d in permutations((A, B, C, D))
    )


def test_two_terms_have_one_order():
    (allowed,) = running_bound(lambda a, b: a + b, (A, B), "float32")
    np.testing.assert_allclose(allowed, UNIT * np.abs(A.astype(float) + B), rtol=1e-12)


def test_a_difference_is_the_programs_own():
    (allowed,) = running_bound(lambda a, b, c: a - b - c, (A, B, C), "float32")
    a, b, c = (x.astype(float) for x in (A, B, C))
    rounded = np.maximum(abs(a - b), abs(a - b - c)) + abs(a - b - c)  # twice on the longest path
    np.testing.assert_allclose(allowed, UNIT * rounded, rtol=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_terms(sign):
    one, other = terms(np.array([2.0]), None, 0.5), terms(np.array([-3.0]), None, 0.25)
    both = joined(one, opposite(other) if sign < 0 else other)
    assert both.count == 2 and both.error == 0.75
    assert both.partial == (5.0 if sign < 0 else 3.0)
    assert terms(np.zeros(2), None, 0.0).count == 0


def test_random_rounding_has_as_many_partial_sums():
    """Of k terms: k - 2 of the largest size, and the sum."""
    parts = joined(terms(np.array([3.0]), None, 0.0), terms(np.array([-2.0]), None, 0.0), np.hypot)
    more, parts = rounding(np.array([1.0]), parts)
    assert more == 0.0 and parts.error == 1.0
    parts = joined(parts, terms(np.array([0.5]), None, 0.0), np.hypot)
    more, parts = rounding(np.array([1.5]), parts)
    np.testing.assert_allclose(more**2 + 1.0, 3.5**2)


def test_one_at_a_time_and_many_at_once():
    args = (A, B, C, D)
    (sigma,) = deviations(four, args, "float32")
    largest = np.maximum(sum(np.maximum(x, 0) for x in args), sum(np.maximum(-x, 0) for x in args))
    expected = UNIT / 3**0.5 * np.hypot(2**0.5 * largest, exact())
    assert 0.9 < np.median(sigma / expected) < 1.1
    found = judged(four, args, "float32")(tuple(jnp.stack([x, x]) for x in args))
    (allowed,) = running_bound(four, args, "float32")
    assert (np.asarray(found.allowed[0][0]) <= 1.01 * allowed).all() or bool(found.sharp[0])


SHARES = np.array([[14, 11, 8, 10, 21], [64, 64, 64, 64, 0], [1, 2, 3, 4, 5]]) / 64
FINER = SHARES + np.array([[2.0**-12, 0.0, 0.0, 0.0, 0.0]])


def summed(x):
    return jnp.sum(x, 1)


@pytest.mark.parametrize("bound", [running_bound, deviations])
def test_multiples_of_one_step_are_added_without_rounding(bound):
    (allowed,), (finer,) = (bound(summed, (x,), "bfloat16") for x in (SHARES, FINER))
    assert not allowed.any()
    assert (finer > 0.0).all()  # the control: one term off the steps
    total = np.zeros(3, "bfloat16")
    for k in (3, 0, 4, 2, 1):
        total = total + SHARES[:, k].astype("bfloat16")
    assert np.array_equal(total.astype(float), SHARES.sum(1))


def test_a_condition_on_such_a_sum_is_decided():
    """The window of a density on the simplex: |sum(p) - 1| < 1e-6."""
    share = lambda x: jnp.where(abs(jnp.sum(x) - 1.0) < 1e-6, jnp.sum(jnp.log(x)), -jnp.inf)
    (here,), (beyond,) = (running_bound(share, (x[0],), "bfloat16") for x in (SHARES, FINER))
    assert np.isfinite(here) and np.isinf(beyond)
