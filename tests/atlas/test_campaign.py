"""Rows in turn, at once on disk; a mistake, a crash and a late answer are rows like others."""

import time
from contextlib import closing
from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from verification.atlas import campaign, tables
from verification.atlas import tried as tried_first
from verification.atlas.found import Found
from verification.atlas.rows import ABSENT, CRASH, SLOW, Row
from verification.campaign.pool import Pool


@jax.custom_jvp
def mistaken(x):
    return jnp.sin(x)


mistaken.defjvp(lambda xs, ds: (jnp.sin(xs[0]), 1.01 * jnp.cos(xs[0]) * ds[0]))


def wide_alone(x):
    if x.dtype == jnp.bfloat16:
        raise NotImplementedError("no bfloat16 here")
    return jnp.tanh(x)


@jax.custom_jvp
def narrow_forward(x):
    return jnp.tanh(x)


narrow_forward.defjvp(lambda xs, ds: (jnp.tanh(xs[0]), (1.0 - wide_alone(xs[0]) ** 2) * ds[0]))
REFUSING = {"itself": wide_alone, "its slope": narrow_forward}
PLANTED = {"right": jnp.tanh, "mistaken": mistaken, "constant": jnp.floor}


@pytest.fixture
def planted(monkeypatch):
    found = [Found(name, function) for name, function in PLANTED.items()]
    monkeypatch.setattr(campaign, "functions", lambda library: found)


def asked(journal, **more):
    known = {"dtypes": ("float64", "float32"), "cases": 2} | more
    return list(campaign.rows("planted", journal, **known))


def test_a_mistake_is_found_and_what_is_known_is_not_asked_again(planted, tmp_path, monkeypatch):
    journal = tmp_path / "rows.jsonl"
    rows = asked(journal)
    said = {(row.name, row.dtype): row.verdict for row in rows}
    for dtype in ("float64", "float32"):
        assert said["right", dtype] == "correct" and said["mistaken", dtype] == "wrong"
    assert said["constant", ""] == "none" and len(said) == 5
    assert rows[0].power is not None and rows[0].oracle == "ball"
    with journal.open("a") as file:
        file.write('{"name": "torn", "dty')
    monkeypatch.setattr(campaign, "of_function", lambda *_: pytest.fail("asked again"))
    assert asked(journal) == rows


@pytest.mark.end_to_end
def test_functions_are_judged_apart_with_the_same_rows(tmp_path):
    """Of JAX itself: another process finds a function by its name."""
    known = {"dtypes": ("float64",), "cases": 2, "only": lambda name: name.endswith("nn.relu")}
    with closing(Pool(1)) as pool:
        apart = [*campaign.rows("jax", tmp_path / "apart.jsonl", **known, apart=pool)]
    here = [*campaign.rows("jax", tmp_path / "here.jsonl", **known)]
    same = lambda rows: [replace(row, seconds=0.0) for row in rows]
    assert same(apart) == same(here) and [row.verdict for row in here] == ["correct"]
    assert [*campaign.read(tmp_path / "apart.jsonl").values()] == apart


def test_a_function_that_ends_its_process_is_a_row(planted, tmp_path):
    class Lost(Pool):
        def __init__(self):
            """No processes."""

        def each(self, function, tasks, is_answer):
            yield from ((task, None) for task in tasks)

    lost = asked(tmp_path / "rows.jsonl", apart=Lost())
    assert [row.verdict for row in lost] == [CRASH] * 3 and campaign.ENDED in lost[0].reason


def test_what_is_no_row_of_a_function_is_no_answer_about_it():
    task = (campaign.Question("jax", "right", ("float64",), 1, 1.0, ""),)
    good = Row("right", "float64", "correct", "")
    assert campaign._is_answer(task, [good]) and campaign._is_answer(task, None)
    for other in ("garbage", [], [good, 3], [replace(good, name="wrong")]):
        assert not campaign._is_answer(task, other)


