"""A finding as HTML: all of its parts, nothing of others that runs, and where a leaf is wrong."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from verification.vocabulary import Explanation, Finding, Verdict, Worst
from verification.vocabulary.heat import COLUMNS, ROWS, caption, cells, level, picture
from verification.vocabulary.html import STYLE, fragment, page

HOSTILE = "<script>alert('&')</script>"
TOLD = Explanation(
    "slope", f"the slope of `x @ w` {HOSTILE}", HOSTILE, "a<b>.py:6", "y = x @ w < 2", HOSTILE
)
FOUND = Finding(
    HOSTILE, "float64", Verdict.WRONG, HOSTILE, {HOSTILE: 1e-15},
    Worst(HOSTILE, (1,), 2.0, 1.0, 0.0, 9e9, 9e9, HOSTILE, 1e-15), 4, 0, "ball",
    explanation=(TOLD,), reproduce=f"a\nb {HOSTILE}", notes=(HOSTILE,),
    heat={HOSTILE: ((0.5, 2e9),)},
)  # fmt: skip


@pytest.mark.parametrize("verdict", Verdict)
def test_it_is_well_formed_and_everything_of_others_is_escaped(verdict):
    html = fragment(replace(FOUND, verdict=verdict))
    tree = ElementTree.fromstring(html.replace(STYLE, ""))

    assert tree.tag == "div" and "<script" not in html and "<b>" not in html
    assert verdict.upper() in html and f"chip {verdict}" in html
    assert re.findall(r"(?:src|href)=|url\(", page([html], HOSTILE)) == []


def test_it_shows_what_the_terminal_shows():
    html = fragment(FOUND)
    for part in ("<mark>x @ w</mark>", ">2</td>", "Would have been seen", "a\nb", "<summary>"):
        assert part in html
    assert "9e+09" not in html and "2e+09 budgets" in html


def test_entries_break_before_brackets_and_tell_their_column_where_they_are_stacked():
    worst = FOUND.worst._replace(leaf="layer['hidden'].w")
    html = fragment(replace(FOUND, worst=worst))
    assert "layer<wbr/>['hidden']<wbr/>.w<wbr/>[1]" in html
    assert '<td data-name="where">' in html and "white-space: pre;" not in STYLE


def test_the_picture_says_where_in_words():
    error = np.zeros((100, 70))
    assert caption(cells(error)) == "inside everywhere"
    assert caption(cells(error + 9.0)) == "outside everywhere"
    error[:, 69] = 2.0
    assert caption(cells(error)) == f"outside in column {COLUMNS - 1} alone"
    assert caption(cells(error.T)) == f"outside in row {ROWS - 1} alone"
    some = np.array([[0.0, 2.0], [3.0, 0.0]])
    assert caption(cells(some)) == "outside in 2 of 4 cells"
    assert cells(np.zeros((0, 3))) == () and picture("w", cells(np.zeros(0))) == ""
    assert cells(np.array([3.0])) == ((3.0,),)


def test_one_entry_of_many_is_not_lost_in_its_cell():
    error = np.zeros((1000, 1000))
    error[777, 333] = np.inf
    assert sum(row.count(np.inf) for row in cells(error)) == 1
    assert [level(x) for x in (-1.0, 1.0, 2.0, 1e6, np.inf)] == [
        "unknown", "inside", "low", "middle", "high",
    ]  # fmt: skip
