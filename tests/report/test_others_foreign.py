"""The rows of foreign implementations are plain data, and every one of them is correct."""

import json
import shutil

import pytest

from verification.report.sections import other_implementations

COLUMNS = {
    "implementation", "library", "function", "dtype", "verdict", "power", "conventions",
    "worst", "budgets", "seconds", "reason",
}  # fmt: skip


@pytest.mark.end_to_end
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_what_is_installed_is_correct(monkeypatch):
    monkeypatch.setattr(other_implementations, "DTYPES", ("float32",))
    rows = other_implementations.program_rows(seed=1, quick=True)
    assert all(set(row) == COLUMNS for row in rows)
    json.dumps(rows, allow_nan=False)
    assert {row["verdict"] for row in rows} == {"correct"}
    assert {"dense", "logistic_neuron"} <= {row["function"] for row in rows}


def test_what_is_not_installed_has_no_row_and_is_named(monkeypatch):
    monkeypatch.setattr(other_implementations.shutil, "which", lambda program: None)
    assert other_implementations.program_rows(seed=1, quick=True) == []
    assert other_implementations.absent_programs() == ["a C compiler", "node"]
