"""What is seen first: one sentence, the strip, convictions elsewhere, anchors and filters."""

import re

import pytest

from verification.report import first_screen, html, prepared, summary

OTHERS = ("library", "implementation", "function", "dtype", "verdict", "power", "budgets", "worst")
OTHERS += ("conventions", "reason")


def row(**changes) -> dict:
    return dict.fromkeys(OTHERS, "") | {"library": "JAX", "dtype": "float32"} | changes


def others(*rows) -> dict:
    return {"tables": [{"id": first_screen.OTHERS, "rows": [*rows]}]}


def test_convictions_are_of_others_and_the_wrong_ones_first():
    document = others(
        row(implementation="a", verdict="inaccurate"),
        row(implementation="b", verdict="wrong"),
        row(implementation="c", verdict="correct"),
        row(implementation="d", verdict="wrong", library="NumPy"),  # planted by us
    )
    found = first_screen.convictions(document)
    assert [one.name for one in found] == ["b", "a"]
    grouped = first_screen.by_library(found)
    assert [(library, verdict) for library, verdict, _ in grouped] == [
        ("JAX", "wrong"),
        ("JAX", "inaccurate"),
    ]


def test_an_update_rule_that_loses_digits_is_one():
    rule = {"library": "optax", "variant": "x", "verdict": "inaccurate", "differs by": "float32"}
    document = {
        "tables": [{"id": "update-rules-arguments", "rows": [rule, rule | {"verdict": "correct"}]}]
    }
    (one,) = first_screen.convictions(document)
    assert (one.name, one.why) == ("x", "float32")


def test_the_strip_counts_and_what_is_not_as_it_must_be_is_red(samples):
    good = {tile.label: tile for tile in first_screen.tiles(samples.report().document(), 0)}
    assert good["derivations correct"].number == "2 of 2" and all(t.good for t in good.values())
    bad = {tile.label: tile for tile in first_screen.tiles(samples.failing().document(), 3)}
    wrong = {
        "to act on",
        "derivations correct",
        "mistakes caught",
        "false alarms",
        "on real data correct",
    }
    assert {label for label, tile in bad.items() if not tile.good} == wrong
    assert bad["mistakes caught"].number == "1 of 2"


def test_the_sentence_is_one(samples):
    said = first_screen.sentence(samples.report().document())
    assert said.startswith(
        "All 2 derivations are correct in float64 and float32; of 2 claims 1 stood"
    )
    assert said.count(".") == 1
    assert "1 unproven" in first_screen.sentence(samples.failing().document())


def test_what_was_not_installed_is_one_line(samples):
    said = summary.made(samples.report(absent=("keras", "node")).document())
    assert said.endswith("Not installed, and so not asked: keras, node.")
    assert "Not installed" not in summary.made(samples.report().document())


def test_every_row_has_an_anchor_of_its_own(passing, failing):
    for texts in (passing, failing):
        rows = re.findall(r"<(?:tr|details)[^>]* data-row[^>]*>", texts["index.html"])
        ids = [re.search(r' id="([^"]+)"', row) for row in rows]
        assert len(rows) > 12 and all(ids)
    assert prepared.anchors("t", ["A b", "a-b", "é"]) == ["t-a-b", "t-a-b--2", "t-row"]


def test_rows_say_their_verdict_and_dtype_to_the_filters(failing):
    page = failing["index.html"]
    assert re.search(r'<tr data-row [^>]*data-verdict="rejected" data-dtype="float64"', page)
    assert 'id="claim-C1" data-row data-verdict="unproven"' in page


def test_before_anything_is_opened_the_long_tables_are_closed(passing):
    page = passing["index.html"]
    opened = re.findall(r"<details[^>]* open[^>]*>", page)
    assert opened == [] and page.count("<details") > 10
    assert "beforeprint" in page and "details-content" in page  # for print: by script, and without


def test_what_is_to_be_acted_on_is_open(failing):
    assert re.search(
        r'<details class="line" open>|<details class="drawer" id="faults" open>',
        failing["index.html"],
    )


@pytest.mark.parametrize("name", ["float64", "bfloat16_float32"])
def test_a_head_may_be_broken_before_its_digits(name):
    assert html.head(name).replace("<wbr>", "") == name and "<wbr>" in html.head(name)
