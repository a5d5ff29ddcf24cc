"""The order of arrays of every kind: it rises, falls, or does neither."""

import numpy as np
import pytest

from verification.inputs import domain

KINDS = (np.bool_, np.uint8, np.uint64, np.int32, np.float64)
ROWS = {1: [0, 0, 1, 1], -1: [1, 1, 0, 0], 0: [1, 0, 1, 0]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ROWS)
def test_the_order_of_each_kind(kind, way):
    row = np.array(ROWS[way], kind)
    assert domain.order(row).tolist() == [way]
    assert domain.order(np.array(1, kind)).tolist() == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_is_kept_or_broken(kind):
    falls = np.array([-1])
    assert domain._keeps_order(falls, np.array([1, 1, 0], kind))
    assert not domain._keeps_order(falls, np.array([0, 1, 0], kind))


ONE = np.array([2.25, 0.5, 3.5])
WHOLE = np.array([3.0, -1.0, 2.0, 7.0, -4.0, 6.0, 5.0, -2.0])
SHARES = np.array([0.25, 0.75, 0.0, 1.0, 0.5, 0.625, 0.125, 0.875])
KEPT = {  # draws, and an array that breaks their law and no other
    "none below 0": ([ONE], ONE * [1.0, -1.0, 1.0]),
    "none above 0": ([-ONE], ONE * [-1.0, 1.0, -1.0]),
    "none is 0": ([ONE], ONE * [1.0, 0.0, 1.0]),
    "rows that sum to 1": (
        [np.array([[0.25, 0.75], [0.625, 0.375]])],
        np.array([[0.375, 0.75], [0.625, 0.375]]),
    ),
    "rising": ([np.array([-1.5, 0.25, 2.5])], np.array([2.5, 0.25, -1.5])),
    "symmetric": (
        [np.array([[0.5, -1.5], [-1.5, 0.25]])],
        np.array([[0.5, -1.25], [-1.5, 0.25]]),
    ),
    "definite": (
        [np.array([[1.5, -0.5], [-0.5, 0.25]])],
        np.array([[1.5, -1.5], [-1.5, 0.25]]),
    ),
    "a permutation": ([np.array([2, 0, 1])], np.array([2, 0, 0])),
    "absent entries": (
        [np.array([[1.5, 0.0], [-0.25, 2.5]])],
        np.array([[1.5, 0.5], [-0.25, 2.5]]),
    ),
    "a range": ([np.array([0, 2, 2]), np.array([1, 0, 0])], np.array([0, 3, 0])),
    "whole numbers": ([WHOLE], WHOLE + 0.25),
    "from 0 to 1": ([SHARES], SHARES * 1.5),
}


@pytest.mark.parametrize("kind", KEPT)
def test_an_array_keeps_its_own_law_and_one_that_breaks_it_does_not(kind):
    drawn, broken = KEPT[kind]
    (held,) = domain.shared([domain.law(x)] for x in drawn)
    assert all(domain.keeps(held, x) for x in drawn)
    assert not domain.keeps(held, broken)
