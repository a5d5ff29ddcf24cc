"""Two mistakes at once, a wrong slope among them: both are named, on both lines."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def forward(w, v, x):
    h = jnp.tanh(x @ w)
    p = jnp.exp(0.3 * (h @ v))
    return jnp.sum(p * p)


def by_hand(w, v, x, slope, factor):
    """`slope` of tanh by its value; a `factor` at what comes down to the second layer."""
    h = np.tanh(x @ w)
    p = np.exp(0.3 * (h @ v))
    d = 2.0 * p * p * 0.3 * factor
    return x.T @ ((d @ v.T) * slope(h)), h.T @ d


def sample(rng):
    return rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(5, 3))


def found(slope, factor):
    gradient = lambda w, v, x: by_hand(w, v, x, slope, factor)
    return vf.validate(gradient, of=forward, args=sample, argnums=(0, 1), cases=3)


@pytest.mark.parametrize("factor", [-1.0, 2.0])
def test_a_wrong_slope_and_a_factor_are_both_named(factor):
    finding = found(lambda h: h, factor)
    said = finding.explanation

    assert finding.verdict == "wrong" and len(said) == 2
    assert all(one.fits and "one of two mistakes" in one.mistake for one in said)
    slope = next(one for one in said if one.kind == "slope")
    other = next(one for one in said if one is not slope)
    assert "a, the value itself" in slope.mistake and "jnp.tanh(x @ w)" in slope.source
    assert other.factor == factor


def test_one_mistake_is_not_called_two():
    said = found(lambda h: h, 1.0).explanation

    assert said[0].fits and "one of two" not in said[0].mistake


def test_the_right_gradient_has_nothing_to_explain():
    finding = found(lambda h: 1.0 - h * h, 1.0)

    assert finding.verdict == "correct" and not finding.explanation


def test_two_mistakes_that_nobody_knows_are_not_named():
    said = found(lambda h: np.cos(17.0 * h), 1.0 + np.pi).explanation

    assert said and not any(one.fits for one in said)
