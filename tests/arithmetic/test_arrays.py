"""What moves entries is run on positions: moves, landings and products of any layout."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verification.arithmetic.arrays import box, decided, dot_general, each, moved
from verification.arithmetic.moves import landing

times = dot_general(lambda a, b: a @ b)


@settings(max_examples=12)
@given(st.data())
def test_dot_general_is_jaxs_for_every_layout(data):
    sizes = data.draw(st.permutations([2, 3, 4, 5]))
    batch, contract, free_a, free_b = sizes
    order_a = data.draw(st.permutations("bcf"))
    order_b = data.draw(st.permutations("bcg"))
    size = {"b": batch, "c": contract, "f": free_a, "g": free_b}
    a = np.arange(batch * contract * free_a).reshape([size[i] for i in order_a]) - 7
    b = np.arange(batch * contract * free_b).reshape([size[i] for i in order_b]) - 11
    place = lambda i: ((order_a.index(i),), (order_b.index(i),))
    numbers = (place("c"), place("b"))
    got = times(a.astype(object), b.astype(object), dimension_numbers=numbers)
    want = jax.lax.dot_general(a, b, numbers)
    assert got.shape == want.shape and (got.astype(int) == np.asarray(want)).all()


def test_positions_run_through_all_operands():
    values, where = moved("concatenate", [np.ones(2, object), np.ones(3, object)], {"dimension": 0})
    assert len(values) == 2 and where.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("x64", [True, False])
def test_landings_count_beyond_float32(x64):
    shape, indices = (2**24 + 9,), np.array([[2**24 + 5], [2**24 + 6], [-1], [2**25]])
    numbers = jax.lax.ScatterDimensionNumbers((), (0,), (0,))
    params = {
        "dimension_numbers": numbers,
        "indices_are_sorted": False,
        "unique_indices": False,
        "mode": jax.lax.GatherScatterMode.FILL_OR_DROP,
    }
    with jax.enable_x64(x64):
        assert landing(shape, indices, (4,), params).tolist() == [2**24 + 5, 2**24 + 6, -1, -1]


def test_boxes_and_decisions():
    assert box(3).shape == () and box(3).dtype == object
    assert each(lambda x, y: x + y)(np.array([1, 2], object), np.array(3, object)).tolist() == [
        4,
        5,
    ]
    answer = decided(lambda x: x > 1)(np.array([1, 2], object))
    assert answer.dtype == bool and answer.tolist() == [False, True]
