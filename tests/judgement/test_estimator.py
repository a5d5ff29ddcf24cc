"""Estimates that are right on average, and biased ones; bias is told from variance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def mean_loss(mu, s):  # E (z - 3)^2 for z normal around mu with deviation s
    return jnp.sum((mu - 3.0) ** 2 + s**2)


def point(rng):
    return rng.normal(size=2), 0.5 + rng.random(2)


def judged(estimate, **options):
    options = {"samples": 200_000, "bias": 0.2, "cases": 1, **options}
    return vf.validate_estimator(estimate, mean_loss, point, argnums=(0, 1), **options)


def noise(mu, key):
    return jax.random.normal(key, mu.shape, mu.dtype)


def reparameterized(mu, s, key):
    e = noise(mu, key)
    return 2.0 * (mu + s * e - 3.0), 2.0 * (mu + s * e - 3.0) * e


def scored(mu, s, key):  # the log-derivative, with a baseline that does not depend on the noise
    e = noise(mu, key)
    gain = jnp.sum((mu + s * e - 3.0) ** 2) - mean_loss(mu, s)
    return gain * e / s, gain * (e * e - 1.0) / s


def antithetic(mu, s, key):
    e = noise(mu, key)
    pair = [reparameterized_at(mu, s, sign * e) for sign in (1.0, -1.0)]
    return jax.tree.map(lambda a, b: (a + b) / 2.0, *pair)


def reparameterized_at(mu, s, e):
    return 2.0 * (mu + s * e - 3.0), 2.0 * (mu + s * e - 3.0) * e


def by_numpy(mu, s, rng):
    return reparameterized_at(mu, s, rng.normal(size=mu.shape))


def with_own_baseline(mu, s, key):  # the baseline is the gain itself
    e = noise(mu, key)
    gain = jnp.sum((mu + s * e - 3.0) ** 2)
    return 0.5 * gain * e / s, 0.5 * gain * (e * e - 1.0) / s


def detached(mu, s, key):  # the sample does not depend on s
    e = noise(mu, key)
    return 2.0 * (mu + s * e - 3.0), jnp.zeros_like(s)


def half_of_the_noise(mu, s, key):
    e = jnp.abs(noise(mu, key))
    return 2.0 * (mu + s * e - 3.0), 2.0 * (mu + s * e - 3.0) * e


def doubled(mu, s, key):
    return jax.tree.map(lambda x: 1.25 * x, antithetic(mu, s, key))


@pytest.mark.parametrize("right", [reparameterized, antithetic])
def test_an_unbiased_estimate_is_correct(right):
    finding = judged(right)
    assert finding.verdict == "correct", finding.reason
    assert "a bias of" in finding.reason and max(finding.power.values()) <= 0.2


@pytest.mark.parametrize("wrong", [with_own_baseline, detached, half_of_the_noise, doubled])
def test_a_biased_one_is_wrong(wrong):
    finding = judged(wrong)
    assert finding.verdict == "wrong" and finding.reason.startswith("biased: on average ")


def test_what_is_wrong_with_it_is_said():
    assert "1.2" in str(judged(doubled).explanation[0])
    assert "unbiased as far as is seen in mu" in judged(detached).explanation[0].mistake


def test_variance_is_no_bias_and_says_how_many_answers_are_needed():
    finding = judged(scored, samples=8192)
    assert finding.verdict == "undecided"
    assert "pass about samples=" in finding.reason or "normally" in finding.reason


def test_an_estimate_without_a_variance_is_never_settled():
    def heavy(mu, s, rng):
        e = rng.standard_cauchy(mu.shape)
        return reparameterized_at(mu, s, e)

    finding = judged(heavy, samples=2048)
    assert finding.verdict == "undecided" and "not yet distributed normally" in finding.reason


def test_the_same_seed_has_the_same_answer():
    again = [judged(by_numpy, samples=2048, seed=seed) for seed in (5, 5, 6)]
    assert again[0] == again[1] and again[0].worst != again[2].worst


def test_answers_without_noise_are_judged_within_rounding():
    exact = lambda mu, s, key: (2.0 * (mu - 3.0), 2.0 * s)
    off = lambda mu, s, key: (2.0 * (mu - 3.0), 2.001 * s)
    assert judged(exact).verdict == "correct" and judged(off).verdict == "wrong"


def test_foreign_answers_are_rejected_in_a_sentence():
    fails = lambda mu, s, rng: 1 / 0
    finding = judged(fails)
    assert finding.verdict == "rejected" and "ZeroDivisionError" in finding.reason
    assert judged(lambda mu, s, rng: (np.nan * mu, s), samples=10).verdict == "rejected"
    assert judged(lambda mu, s, rng: mu, samples=10).verdict == "rejected"


def test_what_cannot_be_is_said():
    with pytest.raises(TypeError, match="by `key` .of jax.random., `rng` .of NumPy. or `seed`"):
        judged(lambda mu, s: (mu, s))
    with pytest.raises(ValueError, match="error lies between 0 and 0.1"):
        judged(reparameterized, error=2.0)