def test_a_crash_and_a_late_answer_are_rows(planted, tmp_path, monkeypatch):
    def raises(*_, **__):
        raise KeyError("lost")

    monkeypatch.setattr("verification.atlas.rows.validate", raises)
    rows = asked(tmp_path / "crash.jsonl", only=lambda name: name == "right")
    assert [row.verdict for row in rows] == [CRASH, CRASH] and "lost" in rows[0].reason
    monkeypatch.setattr("verification.atlas.rows.validate", lambda *_, **__: time.sleep(5.0))
    only = {"only": lambda name: name == "right", "dtypes": ("float64",), "seconds": 1.0}
    rows = asked(tmp_path / "late.jsonl", **only)
    assert [row.verdict for row in rows] == [SLOW]


def test_arguments_that_a_row_has_are_tried_first(monkeypatch):
    tried, first = [], tried_first.movers
    monkeypatch.setattr(tried_first, "movers", lambda *given: tried.append(1) or first(*given))
    definite = Found("cholesky", jnp.linalg.cholesky)
    known = tried_first.suited(definite, "definite")
    assert (
        isinstance(known, tried_first.Suited)
        and tried_first.named(known.kinds) == "definite"
        and len(tried) == 1
    )
    again = tried_first.suited(definite)
    assert isinstance(again, tried_first.Suited) and again.kinds == known.kinds and len(tried) > 2


def test_a_dtype_that_the_function_itself_refuses_is_no_verdict(monkeypatch, tmp_path):
    found = [Found(name, function) for name, function in REFUSING.items()]
    monkeypatch.setattr(campaign, "functions", lambda library: found)
    rows = asked(tmp_path / "rows.jsonl", dtypes=("bfloat16", "float32"))
    said = {(row.name, row.dtype): row.verdict for row in rows}
    assert said["itself", "bfloat16"] == ABSENT and said["itself", "float32"] == "correct"
    assert said["its slope", "bfloat16"] == "rejected"
    made = tables.document("lib", "1.0", rows)
    assert ("itself", "bfloat16") not in {(r["name"], r["dtype"]) for r in made["rows"]}
    assert "| `itself` | bfloat16 | NotImplementedError" in tables.markdown(made)


def row(name, verdict, oracle="ball", dtype="float64"):
    return Row(f"m.{name}", dtype, verdict, "vector", oracle, budgets=0.25, reason="a | b")


def test_the_document_has_every_row_and_says_what_is_not_judged():
    rows = [row("f", "correct"), row("g", "wrong", ""), row("h", "correct", "finite_difference")]
    made = tables.document("lib", "1.0", [*rows, row("i", SLOW), Row("m.n", "", "none", "")])
    text = tables.markdown(made)
    assert "| `m` | 4 | 1 | 2 | 1 |" in text
    assert "| float64 | 4 | 2 | 0 | 1 | 0 | 0 | 1 | 0 |" in text
    assert "| `m.g` | float64 | wrong | a \\| b |" in text and "correct 0.25" in text
    assert made["not judged"] == {"m.n": ""}
    narrow = [row("f", "correct", dtype="float32"), row("g", SLOW, dtype="float32")]
    assert "| `m` | 4 | 1 | 2 | 1 | 1 of 2 |" in tables.modules(
        tables.document("lib", "1.0", [*rows, row("i", SLOW), *narrow])
    )


def test_changes_are_other_verdicts_and_what_came_or_went():
    at = lambda *rows: tables.document("lib", "1.0", rows)
    before = at(row("f", "correct"), row("g", "correct"), row("k", "correct", dtype="float32"))
    after = at(row("f", "wrong"), row("h", "correct"))
    assert tables.changes(before, before) == []
    assert tables.changes(before, after) == [
        "m.f in float64: correct -> wrong",
        "m.g in float64: correct -> gone",
        "m.h in float64: not there -> correct",
    ]
