"""Mixtures of columns, block by block: what is one, and what is none."""

import numpy as np
import pytest

from verification.arithmetic.hulls import excess

ROOM = np.full(3, 1e-12)
EDGES = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # max of three
ONE = np.zeros(3, int)


def off(point, columns=EDGES, blocks=ONE, convex=True):
    return excess(columns, blocks, np.array(point), ROOM[: len(point)], convex)


@pytest.mark.parametrize("point", [[1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]])
def test_shares_that_sum_to_1_are_a_mixture(point):
    assert not off(point).any()


@pytest.mark.parametrize("point", [[1, 1, 0], [0, 0, 0], [0.5, 0.5, 0.5], [1.5, -0.5, 0]])
def test_others_are_none(point):
    assert off(point).any()


def test_the_affine_hull_knows_sums_and_no_bounds():
    assert not off([1.5, -0.5, 0], convex=False).any()
    assert off([1, 1, 0], convex=False).any()


def test_blocks_are_mixed_apart():
    """Two ties, (a, b) and (b, c): every entry of b has a part of each."""
    columns = np.array([[1.0, 1.0, 0.0], [0, 0, 0], [-1, 1, 0], [0, 0, 0], [0, -1, 1]])
    blocks = np.array([0, 1, 1, 2, 2])
    assert not off([1, 1, 0], columns, blocks).any()
    assert not off([0, 2, 0], columns, blocks).any()
    assert not off([0.5, 1, 0.5], columns, blocks).any()
    assert off([1, 0, 0], columns, blocks).any()


def test_an_entry_without_a_choice_is_left_to_its_interval():
    assert not excess(
        np.array([[1.0, 5.0], [0.0, 5.0]]), np.zeros(2, int), np.array([0.5, 9.0]), ROOM[:2]
    ).any()
