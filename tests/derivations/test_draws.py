"""What derivations and arrows draw and visit fits both dtypes, and stays the same shape."""

import jax
import numpy as np
import pytest

from verification.derivations import ALL
from verification.vocabulary import Derivation

SUBJECTS = [*ALL.values(), *(a for d in ALL.values() for a in d.arrows)]
NAMES = [*ALL, *(f"{d.name} {a.name}" for d in ALL.values() for a in d.arrows)]


def is_single(leaf):
    return leaf.dtype.kind != "f" or np.array_equal(leaf.astype(np.float32), leaf)


@pytest.mark.parametrize("subject", SUBJECTS, ids=NAMES)
def test_draws_are_exact_in_float32_of_few_shapes_and_reproducible(subject):
    drawn = [jax.tree.leaves(subject.draw(np.random.default_rng(seed))) for seed in range(24)]
    again = jax.tree.leaves(subject.draw(np.random.default_rng(0)))

    assert all(is_single(leaf) for leaves in drawn for leaf in leaves)
    assert len({tuple(leaf.shape for leaf in leaves) for leaves in drawn}) <= 3
    assert all(np.array_equal(a, b) for a, b in zip(drawn[0], again, strict=True))


def test_an_inexact_draw_is_seen():
    assert not is_single(np.array(0.1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("derivation", ALL.values(), ids=ALL)
def test_edges_are_finite_in_their_dtype_and_named(derivation: Derivation, dtype):
    cases = derivation.edges(np.dtype(dtype))

    assert len({case.label for case in cases}) == len(cases) > 0
    for leaf in (leaf for case in cases for leaf in jax.tree.leaves(case.args)):
        assert np.isfinite(leaf).all()
        assert leaf.dtype.kind != "f" or np.array_equal(leaf.astype(dtype), leaf)
