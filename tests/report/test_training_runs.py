"""Training loops in the report: a right one refused, and a mistake missed, are acted on."""

import pytest

from verification.report.sections import training_runs as section
from verification.report.sections.section import Part

WRONG = {
    "loop": "last batch lost",
    "dtype": "float32",
    "verdict": "wrong",
    "step": 2,
    "reason": "r",
}
WRONG |= {"shows at": 2, "named first": "last batch lost", "kind": "JAX"}
RIGHT = {"loop": "right: NumPy", "dtype": "float64", "verdict": "correct", "step": None}
RIGHT |= {"shows at": None, "named first": "", "reason": ""}


def test_what_is_as_it_must_be_asks_for_nothing():
    wrong, right = section.row(WRONG), section.row(RIGHT)
    assert (wrong["seen"], wrong["kind"]) == ("2", "JAX")
    assert (right["seen"], right["kind"]) == ("correct", section.LONG)
    assert "act" not in wrong and "act" not in right and wrong["bad"] == right["bad"] == 0.0


@pytest.mark.parametrize(
    ("one", "change"),
    [
        (WRONG, {"verdict": "correct", "step": None}),
        (WRONG, {"named first": "another"}),
        (WRONG, {"step": 3}),
        (RIGHT, {"verdict": "wrong", "step": 1}),
        (RIGHT, {"verdict": "undecided"}),
    ],
)
def test_what_is_not_is_acted_on(one, change):
    row = section.row(one | change)
    assert row["bad"] > 1.0
    assert row["act"] == (section.REFUSED if one is RIGHT else section.MISSED)


def test_the_record_that_is_shipped_has_none_of_them_and_each_has_a_cell():
    part = section.work("training loops", 0, False)
    (table,) = section.tables({"training loops": part})
    assert len(table.rows) > 100 and not [row for row in table.rows if "act" in row]
    cells = {(row["loop"], row["kind"], row["dtype"]) for row in table.rows}
    assert len(cells) == len(table.rows)


def test_without_a_record_there_is_no_table(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "FOLDER", tmp_path)
    part = section.work("training loops", 0, False)
    assert part == Part([]) and section.tables({"training loops": part}) == ()
