"""The benchmarks of other kinds of derivative at their smallest; what would fail one is seen."""

import json

from benchmarks import second_order


def test_second_order_is_asked_beside_the_first_and_goes_on_where_it_was(tmp_path, monkeypatch):
    record = tmp_path / "second_order.json"
    words = ["--only", "refnet softplus", "--out", str(record)]
    monkeypatch.setattr(second_order, "LIMIT", float("inf"))
    assert second_order.main(words) == 0, record.read_text()
    done = json.loads(record.read_text())
    assert [r["second"]["verdict"] for r in done.values()] == ["correct", "correct"]
    assert "| float32 | 1 | 1 | 1 | 0 |" in record.with_suffix(".md").read_text()
    monkeypatch.setattr(second_order, "judged", None)  # nothing is asked again
    assert second_order.main(words) == 0
    for field, value in (("verdict", "wrong"), ("verdict", "undecided"), ("seconds", 1e9)):
        planted = json.loads(record.read_text())
        planted["refnet softplus, float64"]["second"][field] = value
        monkeypatch.setattr(second_order, "LIMIT", 1e6)
        assert not second_order.reached(second_order.figures(planted, "float64"))
