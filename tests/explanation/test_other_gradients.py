"""Leaves of one shape that are given each other's gradient; which ones may differ by the case."""

import jax.numpy as jnp
import numpy as np

import verification as vf


def forward(a, b, c):
    return jnp.sum(jnp.sin(a)) + 2.0 * jnp.sum(jnp.cos(b)) + jnp.sum(c**3)


def right(a, b, c):
    return [np.cos(a), -2.0 * np.sin(b), 3.0 * c**2]


def sample(rng):
    return tuple(rng.normal(size=4) for _ in range(3))


def swapped(a, b, c):
    """The first is given the second's gradient or the third's, by the sign of an entry."""
    leaves, other = right(a, b, c), 1 + int(a[0] > 0.0)
    leaves[0], leaves[other] = leaves[other], leaves[0]
    return tuple(leaves)


def added(a, b, c):
    leaves, other = right(a, b, c), 1 + int(a[0] > 0.0)
    leaves[0] = leaves[0] + leaves[other]
    return tuple(leaves)


def found(gradient):
    return vf.validate(gradient, of=forward, args=sample, argnums=(0, 1, 2), cases=6)


def test_leaves_given_to_each_other_are_named():
    said = found(swapped).explanation[0]

    assert said.fits and said.kind == "swapped" and "hold each other's gradient" in said.mistake


def test_a_leaf_added_to_another_is_named():
    said = found(added).explanation[0]

    assert said.fits and said.kind == "swapped" and "added" in said.mistake


def test_the_right_leaves_are_correct():
    assert found(lambda *args: tuple(right(*args))).verdict == "correct"


def test_leaves_of_nobody_are_not_called_swapped():
    said = found(lambda a, b, c: (np.sqrt(np.abs(a * b)), *right(a, b, c)[1:])).explanation

    assert not any(one.fits and one.kind == "swapped" for one in said)
