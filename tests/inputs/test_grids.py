"""Sweeps: the same number of floats in every binade, ascending, in the format."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.inputs import grids


@given(low=st.integers(-20, 5), binades=st.integers(1, 8), per=st.integers(1, 32))
def test_every_binade_has_its_share(low, binades, per):
    z = grids.binades("float32", 2.0**low, 2.0 ** (low + binades), per)
    _, counts = np.unique(np.floor(np.log2(z)), return_counts=True)

    assert counts.tolist() == [per] * binades
    assert (np.diff(z) > 0).all()
    assert np.array_equal(z.astype(np.float32).astype(np.float64), z)


def test_the_ends_are_kept_and_what_is_outside_is_not():
    z = grids.binades("float64", 0.75, 3.0)

    assert z.min() >= 0.75
    assert z.max() < 3.0
    assert grids.binades("float64", 0.5, 1.0)[0] == 0.5


def test_narrow_formats():
    z = grids.binades("bfloat16", 1.0, 4.0, per_binade=8)

    assert len(set(z)) == 16
    assert np.array_equal(z * 2.0**7, np.round(z * 2.0**7))  # 8 bits


def test_both_sides():
    assert grids.both_sides(np.array([1.0, 2.0])).tolist() == [-2.0, -1.0, 1.0, 2.0]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (2.0, 1.0), (-1.0, 1.0)])
def test_an_empty_sweep_is_refused(low, high):
    with pytest.raises(ValueError, match="wants 0 < low < high"):
        grids.binades("float32", low, high)
