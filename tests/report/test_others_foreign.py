"""The rows of foreign implementations are plain data, and every one of them is correct."""

import json
import shutil

import pytest

from verification.report import others_foreign

COLUMNS = {
    "implementation", "library", "function", "dtype", "verdict", "power", "conventions",
    "worst element", "budgets", "seconds",
}  # fmt: skip


@pytest.mark.end_to_end
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_what_is_installed_is_correct(monkeypatch):
    monkeypatch.setattr(others_foreign, "DTYPES", ("float32",))
    rows = others_foreign.rows(seed=1, quick=True)
    assert all(set(row) == COLUMNS for row in rows)
    json.dumps(rows, allow_nan=False)
    judged = [row for row in rows if row["library"] != "not installed"]
    assert {row["verdict"] for row in judged} == {"correct"}
    assert {"dense", "logistic_neuron"} <= {row["function"] for row in judged}


def test_what_is_not_installed_is_said_and_no_pass(monkeypatch):
    monkeypatch.setattr(others_foreign.shutil, "which", lambda program: None)
    rows = others_foreign.rows(seed=1, quick=True)
    assert {row["verdict"] for row in rows} == {"not installed"}
    assert all(set(row) == COLUMNS for row in rows)
