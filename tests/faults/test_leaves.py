"""Each catalogued mistake changes a gradient, as it says, and leaves the original alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from verification import faults
from verification.faults import leaves

VALUES = st.floats(-4.0, 4.0, width=32).filter(lambda x: x != 0.0)
LEAVES = st.lists(
    arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=VALUES),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("fault", faults.ALL.values(), ids=faults.ALL)
@given(right=LEAVES, dtype=st.sampled_from(["float64", "float32", "bfloat16", "float16"]))
def test_a_fault_changes_something_or_says_that_it_cannot(fault, right, dtype):
    before = [leaf.copy() for leaf in right]
    wrong = fault.apply(right, dtype)

    assert all(np.array_equal(a, b) for a, b in zip(before, right, strict=True))
    if wrong is not None:
        assert [w.shape for w in wrong] == [r.shape for r in right]
        assert all(w.dtype == np.float64 for w in wrong)
        assert not all(np.array_equal(w, r) for w, r in zip(wrong, right, strict=True))


@pytest.mark.parametrize("fault", faults.ALL.values(), ids=faults.ALL)
def test_a_fault_is_named_told_and_possible(fault):
    rng = np.random.default_rng(0)
    shapes = [(3, 3), (3, 3), (4, 2), (4,)]

    assert faults.ALL[fault.name] is fault
    assert fault.description.endswith(".")
    assert fault.apply([rng.normal(size=shape) for shape in shapes], "float64") is not None


RIGHT = [np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([5.0, -7.0, 6.0])]
WRONG = {
    "sign": [[[-1, 2], [-3, -4]], [-5, 7, -6]],
    "doubled": [[[2, -4], [6, 8]], [10, -14, 12]],
    "halved": [[[0.5, -1], [1.5, 2]], [2.5, -3.5, 3]],
    "sum for mean": [[[3, -6], [9, 12]], [15, -21, 18]],
    "leaf dropped": [[[1, -2], [3, 4]], [0, 0, 0]],
    "entry zeroed": [[[1, -2], [3, 0]], [5, -7, 6]],
    "transposed": [[[1, 3], [-2, 4]], [5, -7, 6]],
    "axis flipped": [[[-2, 1], [4, 3]], [6, -7, 5]],
    "axis rolled": [[[-2, 1], [4, 3]], [6, 5, -7]],
    "column order": [[[1, 3], [-2, 4]], [5, -7, 6]],
    "upstream averaged": [[[1.5, 1.5], [1.5, 1.5]], [4 / 3, 4 / 3, 4 / 3]],
    "first example only": [[[1, -2], [1, -2]], [5, 5, 5]],
    "absolute value": [[[1, 2], [3, 4]], [5, 7, 6]],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_fault_does(name):
    wrong = faults.ALL[name].apply(RIGHT, "float64")

    assert wrong is not None
    assert [leaf.tolist() for leaf in wrong] == WRONG[name]


def test_the_rest_by_what_they_leave():
    n = np.float64(3.0)
    over = leaves.over_rows(RIGHT, "float64")
    off = leaves.one_off(RIGHT, "float64")
    swapped = leaves.swapped([RIGHT[0], RIGHT[1], 2.0 * RIGHT[0]], "float64")
    lost = leaves.not_a_number(RIGHT, "float64")

    assert over is not None and np.array_equal(over[1], RIGHT[1] * (1.0 / n))
    assert off is not None and off[0][1, 1] == 4.0 * (1.0 + 1e-9)
    assert swapped is not None and np.array_equal(swapped[0], 2.0 * RIGHT[0])
    assert lost is not None and np.isnan(lost[0]).sum() == 1


@pytest.mark.parametrize(
    ("name", "right", "dtype"),
    [
        ("transposed", [np.ones((2, 3))], "float64"),
        ("leaves swapped", [np.ones(2), np.ones(3)], "float64"),
        ("sum for mean", [np.ones(())], "float64"),
        ("through float32", [np.full(2, 0.1)], "float32"),
        ("through bfloat16", [np.full(2, 0.1)], "float16"),
        ("axis flipped", [np.ones(3)], "float64"),
        ("entry zeroed", [np.zeros(3)], "float64"),
    ],
)
def test_no_mistake_where_none_can_be_made(name, right, dtype):
    assert faults.ALL[name].apply(right, dtype) is None
