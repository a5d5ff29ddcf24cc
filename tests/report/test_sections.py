"""Sections of tables: what must be acted on, what is named, and the same rows with two workers."""

import json

import pytest

from verification.faults import averaged_bias as planted
from verification.report import stages
from verification.report.document import dumps, plain
from verification.report.explained import worked_row
from verification.report.sections import (
    SECTIONS,
    experiments,
    kill_table,
    naming,
    other_implementations,
    update_rules,
)
from verification.report.sections.section import Part
from verification.report.tables import table_row
from verification.report.write import schema

QUICK = [  # the cheapest task of every section that costs no minute
    stages.Task("other implementations", "NumPy", 0, True),
    stages.Task("kill table", "tanh", 0, True),
    stages.Task("naming", naming.WORKED, 0, True),
    stages.Task("update rules", "scikit-learn", 0, True),
    stages.Task("update rules", "mistakes in momentum", 0, True),
]
OTHER = dict.fromkeys((c.key for c in other_implementations.COLUMNS), "") | {"seconds": 1.5}


def document_of(done: dict) -> str:
    """What the tasks found, as the document has it."""
    shown = lambda part: part._replace(seconds={}, worked=tuple(map(worked_row, part.worked)))
    return dumps({task.name: plain(shown(answer.result)) for task, answer in done.items()})


@pytest.mark.end_to_end
def test_two_runs_and_two_workers_give_the_same_rows():
    silent = lambda *progress: None
    alone, together = (stages.carried_out(QUICK, silent, n) for n in (1, 2))
    in_order = {task: together[task] for task in QUICK}
    assert document_of(alone) == document_of(in_order)
    assert '"seconds": {}' in document_of(alone) and '"verdict": "wrong"' in document_of(alone)


def test_seconds_are_in_the_timings_and_not_in_the_rows():
    row = other_implementations.shown(OTHER | {"verdict": "correct"}, "JAX")
    assert "seconds" not in row
    task = stages.Task("other implementations", "JAX", 0, True)
    done = {task: stages.Done(Part([row], {"jax.nn.relu, float32": 1.5}), 2.0)}
    named = "other implementations: JAX"
    assert stages.seconds_of(done) == {named: 2.0, f"{named}: jax.nn.relu, float32": 1.5}


@pytest.mark.parametrize(
    ("name", "part", "verdict", "acts"),
    [
        ("jax.nn.tanh", "JAX", "inaccurate", False),
        ("the mean of l2_loss", "optax", "wrong", False),
        ("a course's network, backward", "NumPy", "inaccurate", True),
        ("a course's network, summed", "NumPy", "correct", True),
        ("a course's network, summed", "NumPy", "wrong", False),
        ("program over stdin and stdout, C", "programs", "rejected", True),
        ("program over stdin and stdout, C", "programs", "correct", False),
    ],
)
def test_only_what_is_ours_must_be_what_it_is(name, part, verdict, acts):
    row = OTHER | {"implementation": name, "verdict": verdict, "reason": "so it was"}
    shown = other_implementations.shown(row, part)
    assert ("act" in shown) is acts
    assert shown["reason"] == ("" if verdict == "correct" else "so it was")


def test_a_survivor_and_a_false_alarm_are_acted_on_and_a_wrong_name_is_shown():
    row = dict.fromkeys((c.key for c in kill_table.COLUMNS), "")
    caught = kill_table.twin(row | {"status": "caught", "explained": 0})
    assert "act" not in caught and caught["explained"] == "no"
    assert kill_table.twin(row | {"status": "caught", "explained": 2})["explained"] == "as 2."
    assert "act" in kill_table.twin(row | {"status": "survived", "explained": None})
    right = {"derivation": "tanh", "way": "compiled", "dtype": "float32", "cases": 1}
    assert "act" in kill_table.right(right | {"alarms": 1})
    assert "act" not in kill_table.right(right | {"alarms": 0})


def test_the_kill_table_says_what_the_whole_one_found():
    tables = kill_table.tables({name: Part([]) for name in kill_table.REDUCED})
    ids = ["kill-table", "right-twins", "kill-table-whole", "kill-table-peers"]
    assert [table.id for table in tables] == ids
    summary, (first, *_) = kill_table.summary(), tables[0].notes
    assert f"{summary['right answers judged']:,} right answers" in first
    assert "0 survived" in first
    asked = {row["checker"]: row for row in tables[3].rows if row["size"] == 10}
    assert asked["refnet"]["alarms"].startswith("0 of ")


