"""The conformance matrix: plain rows, one for each library of each variant."""

import pytest

from verification.report import update_matrix
from verification.report.update_matrix import COLUMNS, LIBRARIES, agreements, catalogue, rows


@pytest.fixture
def two(monkeypatch):
    """The matrix of one variant that two libraries have, and of one that none of them agrees in."""
    wanted = ["adam_eps_hat", "momentum_rate_inside"]
    monkeypatch.setattr(update_matrix, "implemented", lambda: wanted)
    few = {name: LIBRARIES[name] for name in ("optax", "scikit-learn")}
    monkeypatch.setattr(update_matrix, "LIBRARIES", few)
    return rows(quick=True)


def test_cells_have_verdicts_and_none_says_what_there_is_instead(two):
    found = {(row["variant"], row["library"]): row for row in two}
    assert found["momentum_rate_inside", "optax"]["verdict"] == "correct"
    assert found["adam_eps_hat", "scikit-learn"]["verdict"] == "correct"
    none = found["adam_eps_hat", "optax"]
    assert none["verdict"] == "none" and "has adam: " in none["differs by"]
    assert all(set(row) == set(COLUMNS) for row in two)


def test_the_arguments_that_make_libraries_agree():
    adam = next(row for row in agreements() if row["variant"] == "adam")
    assert adam["optax"] and adam["PyTorch"] and not adam["Keras"]


def test_every_variant_is_in_the_catalogue_with_formula_and_reference():
    assert all(all(row.values()) for row in catalogue())


def test_the_kill_table_has_a_row_for_each_mistake(monkeypatch):
    only = {"gradient_descent": update_matrix.VARIANTS["gradient_descent"]}
    monkeypatch.setattr(update_matrix, "VARIANTS", only)
    found = update_matrix.mistakes(quick=True)
    assert found and all(row["caught"] and row["description"] for row in found)
