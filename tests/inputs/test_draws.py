"""Draws stay away from special values, fit both dtypes, and follow the seed."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.inputs import draws

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.lists(st.integers(1, 6), max_size=3).map(tuple)
DRAWS = {
    "reals": draws.reals,
    "positives": draws.positives,
    "probabilities": draws.probabilities,
    "cotangent": lambda rng, *shape: draws.cotangent(rng, shape),
}


def is_single(x):
    return np.array_equal(x.astype(np.float32).astype(np.float64), x)


def is_special(x):
    """Zero, a half, an integer, or not finite."""
    return bool((~np.isfinite(x) | (2.0 * x == np.round(2.0 * x))).any())


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@given(seed=SEEDS, shape=SHAPES)
def test_no_special_value_and_both_dtypes(draw, seed, shape):
    x = draw(np.random.default_rng(seed), *shape)

    assert x.shape == shape
    assert x.dtype == np.float64
    assert is_single(x)
    assert not is_special(x)


@given(seed=SEEDS, shape=SHAPES)
def test_signs_are_even_and_sizes_in_range(seed, shape):
    x = draws.reals(np.random.default_rng(seed), *shape, low=0.25, high=8.0)

    assert abs(int((x > 0).sum()) - int((x < 0).sum())) <= 1
    assert (np.abs(x) >= 0.25 * (1.0 - 2.0**-24)).all()  # rounding may move it half an ulp
    assert (np.abs(x) <= 8.0 * (1.0 + 2.0**-9)).all()


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.5, 3.0, -2.5])
def test_special_values_are_moved_off(value):
    assert is_special(np.array(value))
    assert not is_special(draws.exact(value))


@given(seed=SEEDS, n=st.integers(2, 20))
def test_hard_labels_have_both_and_classes_all(seed, n):
    rng = np.random.default_rng(seed)

    assert set(draws.hard_labels(rng, n)) == {0.0, 1.0}
    classes = draws.classes(rng, n, count=3)
    assert classes.dtype == np.int64
    assert len(set(classes.tolist())) == min(n, 3)
    assert set(classes.tolist()) <= {0, 1, 2}


@given(seed=SEEDS)
def test_distributions_do_not_sum_to_one(seed):
    total = draws.distributions(np.random.default_rng(seed), 4, 3).sum(axis=-1)

    assert ((total > 0.7) & (total < 0.99)).all()


def test_labels_and_targets_are_hard_for_some_seeds_and_soft_for_others():
    hard = lambda x: bool(np.isin(x, (0.0, 1.0)).all())
    for draw in (draws.labels, draws.targets):
        assert {hard(draw(np.random.default_rng(seed), 4, 3)) for seed in range(16)} == {
            True,
            False,
        }


def test_cotangents_have_the_pytree_of_the_output():
    double = lambda x: {"a": 2.0 * x, "b": jnp.sum(x)}
    cotangent = draws.cotangent_of(np.random.default_rng(0), double, (np.ones((2, 3)),))

    assert {name: leaf.shape for name, leaf in cotangent.items()} == {"a": (2, 3), "b": ()}
    assert not np.array_equal(cotangent["a"], np.full((2, 3), cotangent["a"][0, 0]))


def test_the_seed_decides():
    draw = lambda seed: draws.preactivations(np.random.default_rng(seed))[0]

    assert np.array_equal(draw(3), draw(3))
    assert not np.array_equal(draw(3), draw(4))
