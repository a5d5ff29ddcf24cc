"""The benchmarks of other kinds of derivative at their smallest; what would fail one is seen."""

import json

from benchmarks import estimators, kill_table_second, kinds, second_order
from verification.selftest.kill_table_second import UNKNOWN


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


def test_the_corpora_of_kinds_are_asked_once(tmp_path, monkeypatch):
    record = tmp_path / "kinds.json"
    words = ["--only", "a norm,", "--out", str(record)]
    assert kinds.main(words) == 0
    assert "| forward mode | 1 | 1 | 1 | 1 | 1 |" in record.with_suffix(".md").read_text()
    monkeypatch.setattr(kinds, "row", None)
    assert kinds.main(words) == 0
    planted = json.loads(record.read_text())
    next(iter(planted.values()))["told"] = False
    record.write_text(json.dumps(planted))
    assert kinds.main(words) == 1


def test_estimates_are_asked_with_many_seeds_and_a_small_bias_is_seen(tmp_path, monkeypatch):
    record, name = tmp_path / "estimators.json", "stochastic rounding"
    monkeypatch.setattr(estimators, "PAIRS", {name: estimators.PAIRS[name]})
    monkeypatch.setattr(estimators, "SEEDS", 8)
    monkeypatch.setattr(estimators, "LOOSE_SEEDS", 2)
    assert estimators.main(["--out", str(record)]) == 0
    done = json.loads(record.read_text())
    assert sum(row["runs"] for row in done.values() if "runs" in row) == 10
    assert f"| {name} | 8 | 0 | 2 | 0 |" in record.with_suffix(".md").read_text()
    assert done[f"bias: {name}"] == {"samples": 65536, "right": "correct", "biased": "wrong"}
    for key in done:
        field = "alarms" if key.startswith("alarms") else "biased"
        assert not estimators.reached(done | {key: done[key] | {field: 1}})


def test_a_column_of_second_order_is_made_for_a_derivation(tmp_path):
    record = tmp_path / "kill_table_second.json"
    words = ["--only", "mse", "--every", "40", "--out", str(record)]
    assert kill_table_second.main(words) == 0
    (counts,) = json.loads(record.read_text()).values()
    assert sum(counts.values()) > 1 and counts[UNKNOWN] == 0
    assert "| all |" in record.with_suffix(".md").read_text()
