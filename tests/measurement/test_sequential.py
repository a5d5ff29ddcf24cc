"""Confidence sequences: how often they miss, and when nothing is said yet."""

import numpy as np

from verification.measurement.sequential import (
    EARLY,
    Moments,
    halfwidth,
    is_normal,
    needed,
    normal_after,
)

ERROR = 0.05  # so large that misses are seen


def moments(answers, centre=0.0):
    gaps = np.asarray(answers, np.float64) - centre
    return Moments(len(gaps), np.stack([(gaps**k).sum(axis=0) for k in (1, 2, 3, 4)]))


def test_moments_add_up():
    x = np.random.default_rng(0).normal(size=(40, 3))
    joined, parts = moments(x), moments(x[:10]) + tuple(moments(x[10:]))
    np.testing.assert_allclose(parts.sums, joined.sums, rtol=1e-12)
    variance, third, fourth = joined.central()
    gaps = x - x.mean(axis=0)
    for found, power in ((variance, 2), (third, 3), (fourth, 4)):
        np.testing.assert_allclose(found, (gaps**power).mean(axis=0), rtol=1e-10, atol=1e-12)


def missed(scale: float, runs: int = 400) -> int:
    """In how many runs the mean was outside at some look; the width is scaled."""
    rng, out = np.random.default_rng(1), np.zeros(runs, bool)
    total = Moments(0, np.zeros((4, runs)))
    for _ in range(40):
        total = total + tuple(moments(rng.normal(size=(64, runs))))
        out |= abs(total.mean) > scale * halfwidth(total, ERROR, 1024.0)
    return int(out.sum())


def test_the_mean_is_outside_at_some_look_as_rarely_as_is_said():
    assert missed(1.0) <= ERROR * 400
    assert missed(0.5) > ERROR * 400  # a bound of half the width would be seen here


def test_nothing_is_said_of_a_mean_that_is_not_normal():
    rng = np.random.default_rng(2)
    assert is_normal(moments(rng.normal(size=5000)), 1e-6)
    assert not is_normal(moments(rng.exponential(size=200)), 1e-6)
    assert not is_normal(moments(rng.standard_cauchy(size=100_000)), 1e-6)
    assert is_normal(moments(np.ones(10)), 1e-6)
    skewed = moments(rng.exponential(size=5000))
    after = int(normal_after(skewed, 1e-6))
    for count, enough in ((after + 1, True), (after - 1, False)):
        assert is_normal(Moments(count, skewed.sums / 5000 * count), 1e-6) == enough


def test_as_many_as_are_said_are_enough_and_not_many_fewer():
    rng = np.random.default_rng(3)
    looked = moments(rng.normal(size=(4096, 50)))
    count = int(np.median(needed(looked, np.float64(0.05), 1e-6)))
    width = lambda n: halfwidth(moments(rng.normal(size=(n, 50))), 1e-6, count / EARLY)
    assert (width(count) <= 0.05).all()
    assert not (width(int(0.7 * count)) <= 0.05).any()