def test_the_kill_table_says_how_many_are_named():
    shares = {"first": 0.5, "first three": 0.75}
    shares |= {f"{key} without the catalogue": share / 2 for key, share in shares.items()}
    whole = {"explained": {"asked": 8, **shares}, "doubles": 7, "both named": 5}
    (said,) = kill_table.named(whole | {"one hides the other": 1})

    assert "8 explanations" in said and "first in 50.0%" in said and "three in 75.0%" in said
    assert "25.0% and 37.5%" in said and "Of 7 pairs" in said and "in 5; in 1 further pair" in said
    assert kill_table.named({"explained": {"asked": 0}}) == () == kill_table.named({})


def test_counts_of_what_checkers_said():
    said = {"checker": "c", "size": 10, "dtype": "float64", "rows": 2}
    rows = [
        said | {"gradient": "right", "said": "accepted"},
        said | {"gradient": "wrong", "said": "accepted"},
        said | {"gradient": "wrong", "said": "refused"},
        said | {"gradient": "wrong", "said": "not run", "rows": 5},
    ]
    (row,) = kill_table.asked(rows)
    assert (row["missed"], row["alarms"], row["open"]) == ("2 of 4", "0 of 2", "5")


def test_a_twin_that_is_right_is_no_worked_finding():
    right = naming.worked_finding(0, naming.ID, gradient=planted.course_network.backward)
    assert "act" in naming.row_of(right)


def test_scores_that_are_not_there_are_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(naming, "SCORES", tmp_path / "explain.json")
    (table,) = naming.tables({naming.WORKED: Part([])})
    assert table.rows == () and table.notes == (naming.MISSING,)
    row = {"kind": "double", "lines": 50, "equations": 60, "planted": 8, "named": 7}
    program = row | {"first": 6, "misled": 0, "unseen": 1, "seconds": 2.5}
    known = [{"explained": True, "located": False}]
    naming.SCORES.write_text(json.dumps({"programs": [program], "catalogue": known}))
    (table,) = naming.tables({naming.WORKED: Part([])})
    assert table.rows[0]["mistakes"] == "two" and "seconds" not in table.rows[0]
    assert "Of 1 wrong twins" in table.notes[0]


def test_a_library_that_is_not_what_it_was_said_to_be_is_acted_on():
    row = {"variant": "adam", "verdict": "wrong"}
    assert "act" in update_rules.cell(row)
    assert all("act" not in update_rules.cell(row | {"verdict": v}) for v in ("correct", "none"))
    lost = dict.fromkeys((c.key for c in update_rules.MISTAKES), "") | {"also": (), "same": False}
    assert "act" in update_rules.mistake(lost | {"caught": False, "named": False})
    assert "act" not in update_rules.mistake(lost | {"caught": True, "named": False})


@pytest.mark.parametrize(
    ("first", "same", "named", "said"),
    [
        ("a", False, True, "first"),
        ("b", True, True, "same rule: b"),
        ("b", False, True, "tied"),
        ("a", False, False, "no"),
    ],
)
def test_how_a_mistake_was_named(first, same, named, said):
    row = {"fault": "a", "first": first, "same": same, "named": named}
    assert update_rules.named(row) == said


def test_every_cell_of_the_matrix_is_a_variant_with_its_verdict():
    judged = [
        {"rule": "adam", "library": "optax", "variant": "adam", "verdict": "correct"},
        {"rule": "adam", "library": "optax", "variant": "adamw", "verdict": "inaccurate"},
    ]
    (row,) = update_rules.matrix(["adam"], judged)
    assert (row["optax"], row["PyTorch"]) == ("adam, adamw (inaccurate)", "")
    assert set(update_rules.IN) <= {*update_rules.VARIANTS}
    assert {*update_rules.ASKED} <= {*update_rules.implemented()}


def test_every_variant_is_shown_with_a_formula_that_can_be_set():
    from verification.report.html import formula

    rows = update_rules.variants()
    assert {row["variant"] for row in rows} == {*update_rules.VARIANTS}
    assert all(formula(row["formula"]) for row in rows)


def test_a_ratio_is_said_with_its_interval():
    factor = {"mean": 2.4, "low": 2.1, "high": 2.8}
    assert experiments.gain(factor, 0.99) == "2.4, between 2.1 and 2.8 at 99 %"
    assert experiments.gain(dict.fromkeys(factor, 1.0), 0.99) == "1"
    assert experiments.gain(None, 0.99) == "not every seed arrived"


def test_every_section_is_well_formed_without_rows():
    ids = []
    for section in SECTIONS.values():
        empty = {part: Part([]) for part in section.parts}
        ids += [table_row(table)["id"] for table in section.tables(empty)]
    assert len({*ids}) == len(ids)
    assert "worked" in schema()["required"]
