"""One wrong entry in each case, another one each time, is said to be one."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def forward(x):
    return jnp.sum(jnp.sin(x))


def largest(x, change):
    g = np.cos(x)
    at = np.unravel_index(np.argmax(np.abs(x)), x.shape)
    g[at] = change(g[at])
    return g


def found(gradient):
    return vf.validate(gradient, of=forward, args=lambda rng: (rng.normal(size=(3, 2)),), cases=5)


@pytest.mark.parametrize(
    ("change", "words"), [(lambda g: 0.0, "never written"), (lambda g: 1.1 * g + 0.1, "wrong")]
)
def test_an_entry_that_is_another_in_another_case(change, words):
    said = found(lambda x: largest(x, change)).explanation[0]

    assert said.fits and words in said.mistake and "another in another case" in said.term


def test_two_wrong_entries_are_not_called_one():
    gradient = lambda x: np.where(np.argsort(np.argsort(x.ravel())) < 2, 7.0, np.cos(x.ravel()))
    said = found(lambda x: gradient(x).reshape(x.shape)).explanation

    assert not any("another in another case" in one.term for one in said)
