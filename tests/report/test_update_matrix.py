"""The conformance matrix: plain rows, one for each library of each variant."""

import pytest

from verification.report.sections import update_rules
from verification.report.sections.update_rules import (
    LIBRARIES,
    MATRIX_COLUMNS,
    agreements,
    catalogue,
    matrix_rows,
)


@pytest.fixture
def two(monkeypatch):
    """The matrix of one variant that two libraries have, and of one that none of them agrees in."""
    wanted = ["adam_eps_hat", "momentum_rate_inside"]
    monkeypatch.setattr(update_rules, "implemented", lambda: wanted)
    few = {name: LIBRARIES[name] for name in ("optax", "scikit-learn")}
    monkeypatch.setattr(update_rules, "LIBRARIES", few)
    return matrix_rows(quick=True)


def test_cells_have_verdicts_and_none_says_what_there_is_instead(two):
    found = {(row["variant"], row["library"]): row for row in two}
    assert found["momentum_rate_inside", "optax"]["verdict"] == "correct"
    assert found["adam_eps_hat", "scikit-learn"]["verdict"] == "correct"
    none = found["adam_eps_hat", "optax"]
    assert none["verdict"] == "none" and "has adam: " in none["differs by"]
    assert all(set(row) == set(MATRIX_COLUMNS) for row in two)


def test_the_arguments_that_make_libraries_agree():
    adam = next(row for row in agreements() if row["variant"] == "adam")
    assert adam["optax"] and adam["PyTorch"] and not adam["Keras"]


def test_every_variant_is_in_the_catalogue_with_formula_and_reference():
    assert all(all(row.values()) for row in catalogue())


def test_the_kill_table_has_a_row_for_each_mistake(monkeypatch):
    only = {"gradient_descent": update_rules.VARIANTS["gradient_descent"]}
    monkeypatch.setattr(update_rules, "VARIANTS", only)
    found = update_rules.mistakes(quick=True)
    assert found and all(row["caught"] and row["description"] for row in found)
