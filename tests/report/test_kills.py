"""The report's kill table: rows made in the run, and the counts of the whole one."""

import json
from typing import Any

import pytest

from benchmarks.kill_table import some, summary, with_what_was_said
from verification.report import kills_peers
from verification.report.sections import kill_table, kill_table_whole
from verification.selftest.kill_table import not_asked


def test_a_reduced_table_has_no_survivor_and_no_false_alarm():
    rows = kill_table.twin_rows(seed=1)
    assert {row["derivation"] for row in rows} == {*kill_table.REDUCED}
    assert {row["dtype"] for row in rows} == {"float64", "float32"}
    assert not [row for row in rows if row["status"] == "survived"]
    assert all(not isinstance(value, dict | list) for row in rows for value in row.values())
    assert sum(row["alarms"] for row in kill_table.right_rows()) == 0


def test_every_derivation_is_counted_and_a_survivor_is_acted_on():
    said = {"derivation": "tanh", "dtype": "float32"}
    statuses = ("caught", "caught", "the same function", "below the stated power", "not made here")
    (row,) = kill_table_whole.counted(said | {"status": status} for status in statuses)
    counts = {"planted": 4, "caught": 2, "same": 1, "below": 1, "survived": 0, "share": 0}
    assert row == said | counts
    (bad,) = kill_table_whole.counted([said | {"status": "survived"}, said | {"status": "new"}])
    assert bad["survived"] == 2 and bad["act"] and bad["share"] > 1.0
    assert len(kill_table_whole.rows()) > 100
    assert not [row for row in kill_table_whole.rows() if "act" in row]


def test_the_summary_is_of_the_committed_table(tmp_path, monkeypatch):
    assert {"kills", "how", "false alarms"} <= set(kill_table.summary())
    monkeypatch.setattr(kill_table, "WHOLE", tmp_path / "kill_table.json")
    assert kill_table.summary() == {}
    (tmp_path / "kill_table.json").write_text(json.dumps({"summary": {"a": 1}, "how": {}}))
    assert kill_table.summary() == {"a": 1, "how": {}}


def test_the_committed_table_has_no_survivor_and_no_false_alarm():
    summary = kill_table.summary()
    assert sum(row["rows"] for row in summary["kills"]) > 100
    assert [row for row in summary["kills"] if row["status"] == "survived"] == []
    assert summary["false alarms"] == 0


def test_what_was_said_of_the_same_mistake_is_kept():
    which = {"derivation": "tanh", "fault": "sign", "level": "leaf", "place": ""}
    row = {**which, "dtype": "float64", "status": "caught", "explained": None}
    known = [row | {"explained": 1, "unaided": 1, "seconds": 0.1, "said": "it is negative"}]
    assert with_what_was_said([row], known) == known
    others = [row | {"dtype": "float32"}, row | {"place": "*"}, row | {"status": "survived"}]
    assert with_what_was_said(others, known) == others
    assert with_what_was_said([row, row], known) == [row, row]  # which of them was it?


def test_each_so_many_th_mistake_is_explained(monkeypatch):
    monkeypatch.setattr("verification.selftest.kill_table.explainer", lambda: lambda *said: said)
    ask: Any = some(3, 0)
    assert [ask(k) for k in range(5)] == [(0,), None, None, (3,), None]
    ask = some(3, 1)
    assert [ask(k) for k in range(5)] == [None, None, (2,), None, None]
    assert some(0, 0) is not_asked


def test_how_the_table_was_made_is_said():
    how = lambda **made: kill_table.how({"how": {"jax": "9", **made}})
    assert how(every=1, explain=1) == ("Made with JAX 9.",)
    (said,) = how(every=2, explain=25)
    assert "one twin of a derivation in 2" in said and "one in 25 explained" in said


def test_the_catalogue_is_rows():
    assert len(kill_table.mistakes()) >= 120
    assert all(
        set(row) == {"name", "class", "level", "description"} for row in kill_table.mistakes()
    )


def asked(checker, size, dtype="float64", name="huber", every=60):
    rows = kills_peers.rows([name], (size,), (dtype,), every=every, checkers=(checker,))
    return [(row["fault"], row["said"]) for row in rows]


def test_we_refuse_each_mistake_and_accept_the_right_gradient():
    (none, first), *others = asked("refnet", 10)
    assert (none, first) == ("none", "accepted")
    assert others and all(said == "refused" for _, said in others)


def test_a_checker_is_asked_as_its_users_ask_it():
    (_, right), *others = asked("JAX check_grads, reverse", 10)
    assert right == "accepted"
    assert any(said == "refused" for _, said in others)


def test_what_takes_too_long_is_not_run_and_says_so():
    rows = kills_peers.rows(["tanh"], (1_000,), ("float64",), 500, ("PyTorch gradcheck",), 1.0)
    assert all(row["said"] == "not run" and row["note"] for row in rows)
    scipy = kills_peers.rows(["tanh"], (10,), ("float64",), 500, ("SciPy check_grad",))
    assert {row["note"] for row in scipy} == {"for functions with one output only"}


def test_the_notes_find_all_that_the_larger_table_counts():
    parts = {
        "kills": [{"dtype": "float64", "status": "caught", "explained": 1}],
        "right": [{"alarms": 0, "cases": 3}],
        "doubles": [{"both": True}, {"both": None}],
        "peers": [],
    }
    said = " ".join(kill_table.notes(summary(parts)))
    assert "1 caught" in said and "0 survived" in said
    assert "both are named in 1; in 1 further pair one hides the other" in said


def test_the_larger_table_as_committed_has_what_the_notes_want():
    whole = kill_table.summary()
    said = " ".join(kill_table.notes(whole))
    assert f"both are named in {whole['both named']}" in said and "0 survived" in said
    with pytest.raises(KeyError, match="one hides the other"):
        kill_table.notes({k: v for k, v in whole.items() if k != "one hides the other"})
