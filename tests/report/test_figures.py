"""Drawings: scales, ticks, gaps where there is no number, and nothing that is not ours."""

import math
import re

import pytest

from verification.report import axes, figures

ROW = {"label": "one", "kind": "line", "low": [], "high": []}
ROW |= {"x": [1.0, 10.0, 100.0], "y": [1.0, 2.0, 3.0]}
PANEL = {"title": "A <b>", "x_label": "x", "y_label": "y", "x_scale": "log", "y_scale": "linear"}


def drawn(*rows, **changes) -> str:
    return figures.svg({**PANEL, **changes, "series": [{**ROW, **row} for row in rows]})


def test_the_same_data_give_the_same_text_and_markup_is_text():
    assert drawn({}) == drawn({}) != drawn({"y": [1.0, 2.0, 2.5]})
    assert "<b>" not in drawn({}) and "A &lt;b&gt;" in drawn({})


def test_a_curve_is_broken_where_there_is_no_number_and_a_cross_says_so():
    whole, broken = drawn({}), drawn({"y": [1.0, "nan", 3.0]})
    moves = lambda text: "".join(re.findall(r'class="curve line" d="([^"]*)"', text))
    assert moves(whole).count("M") == 1 and moves(whole).count("L") == 2
    assert moves(broken).count("M") == 2 and "L" not in moves(broken)
    assert 'class="lost"' in broken and 'class="lost"' not in whole
    assert "nan" not in broken.lower().replace("<title>", "")


def test_points_have_bars_and_bands_are_closed():
    ends = {"low": [0.5, 1.5, 2.5], "high": [1.5, 2.5, 3.5]}
    assert drawn({"kind": "points", **ends}).count("<circle") == 3
    assert re.search(r'class="band" d="M[^"]*Z"', drawn(ends))


def test_a_curve_within_a_decade_looks_flat_and_another_does_not():
    flat = axes.over("log", [1.0, 1.2], axes.DECADES)
    assert flat.share(1.2) - flat.share(1.0) < 0.05
    steep = axes.over("log", [1.0, 1e5], axes.DECADES)
    assert steep.share(1e5) - steep.share(1.0) > 0.9


@pytest.mark.parametrize(
    ("scale", "values", "labels"),
    [
        ("log", [1e-3, 1e2], ["10⁻³", "10⁻²", "10⁻¹", "1", "10¹", "10²"]),
        ("log", [1e-12, 1.0], ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "1"]),
        ("symlog", [-1e6, 1e6], ["−10⁶", "−10⁴", "−10²", "0", "10²", "10⁴", "10⁶"]),
        ("linear", [0.0, 1.0], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_ticks_are_round_and_few(scale, values, labels):
    found = axes.over(scale, values).ticks()
    assert [text for _, text in found] == labels
    assert all(0.0 <= share <= 1.0 for share, _ in found)


def test_what_a_scale_does_not_have_has_no_place():
    assert math.isnan(axes.over("log", [1.0, 10.0]).share(-1.0))
    assert axes.over("log", [-1.0, float("nan")]).ticks()  # no number at all: still an axis
