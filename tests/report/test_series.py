"""The curves: what theory says of each is seen in it."""

import math

import numpy as np
import pytest

from verification.report import panels, series
from verification.report.document import ClaimRow
from verification.vocabulary import Evidence, Judged

EPS = 2.0**-52


def curve(panel, label):
    (found,) = (s for s in panel.series if label in s.label)
    return np.asarray(found.x), np.asarray(found.y)


def test_truncation_falls_with_the_order_and_the_complex_step_reaches_the_last_digit():
    (panel,) = series.step_sizes().panels
    orders = {"forward": 1, "central difference": 2, "Richardson": 4}
    for label, order in orders.items():
        h, error = curve(panel, label)
        falls = np.log2(error[:-1] / error[1:])[:3]  # h = 1/4, 1/8, 1/16, 1/32: truncation alone
        assert np.round(falls).tolist() == [order] * 3
    h, error = curve(panel, "complex step")
    assert error[h < 1e-9].max() <= 4 * EPS  # log1p, exp, a product and a quotient
    assert curve(panel, "forward")[1].min() > 4 * EPS


@pytest.fixture(scope="module")
def forms():
    return {panel.title: panel for panel in series.forms().panels}


@pytest.mark.parametrize(("dtype", "digits"), [("float32", 24), ("float64", 53)])
def test_each_slope_dies_in_one_form_and_lives_in_the_other(forms, dtype, digits):
    gone = 2.0 ** (digits - 1)
    z, bad = curve(forms[f"Slope of the sigmoid, {dtype}"], "a(1 - a)")
    _, good = curve(forms[f"Slope of the sigmoid, {dtype}"], "sigma")
    normal = z < 85  # past 87 the slope is subnormal in float32
    assert bad[normal].max() >= gone
    assert good[normal].max() < 16
    _, composed = curve(forms[f"Sigmoid, then cross-entropy at y = 1, {dtype}"], "frac")
    assert np.isnan(composed).any() and np.isfinite(composed[z < 10]).all()


def test_an_answer_that_is_not_finite_is_never_small():
    exact = series.proven(lambda z: z, np.array([2.0]))[0]
    assert series.ulps(np.float64(2.0), exact, "float64") == series.LEAST
    assert series.ulps(np.float64(2.0 + 2 * EPS), exact, "float64") == 1.0
    assert math.isnan(series.ulps(np.float64("nan"), exact, "float64"))
    assert math.isnan(series.ulps(np.float64("inf"), exact, "float64"))


NUMBERS = {
    "curves": {
        "full batch": {"examples": [0, 32], "median": [2, 1], "low": [1, 0.5], "high": [3, 2]}
    },
    "variance": {
        "batch": [2, 4],
        "measured": [8.1, 3.0],
        "low": [7, 2],
        "high": [9, 4],
        "exact": [8, 3],
    },
}


def test_the_figures_of_descent_are_the_numbers_of_their_claim():
    judged = Judged(Evidence.MEASURED, "seen", "control", numbers=NUMBERS)
    curves, variance = panels.descent_figures([ClaimRow("B7", "", "", judged)])
    assert curves.panels[0].series[0].y == (1.0,)
    measured, exact, replaced = variance.panels[0].series
    assert (measured.y, exact.y, replaced.y) == ((8.1, 3.0), (8.0, 3.0), (8.0, 4.0))
    assert panels.descent_figures([ClaimRow("B7", "", "", None, "unproven")]) == ()
