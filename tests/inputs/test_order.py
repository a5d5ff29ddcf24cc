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
