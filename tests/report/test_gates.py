"""The gates of others on planted mistakes: what is counted, and the section of the report."""

import json

import numpy as np
import pytest

from verification.derivations import ALL as SUBJECTS
from verification.measurement.sample import Sample
from verification.report import gates
from verification.report.sections import gates as section
from verification.report.sections.section import Part
from verification.selftest import kill_table

SMALL = {"names": ("tanh",), "dtypes": ("float64",), "every": 17, "cases": 1, "checkers": ()}
SIZE = 200


@pytest.fixture(scope="module")
def table():
    return list(gates.rows(**SMALL, sizes=(0, SIZE)))


def test_refnet_lets_no_mistake_pass_and_refuses_no_right_one_and_a_gate_does(table):
    counted = {one["gate"]: one for one in gates.counts(table) if not one["size"]}
    refnet, loose = counted["refnet"], counted["allclose 1e-2 (BackendBench)"]

    assert refnet["wrong"] == loose["wrong"] >= 3
    assert refnet["right"] == loose["right"] >= 3
    assert (refnet["passed"], refnet["refused"], loose["refused"]) == (0, 0, 0)
    assert set(counted) == {"refnet", *gates.GATES}


def test_rows_are_counted_by_what_they_are():
    which = {"gate": "g", "dtype": "d", "size": 0}
    row = lambda right, passed: {**which, "right": right, "passed": passed}
    rows = [row(*one) for one in [(1, True), (1, False), (0, True), (0, False), (0, None)]]
    counted = {"wrong": 2, "passed": 1, "right": 2, "refused": 1, "no answer": 1}

    assert gates.counts(rows) == [which | counted]


def test_at_a_larger_size_refnet_still_lets_nothing_pass(table):
    counted = {one["gate"]: one for one in gates.counts(table) if one["size"] == SIZE}
    (refnet,) = (one for gate, one in counted.items() if gate == "refnet")

    assert refnet["wrong"] >= 3
    assert (refnet["passed"], refnet["refused"]) == (0, 0)


def test_a_mistake_that_is_none_at_a_size_is_not_counted_there():
    subject = SUBJECTS["tanh"]
    right = lambda z, d: subject.gradient(z, d)
    same = gates.Candidate("along the columns of one row", False, right)
    other = gates.Candidate("twice", False, lambda z, d: (2.0 * right(z, d)[0],))
    whole = gates.Candidate("by hand", True, right)

    assert gates.made_at(SIZE, [whole, same, other], "tanh") == [whole, other]


def test_slopes_along_a_direction_are_those_of_the_function():
    subject = SUBJECTS["mse"]
    (sample,) = kill_table.samples_of(subject, "float64", 1)
    asked = gates.question(subject, sample, "float64").compared
    pairs = zip(asked.truth, asked.direction, strict=True)
    slope = sum(np.sum(t * d) for t, d in pairs)

    assert asked.quotients[3] == pytest.approx(slope, rel=1e-6)
    assert asked.quotients[3] != pytest.approx(2 * slope, rel=1e-2)


def test_a_checker_that_breaks_down_has_no_answer(monkeypatch):
    def broken(point, gradient, dtype):
        raise RuntimeError("a tensor of another device")

    subject = SUBJECTS["tanh"]
    samples: list[Sample] = kill_table.samples_of(subject, "float64", 1)
    questions = [gates.question(subject, sample, "float64") for sample in samples]
    name = "JAX check_grads, reverse"
    whole = gates.Candidate("by hand", True, subject.gradient)
    wrong = gates.Candidate("zeros", False, lambda z, d: (0.0 * z,))
    ask = lambda candidate: dict(gates.asked(candidate, questions, (name,)))[name]
    said = ask(whole), ask(wrong)
    peer = gates.kills_peers.PEERS[name]._replace(refuses=broken)
    monkeypatch.setitem(gates.kills_peers.PEERS, name, peer)

    assert said == (True, False)
    assert ask(whole) is None


def test_the_section_has_a_row_for_each_count(tmp_path, monkeypatch):
    counts = [
        {"gate": gate, "dtype": "float32", "size": 0, "wrong": 9, "passed": 2}
        | {"right": 4, "refused": 1, "no answer": 0}
        for gate in ("refnet", "cosine above 0.99")
    ]
    how = {"every": 9, "derivations": ["tanh"], "cases": 2}
    record = tmp_path / "gates.json"
    record.write_text(json.dumps({"how": how, "counts": counts}))
    monkeypatch.setattr(section, "RECORD", record)
    (found,) = section.tables({"gates": section.work("gates", 0, False)})

    assert [row["gate"] for row in found.rows] == ["refnet", "cosine above 0.99"]
    assert found.rows[0]["act"] == section.ALARM
    assert "act" not in found.rows[1]
    assert found.notes == ("One mistake in 9 of tanh, at 2 cases.",)
    monkeypatch.setattr(section, "RECORD", tmp_path / "none.json")
    assert section.tables({"gates": Part(section.work("gates", 0, False).rows)}) == ()
