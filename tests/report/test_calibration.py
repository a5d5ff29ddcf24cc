"""Calibration in the report: every entry is in a curve, and one beyond its budget is seen there."""

import numpy as np

from verification.report import calibration
from verification.selftest.statistics import EDGES


def row(implementation="NumPy", dtype="float32", **at) -> dict:
    """A row whose histogram has so many entries in the bins that are named by number."""
    histogram = [at.get(f"bin{k}", 0) for k in range(len(EDGES) - 1)]
    return {"implementation": implementation, "dtype": dtype, "histogram": histogram}


def counts(**at) -> np.ndarray:
    return np.array(row(**at)["histogram"])


def test_the_share_beyond_an_edge_counts_what_lies_above_it():
    last = len(EDGES) - 2
    curve = calibration.beyond("x", counts(bin0=60, bin10=30, **{f"bin{last}": 10}))
    assert len(curve.x) == last and curve.y[:10] == (0.4,) * 10  # beyond edges 1 to 10
    assert curve.y[10:] == (0.1,) * (last - 10)
    assert np.round(np.log10(curve.x), 9).tolist() == np.round(EDGES[1:-1], 9).tolist()


def test_a_curve_ends_where_no_entry_is_left():
    inside = calibration.beyond("x", counts(bin0=5, bin10=5))
    assert len(inside.x) == 10 and inside.x[-1] < 1.0
    unity = int(np.flatnonzero(EDGES == 0.0)[0])  # an edge: no bin has both sides of the budget
    outside = calibration.beyond("x", counts(bin0=5, **{f"bin{unity}": 1}))
    assert outside.x[-1] == 1.0


def test_rows_are_pooled_by_dtype_and_by_implementation():
    rows = [row(bin3=1), row("PyTorch", bin3=3), row(dtype="float16", bin0=2, bin3=2)]
    (figure,) = calibration.figures(rows)
    by_dtype, by_name = figure.panels
    assert [s.label for s in by_dtype.series] == ["float32", "float16", "the budget"]
    assert [s.label for s in by_name.series] == ["NumPy", "PyTorch", "the budget"]
    assert by_dtype.series[1].y[0] == 0.5 and by_name.series[0].y[0] == 3 / 5
    assert calibration.figures([]) == ()


def test_a_small_calibration_has_no_false_alarm():
    rows = calibration.calibrated(seed=1, quick=True)
    assert {r["implementation"] for r in rows} <= {*calibration.IMPLEMENTATIONS}
    assert len({r["dtype"] for r in rows}) >= 4
    assert all(r["false_alarms"] == 0 and r["verdicts"] == calibration.QUICK_COUNT for r in rows)
    assert any(r["control"] for r in rows)  # budgets eight times smaller raise alarms
