"""Edges hold the special values that draws avoid, in the format under test."""

import jax
import ml_dtypes
import numpy as np
import pytest

from verification.inputs import draws, edges

DTYPES = ["float32", "float64", "float16", "bfloat16"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalars_are_numbers_of_the_format_on_both_sides(dtype):
    values = np.array(edges.scalars(dtype))
    info = ml_dtypes.finfo(dtype)

    assert np.isfinite(values).all()
    assert np.array_equal(values.astype(np.dtype(dtype)).astype(np.float64), values)
    assert set(values) == set(-values)
    assert {0.5, 1.0, float(info.smallest_normal)} <= set(values)
    assert {17.0, 88.0, 104.0} <= set(values) or dtype == "float16"
    assert 0 < np.abs(values).min() < float(info.smallest_normal)  # a subnormal
    assert np.abs(values).max() > float(info.max) / 10.0


def test_the_formats_differ():
    assert 745.0 in edges.scalars("float64")
    assert 1e308 in edges.scalars("float64")
    assert 1e308 not in edges.scalars("float32")
    assert max(edges.scalars("float16")) < 65504.0
    assert edges.scalars("float8_e5m2") == edges.scalars("float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_elementwise_cases_have_one_shape_and_each_zero_alone(dtype):
    cases = edges.elementwise(np.dtype(dtype))
    arrays = [case.args[0] for case in cases]
    zeros = [x for x in arrays if (x == 0.0).any()]

    assert {x.shape for x in arrays} == {(edges.WIDTH,)}
    assert len({case.label for case in cases}) == len(cases)
    assert [int((x == 0.0).sum()) for x in zeros] == [1, 1]
    assert sorted(bool(np.signbit(x[x == 0.0])[0]) for x in zeros) == [False, True]
    assert set(edges.scalars(dtype)) <= {v for x in arrays for v in x.tolist()}


def test_held_rounds_to_the_format():
    assert edges.held(0.1, "float32") == np.float64(np.float32(0.1)) != 0.1
    assert edges.held(0.1, "float64") == 0.1


def test_scaled_changes_the_first_argument_alone():
    draw = lambda rng: ((draws.reals(rng, 2), draws.reals(rng, 3)), draws.reals(rng, 4))
    one, four = edges.scaled(draw, (1.0, 4.0))

    for small, large in zip(
        jax.tree.leaves(one.args[0]), jax.tree.leaves(four.args[0]), strict=True
    ):
        assert np.array_equal(4.0 * small, large)
    assert np.array_equal(one.args[1], four.args[1])
    assert (one.label, four.label) == ("times 1", "times 4")
