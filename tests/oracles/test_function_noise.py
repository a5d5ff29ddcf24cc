"""Noise is what float32 rounds, and no kink; it is told over what float64 itself would round."""

import numpy as np
import pytest

from verification.oracles.function_noise import Noise, deviation, noise_of, scale_of

X = np.array([0.7, -1.3, 0.4])


def measured(f, x=X):
    return noise_of(lambda rows: np.array([f(row) for row in rows]), x, np.random.default_rng(0))


def smooth(x):
    return float(np.sum(np.sin(x)))


def narrow(x):
    return float(np.sum(np.sin(x.astype(np.float32))))


def test_float64_rounds_less_than_float32_by_as_much_as_they_differ():
    fine, coarse = measured(smooth), measured(narrow)

    assert 0.0 < fine < 2.0**-50 and 2.0**-30 < coarse < 2.0**-20
    assert Noise(coarse, smooth(X)).is_narrow and not Noise(fine, smooth(X)).is_narrow


@pytest.mark.parametrize("kink", [np.abs, lambda x: np.maximum(x, 0.0)])
def test_a_kink_at_the_point_itself_is_no_noise(kink):
    at_kink = np.array([0.0, 1.1, -0.6])

    assert measured(lambda x: float(np.sum(kink(x))), at_kink) < 2.0**-50


def test_a_constant_says_nothing_and_a_border_is_stepped_over():
    assert measured(lambda x: 3.0) == 0.0
    border = lambda x: float(np.sum(np.sqrt(x))) if (x >= 0).all() else np.nan
    assert np.isfinite(measured(border, np.array([1e-30, 1.0])))
    assert measured(lambda x: np.nan) == 0.0


def test_a_sum_that_cancels_is_no_narrow_function():
    """Noise is held against the terms and what moving x changes, not against their sum."""
    assert not Noise(1e-16, size=1.0, reach=2.0).is_narrow
    assert not Noise(1e-16, size=0.0, reach=2.0).is_narrow
    assert not Noise(np.inf, size=1.0).is_narrow and Noise(0.0, 0.0).relative == 0.0
    assert Noise(1e-8, size=1.0, reach=2.0).is_narrow


def test_a_coordinate_of_zero_moves_as_the_others_do():
    assert (scale_of(np.array([0.0, 3.0, -4.0])) == [5.0 / np.sqrt(3.0), 3.0, 4.0]).all()


def test_where_values_are_no_numbers_there_is_no_noise_and_no_warning():
    one = np.linspace(0.0, 1.0, 9)
    values = np.stack([one, np.full(9, np.inf), 1e300 * one**2 * np.tile([1.0, -1.0, 1.0], 3)], 1)
    found = deviation(values, 6)

    assert np.isfinite(found).tolist() == [True, False, False]
