"""Figures as data: what is counted, where a curve ends, which digits are seen to be lost."""

import numpy as np
import pytest
from ml_dtypes import finfo

from verification.report import panels
from verification.report.panels import digits_figures, lossy_form, lossy_names
from verification.report.peers import DTYPES
from verification.selftest.statistics import EDGES


def calibration_row(implementation="NumPy", dtype="float32", **at) -> dict:
    """A row whose histogram has so many entries in the bins that are named by number."""
    histogram = [at.get(f"bin{k}", 0) for k in range(len(EDGES) - 1)]
    return {"implementation": implementation, "dtype": dtype, "histogram": histogram}


def counts(**at) -> np.ndarray:
    return np.array(calibration_row(**at)["histogram"])


def test_the_share_beyond_an_edge_counts_what_lies_above_it():
    last = len(EDGES) - 2
    curve = panels.beyond("x", counts(bin0=60, bin10=30, **{f"bin{last}": 10}))
    assert len(curve.x) == last and curve.y[:10] == (0.4,) * 10  # beyond edges 1 to 10
    assert curve.y[10:] == (0.1,) * (last - 10)
    assert np.round(np.log10(curve.x), 9).tolist() == np.round(EDGES[1:-1], 9).tolist()


def test_a_curve_ends_where_no_entry_is_left():
    inside = panels.beyond("x", counts(bin0=5, bin10=5))
    assert len(inside.x) == 10 and inside.x[-1] < 1.0
    unity = int(np.flatnonzero(EDGES == 0.0)[0])  # an edge: no bin has both sides of the budget
    outside = panels.beyond("x", counts(bin0=5, **{f"bin{unity}": 1}))
    assert outside.x[-1] == 1.0


def test_rows_are_pooled_by_dtype_and_by_implementation():
    rows = [
        calibration_row(bin3=1),
        calibration_row("PyTorch", bin3=3),
        calibration_row(dtype="float16", bin0=2, bin3=2),
    ]
    (figure,) = panels.calibration_figures(rows)
    by_dtype, by_name = figure.panels
    assert [s.label for s in by_dtype.series] == ["float32", "float16", "the budget"]
    assert [s.label for s in by_name.series] == ["NumPy", "PyTorch", "the budget"]
    assert by_dtype.series[1].y[0] == 0.5 and by_name.series[0].y[0] == 3 / 5
    assert panels.calibration_figures([]) == ()


def test_a_small_calibration_has_no_false_alarm():
    rows = panels.calibrated(seed=1, quick=True)
    assert {r["implementation"] for r in rows} <= {*panels.IMPLEMENTATIONS}
    assert len({r["dtype"] for r in rows}) >= 4
    assert all(r["false_alarms"] == 0 and r["verdicts"] == panels.QUICK_COUNT for r in rows)
    assert any(r["control"] for r in rows)  # budgets eight times smaller raise alarms


@pytest.fixture(scope="module")
def forms():
    return {name: lossy_form(name) for name in lossy_names()}


def digits_curve(panel, dtype):
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
    z, ulps = digits_curve(panel, dtype)
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
    z, ulps = digits_curve(panel, "float32")
    assert np.isnan(ulps[z > 90.0]).all() and np.isfinite(ulps[z < 80.0]).all()
    assert all(r["most"] == np.inf > r["most_right"] for r in rows)


def test_inputs_to_the_end_of_the_format_are_shown_by_their_powers(forms):
    panels = [panel for _, panel in forms.values()]
    assert {panel.x_scale for panel in panels} == {"linear", "symlog"}
    for panel in panels:
        far = max(abs(x) for s in panel.series for x in s.x)
        assert np.isfinite(far) and (panel.x_scale == "symlog" or far < 400.0)
    assert digits_figures(()) == () and len(digits_figures(tuple(panels))) == 1
