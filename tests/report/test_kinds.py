"""Every kind of derivative as a table of the report: what is missed or refused is acted on."""

import json

import pytest

from verification.report.sections import kinds as section
from verification.report.tables import table_row

RIGHT = {"kind": "forward mode", "name": "a", "right": True, "verdict": "correct"} | {
    "told": True,
    "named": False,
}
WRONG = RIGHT | {"right": False, "verdict": "wrong", "named": True}
SECOND = {"first": {"verdict": "correct"}, "second": {"verdict": "correct"}}
RUNS = {"alarms at 0.01: a": {"alarms": 0, "runs": 5}, "bias: a": {"biased": "wrong"}}


@pytest.fixture
def records(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "RECORDS", tmp_path)

    def written(right, wrong, second):
        for name, found in (
            ("kinds", {"a": right, "b": wrong}),
            ("second_order", {"f, float64": second, "g, float64": {}}),
            ("estimators", RUNS),
        ):
            (tmp_path / f"{name}.json").write_text(json.dumps(found))
        (table,) = section.tables({n: section.work(n, 0, False) for n in section.SECTION.parts})
        return table_row(table)

    return written


def test_each_kind_is_a_row_and_nothing_asks_for_attention(records):
    table = records(RIGHT, WRONG, SECOND)
    second, forward = table["rows"]
    assert (second["kind"], second["right"]) == ("second derivative in float64", 1)
    assert (forward["kind"], forward["caught"], forward["named"]) == ("forward mode", 1, 1)
    assert not [row for row in table["rows"] if "act" in row]
    assert "5 seeds; 0 were called wrong" in table["notes"][0] and "1 of 1" in table["notes"][0]


@pytest.mark.parametrize("which", range(3))
def test_what_is_refused_or_missed_asks_for_attention(records, which):
    wrong = {"verdict": "wrong"}
    planted = [RIGHT | wrong | {"told": False}, WRONG | {"told": False}, SECOND | {"second": wrong}]
    given = [RIGHT, WRONG, SECOND]
    given[which] = planted[which]
    assert [row["act"] for row in records(*given)["rows"] if "act" in row] == [section.MISSED]


def test_what_loses_its_digits_once_is_none_of_the_right_ones(records):
    lost = {"verdict": "inaccurate"}
    again = records(RIGHT, WRONG, {"first": lost, "second": lost})["rows"][0]
    assert (again["right"], again["accepted"]) == (0, 0) and "act" not in again
    later = records(RIGHT, WRONG, SECOND | {"second": lost})["rows"][0]
    assert later["act"] == section.MISSED


def test_there_is_no_table_without_a_record(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "RECORDS", tmp_path)
    assert section.tables({n: section.work(n, 0, False) for n in section.SECTION.parts}) == ()


def test_the_records_that_are_shipped_have_no_miss():
    for name in section.SECTION.parts:
        rows = section.work(name, 0, False).rows
        assert rows and not [row for row in rows if "act" in row]
