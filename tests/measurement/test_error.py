"""Errors are measured entry by entry, past the last digit of a float64, and NaN is never small."""

import numpy as np
import pytest

from verification.measurement.error import beyond, distance, relative, ulp
from verification.vocabulary import Ball


def ball(mid, tail=0.0, rad=0.0) -> Ball:
    return Ball(*(np.asarray(x, float).reshape(-1) for x in (mid, tail, rad)), proven=True)


def test_distance_sees_the_tail():
    assert distance(np.array([1.0]), ball(1.0, 2.0**-60)) == 2.0**-60


def test_beyond_is_zero_inside_and_the_gap_outside():
    assert beyond(np.array([0.25]), ball(0.5, rad=0.5)) == 0.0
    assert beyond(np.array([1.5]), ball(0.5, rad=0.5)) == 0.5


def test_nan_is_never_inside():
    assert not (beyond(np.array([np.nan]), ball(0.5, rad=0.5)) <= np.inf)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("x", [1.0, 0.75, 1.9999, 3e-30, 6.5e9])
def test_ulp_is_the_spacing_of_the_format(dtype, x):
    stored = np.dtype(dtype).type(x)

    assert ulp(np.float64(stored), dtype) == np.spacing(abs(stored))


def test_any_error_at_a_true_zero_is_infinite():
    assert relative(np.array([1e-300]), ball(0.0)) == np.inf
    assert relative(np.array([0.0]), ball(0.0)) == 0.0


@pytest.mark.parametrize("x", [0.0, 1e-42])
def test_below_the_normal_numbers_no_digit_is_promised(x):
    assert ulp(np.float64(x), "float32") == np.finfo(np.float32).tiny
