"""The slope that makes NaN is named by the entries that it spoils."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def forward(x, y):
    return jnp.sum(jnp.sqrt(jnp.exp(x))) + jnp.sum(jnp.sin(y))


def sample(rng):
    return rng.normal(size=4), rng.normal(size=3)


def found(slope):
    """`slope` of the root, at e^x."""
    gradient = lambda x, y: (slope(np.exp(x)) * np.exp(x), np.cos(y))
    with np.errstate(all="ignore"):
        return vf.validate(gradient, of=forward, args=sample, argnums=(0, 1), cases=3)


def test_the_root_of_minus_the_argument_is_named():
    said = found(lambda z: 0.5 / np.sqrt(-z)).explanation

    assert said[0].fits and said[0].kind == "slope" and "that at -z" in said[0].mistake
    assert "jnp.sqrt(jnp.exp(x))" in said[0].source
    assert "not finite numbers" in said[-1].mistake


def test_other_entries_that_are_none_are_not_explained_by_it():
    spoiled = lambda z: np.where(np.arange(4) < 2, np.nan, 1.5 / np.sqrt(z))
    said = found(spoiled).explanation

    assert [one.kind for one in said] == ["layer"] and "not finite numbers" in said[0].mistake


def test_a_right_slope_is_correct():
    assert found(lambda z: 0.5 / np.sqrt(z)).verdict == "correct"


def test_where_no_entry_is_a_number_no_slope_is_named():
    nowhere = lambda x, y: (np.full_like(x, np.nan), np.full_like(y, np.nan))
    said = vf.validate(nowhere, of=forward, args=sample, argnums=(0, 1), cases=3).explanation

    assert not any(one.kind == "slope" for one in said)
    assert "not finite numbers" in said[0].mistake


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


@pytest.mark.parametrize(
    ("slope", "term"),
    [
        (lambda z: logistic(z) + z, "a slope inside `jax.nn.silu(z)`"),  # 1 for that of its factor
        (lambda z: z, "the slope of `jax.nn.silu(z)`"),
    ],
)
def test_a_part_of_a_call_is_not_taken_for_the_whole_call(slope, term):
    gradient = lambda z, d: d * slope(z)
    points = lambda rng: (2 * rng.normal(size=7),)
    said = vf.validate(gradient, of=lambda z: jax.nn.silu(z), args=points, cases=4).explanation

    assert said[0].fits and said[0].term == term
