"""gradcheck beside torch_gradcheck: one row of each kind, the record, and what would spoil it."""

import json

import pytest

from benchmarks import gradcheck

NAME = "elementwise map"
RECORD = gradcheck.before()


def test_the_record_has_no_false_alarm_and_every_mistake_that_gradcheck_sees():
    assert [row[:4] for row in RECORD] == list(gradcheck.asked()) and len(RECORD) == 66
    assert not any(row.refnet == gradcheck.REFUSES for row in RECORD if not row.error)
    assert all(row.refnet == gradcheck.REFUSES for row in RECORD if row.error)
    assert any(row.gradcheck == gradcheck.ACCEPTS for row in RECORD if row.error)
    assert any(row.gradcheck == gradcheck.REFUSES for row in RECORD if not row.error)
    written = (gradcheck.HERE / "gradcheck.md").read_text()
    head = written.partition("Made by")[0]
    assert head == gradcheck.markdown(RECORD).partition("Made by")[0]
    spoilt = [RECORD[0]._replace(refnet=gradcheck.REFUSES), *RECORD[1:]]
    assert head != gradcheck.markdown(spoilt).partition("Made by")[0]


@pytest.mark.torch
def test_a_row_is_asked_and_kept(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(gradcheck, "HERE", tmp_path)
    asked = [(NAME, 10, "bfloat16", 0.0), (NAME, 10, "float64", 1e-6)]
    rows = [gradcheck.row(*question) for question in asked]
    said = [(r.gradcheck, r.refnet) for r in rows]
    assert said == [("refuses", "accepts"), ("accepts", "refuses")]
    gradcheck.write(rows)
    assert gradcheck.before() == rows
    assert "| bfloat16 | nothing | refuses | accepts |" in (tmp_path / "gradcheck.md").read_text()
    assert len(json.loads((tmp_path / "gradcheck.json").read_text())) == 2
