"""The corpora of right spellings and of mistakes at edges, as tables of the report."""

import json

import pytest

from verification.report.sections import corpora as section
from verification.report.tables import table_row

SPELLING = {"implementation": "tanh", "dtype": "float64", "spellings": 3, "verdicts": 6} | {
    "false_alarms": 0,
    "undecided": 0,
    "worst": 0.5,
}
EDGE = {"kind": "a tie", "dtype": "float32", "mistakes": 12, "caught": 12, "accepted": 12}


@pytest.fixture
def records(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "RECORDS", tmp_path)

    def written(spelling, edge):
        (tmp_path / "spellings.json").write_text(json.dumps({"rows": [spelling]}))
        (tmp_path / "edge_faults.json").write_text(json.dumps({"rows": [edge]}))
        found = section.tables({n: section.work(n, 0, False) for n in section.SECTION.parts})
        return [table_row(table)["rows"][0] for table in found]

    return written


def test_both_are_tables_and_nothing_asks_for_attention(records):
    spelling, edge = records(SPELLING, EDGE)
    assert (spelling["function"], spelling["refused"], spelling["verdicts"]) == ("tanh", 0, 6)
    assert (edge["kind"], edge["caught"]) == ("a tie", 12)
    assert "act" not in spelling and "act" not in edge


@pytest.mark.parametrize("key", ["caught", "accepted"])
def test_what_is_refused_or_missed_asks_for_attention(records, key):
    spelling, edge = records(SPELLING | {"false_alarms": 1}, EDGE | {key: 11})
    assert spelling["act"] == section.REFUSED and edge["act"] == section.MISSED


def test_there_is_no_table_without_a_record(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "RECORDS", tmp_path)
    assert section.tables({n: section.work(n, 0, False) for n in section.SECTION.parts}) == ()


def test_the_records_that_are_shipped_have_no_false_alarm_and_no_miss():
    for name in section.SECTION.parts:
        rows = section.work(name, 0, False).rows
        assert rows and not [row for row in rows if "act" in row]
