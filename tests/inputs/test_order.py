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


KEPT = {  # arrays, and what breaks their law alone
    "none below 0": (np.array([0.5, 2.25, 3.5]), lambda x: x * np.array([1.0, -1.0, 1.0])),
    "none above 0": (np.array([-0.5, -2.25, -3.5]), lambda x: x * np.array([1.0, -1.0, 1.0])),
    "rows that sum to 1": (
        np.array([[0.25, 0.75], [0.625, 0.375]]),
        lambda x: x + np.array([[0.125, 0.0], [0.0, 0.0]]),
    ),
    "symmetric": (
        np.array([[1.5, -0.5], [-0.5, 0.25]]),
        lambda x: x + np.array([[0, 0.5], [0, 0]]),
    ),
    "rising": (np.array([-1.5, 0.25, 2.5]), lambda x: x[::-1]),
    "a permutation": (np.array([2, 0, 1]), lambda x: np.array([2, 0, 0])),
    "absent entries": (np.array([[1.5, 0.0], [0.25, 2.5]]), lambda x: x + 0.125),
}


@pytest.mark.parametrize("kind", KEPT)
def test_an_array_keeps_its_own_law_and_one_that_breaks_it_does_not(kind):
    x, broken = KEPT[kind]
    held = domain.law(x)
    assert domain.keeps(held, x)
    assert not domain.keeps(held, broken(x))
