"""What is read from benchmarks/: rows, the sentence that says how, and nothing without a file."""

import json

from verification.adapters.update_libraries import LIBRARIES
from verification.report import peers_recorded, records
from verification.report.peers import QUICK
from verification.report.sections import recorded_updates, update_rules


def test_a_record_that_is_not_there_is_empty_and_a_list_is_rows(tmp_path):
    assert records.record("x", tmp_path) == {}
    (tmp_path / "x.json").write_text(json.dumps([1]))
    assert records.record("x", tmp_path) == {"rows": [1]}


def test_the_sentence_says_command_time_and_versions():
    found = {"seconds": 150, "seed": 7, "versions": {"optax": "1.0"}, "python": "3.11"}
    said = records.how("updates", found)
    wanted = "by python -m benchmarks.updates in 2 min, with seed 7, optax 1.0, Python 3.11."
    assert said == f"Recorded in benchmarks/updates.json {wanted}"
    assert records.how("x", {"how": {"seed": 7}}).endswith("with seed 7.")
    assert records.how("x", {}) == "Recorded in benchmarks/x.json by python -m benchmarks.x."


ROW = {"dtype": "float32", "settings": 10, "outside": 0, "worst": 0.5, "known": ""}


def verdict(*rows) -> dict:
    return recorded_updates.of_variant("optax", "adam", "adam(r)", [ROW | row for row in rows])


def test_outside_is_wrong_unless_it_is_known_to_lose_digits():
    right = verdict({}, {"worst": 0.7})
    assert (right["verdict"], right["budgets"], right["seen"]) == (
        "correct",
        0.7,
        "recorded, 20 runs",
    )
    lost = verdict({}, {"outside": 10, "known": "float32 inside", "worst": 9.0, "dtype": "float64"})
    assert (lost["verdict"], lost["differs by"]) == ("inaccurate", "float64: float32 inside")
    wrong = update_rules.cell(verdict({"outside": 1}))
    assert wrong["verdict"] == "wrong" and "1 of 10 runs" in wrong["differs by"] and wrong["act"]


def test_every_library_of_the_record_has_its_rows_without_those_that_are_run():
    every = recorded_updates.recorded("optax")
    assert len(every) > 40 and {row["variant"] for row in every} <= {
        c.variant for c in LIBRARIES["optax"]
    }
    rest = recorded_updates.recorded("optax", but={"adam"})
    assert len(rest) == len(every) - 1
    assert "Of " in recorded_updates.recorded_mistakes() and "Recorded" in recorded_updates.note()


def test_without_the_record_there_is_nothing_and_that_is_said(monkeypatch):
    monkeypatch.setattr(recorded_updates, "record", lambda name: {})
    assert recorded_updates.recorded("optax") == [] and recorded_updates.recorded_mistakes() == ""
    assert "recorded here" in recorded_updates.note()


def test_what_a_run_measures_is_not_taken_from_the_record():
    rows = peers_recorded.rows(["refnet"])
    here = {(kind, size) for kind, sizes in QUICK.sizes.items() for size in sizes}
    assert rows and not here & {(row["function"], row["size"]) for row in rows}
    assert {row["checker"] for row in rows} == {"refnet"} and peers_recorded.note()
