"""Truth and budget are kept: not found again after a kill, nor for another candidate."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement import answer, budget, drawn_truth, large_truth, stages

from .deep_network import network, sample

deep = network(6)
right = jax.jit(jax.grad(deep))
wrong = lambda *args: right(*args).at[2, 3].multiply(1.05)


@pytest.fixture
def large(monkeypatch):
    """As if this program were too large for a proof, and each of its draws a large one."""
    monkeypatch.setattr(answer, "PROVABLE", 1)
    monkeypatch.setattr(large_truth, "PROVABLE", 1)
    monkeypatch.setattr(stages, "SMALL", 0)
    monkeypatch.setattr(budget, "ROOM", 16)


@pytest.fixture
def found(monkeypatch):
    """What was found, and not read."""
    done = []
    for name in ("_rigorous", "_spreads"):
        f = getattr(budget, name)
        seen = lambda *a, f=f, name=name: (done.append(name), f(*a))[1]
        monkeypatch.setattr(budget, name, seen)
    f = drawn_truth.float64_balls
    truth = lambda *a: (done.append("truth"), f(*a))[1]
    monkeypatch.setattr(drawn_truth, "float64_balls", truth)
    return done


def judged(gradient, resume, seed=0, dtype="float32"):
    asked = lambda *args: gradient(*map(jnp.asarray, args))
    options = {"dtype": dtype, "cases": 1, "seed": seed, "edges": "none", "resume": resume}
    return vf.validate(asked, of=deep, args=sample, **options)


ALL = ["_rigorous", *["_spreads"] * 32, "truth"]


def test_another_candidate_is_judged_by_what_is_kept(large, found, tmp_path):
    first = judged(right, tmp_path)
    assert found == ALL and first.verdict == "correct"
    found.clear()
    again = judged(right, tmp_path)
    assert found == [] and again.to_json() == first.to_json()
    assert judged(wrong, tmp_path).verdict == "wrong" and found == []
    assert judged(right, None).to_json() == first.to_json() and found == ALL


@pytest.mark.parametrize("other", [{"seed": 1}, {"dtype": "float16_float32"}])
def test_what_is_asked_otherwise_is_found_anew(large, found, tmp_path, other):
    judged(right, tmp_path)
    found.clear()
    judged(right, tmp_path, **other)
    assert found.count("_spreads") == 32


def test_a_run_that_was_ended_goes_on_where_it_was(large, found, tmp_path, monkeypatch):
    spread, done = budget._spreads, []

    def killed(*asked):
        done.append(asked)
        if len(done) == 20:
            raise KeyboardInterrupt
        return spread(*asked)

    with monkeypatch.context() as here, pytest.raises(KeyboardInterrupt):
        here.setattr(budget, "_spreads", killed)
        judged(right, tmp_path)
    found.clear()
    assert judged(right, tmp_path).to_json() == judged(right, None).to_json()
    assert found.count("_spreads") == 16 + 32  # the first 16 were kept; the other judgement: all
    assert not list(tmp_path.glob("draws-*"))


DAMAGES = {
    "a number is another": lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
    "its end is missing": lambda data: data[:-8],
    "it is empty": lambda data: b"",
    "it is no array": lambda data: b"no array",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_said_and_found_anew(large, found, tmp_path, damage):
    first = judged(right, tmp_path)
    (file,) = tmp_path.glob("budget-*/0.npy")
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    found.clear()
    again = judged(right, tmp_path)
    assert found.count("_spreads") == 32 and again.verdict == first.verdict
    (note,) = set(again.notes) - set(first.notes)
    assert "is damaged" in note and "computed anew" in note and file.parent.name in note
    assert judged(right, tmp_path).notes == first.notes  # it was written again


def test_a_head_that_is_damaged_is_said_too(large, tmp_path):
    judged(right, tmp_path)
    (file,) = tmp_path.glob("truth-*/stage.json")
    file.write_text('{"said": {')
    assert any("is damaged" in note for note in judged(right, tmp_path).notes)


def test_nothing_is_unpickled(large, tmp_path):
    judged(right, tmp_path)
    (file,) = tmp_path.glob("budget-*/0.npy")
    with open(file, "wb") as out:
        np.save(out, np.array([Path]), allow_pickle=True)
    assert any("allow_pickle=False" in note for note in judged(right, tmp_path).notes)


def test_other_sources_are_another_stage(large, found, tmp_path, monkeypatch):
    judged(right, tmp_path)
    found.clear()
    monkeypatch.setattr(stages, "_sources", lambda: "another rule")
    judged(right, tmp_path)
    assert found == ALL


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError, match="a file; give a folder"):
        judged(right, file)


def test_what_is_small_is_not_kept(tmp_path):
    judged(right, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_name_of_a_stage_is_the_same_in_another_process(large, tmp_path):
    """No address and no order of a set is in it."""
    judged(right, tmp_path)
    mine = {path.name for path in tmp_path.iterdir()}
    code = (
        "from tests.measurement import test_stages as t\n"
        "from verification.measurement import answer, budget, large_truth, stages\n"
        "answer.PROVABLE = large_truth.PROVABLE = 1; stages.SMALL = 0; budget.ROOM = 16\n"
        f"t.judged(t.right, {str(tmp_path)!r})\n"
    )
    home = Path(__file__).parents[2]
    asked = {**os.environ, "PYTHONPATH": str(home), "JAX_ENABLE_X64": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=asked, cwd=home)
    assert {path.name for path in tmp_path.iterdir()} == mine
