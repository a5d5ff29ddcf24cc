"""Digits lost: a curve for each dtype that goes up where digits go, and the words for it."""

import numpy as np
import pytest
from ml_dtypes import finfo

from verification.report import digits
from verification.report.peers import DTYPES


@pytest.fixture(scope="module")
def forms():
    return {name: digits.form(name) for name in digits.names()}


def curve(panel, dtype):
    (series,) = (s for s in panel.series if s.label == dtype)
    return np.asarray(series.x), np.asarray(series.y)


def test_every_form_has_a_curve_and_a_row_for_each_dtype(forms):
    for rows, panel in forms.values():
        assert [s.label for s in panel.series] == [r["dtype"] for r in rows] == list(DTYPES)
    assert sum(len(r["regions"]) for rows, _ in forms.values() for r in rows) >= len(forms)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_the_slope_of_tanh_from_its_value_loses_every_digit(forms, dtype):
    (name,) = (n for n in forms if "tanh" in n)
    rows, panel = forms[name]
    z, ulps = curve(panel, dtype)
    every = 0.5 / float(finfo(dtype).eps)  # an answer of 0: all the digits there were
    assert np.nanmax(ulps) >= every
    assert ulps[np.abs(z) < 0.5].max() < np.nanmax(ulps) / 10
    (row,) = (r for r in rows if r["dtype"] == dtype)
    assert row["most"] >= every > row["most_right"]
    for region in row["regions"]:
        inside = (z >= region["low"]) & (z <= region["high"])
        assert inside.any() and not np.nanmax(ulps[inside]) < 2.0


def test_what_is_not_finite_is_a_cross_and_infinite_in_its_row(forms):
    (name,) = (n for n in forms if n == "naive softplus")
    rows, panel = forms[name]
    z, ulps = curve(panel, "float32")
    assert np.isnan(ulps[z > 90.0]).all() and np.isfinite(ulps[z < 80.0]).all()
    assert all(r["most"] == np.inf > r["most_right"] for r in rows)


def test_inputs_to_the_end_of_the_format_are_shown_by_their_powers(forms):
    panels = [panel for _, panel in forms.values()]
    assert {panel.x_scale for panel in panels} == {"linear", "symlog"}
    for panel in panels:
        far = max(abs(x) for s in panel.series for x in s.x)
        assert np.isfinite(far) and (panel.x_scale == "symlog" or far < 400.0)
    assert digits.figures(()) == () and len(digits.figures(tuple(panels))) == 1
