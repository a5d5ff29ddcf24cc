"""The table of optax's transformations has every public name, found by looking."""

import json
import re
import warnings

import optax

import verification as vf
from benchmarks.transformations import (
    BATCHES,
    HERE,
    PARAMS,
    Row,
    _is_function,
    loss,
    others,
    own,
    page,
)

RECORD = json.loads((HERE / "updates_optax.json").read_text("utf-8"))
ROWS = [Row(**row) for row in RECORD["rows"]]


def test_every_public_name_is_in_the_page():
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        made = page(ROWS, "float32")
        listed = {name for names in others([r.name for r in ROWS]).values() for name in names}
        without = others([r.name for r in ROWS if r.name != "adam"])
    names = {*optax.__all__, *(f"contrib.{n}" for n in dir(optax.contrib) if n[0] != "_")}
    assert names <= listed | {row.name for row in ROWS}
    assert all(re.search(rf"\b{re.escape(name)}\b", made) for name in names)
    assert any("adam" in found for found in without.values())  # what has no row is listed


def test_what_is_a_partial_function_is_looked_at():
    assert _is_function(optax.nadam) and {"nadam", "nadamw"} <= {row.name for row in ROWS}


def test_what_is_judged_is_correct_or_says_why_not():
    asked = [row for row in ROWS if row.verdict != "not judged"]
    assert len(asked) > 100 and all(r.reason for r in ROWS if r.verdict != "correct")
    assert not [row for row in asked if row.verdict not in ("correct", "undecided")]


def test_what_projects_on_singular_vectors_is_judged():
    made = lambda scale: optax.chain(optax.contrib.scale_by_galore(scale=scale), optax.scale(-0.1))
    how = {"of": loss, "rule": made(1.0), "params": PARAMS, "batches": BATCHES[:3], "runs": 0}
    assert vf.validate_training(own(made(1.0)), **how).verdict == "correct"
    assert vf.validate_training(own(made(1.01)), **how).verdict == "wrong"
