"""Rows of other implementations: one for each that is here, and each can fail."""

import math

import pytest

from refnet import ACTIVATIONS, LOSSES
from verification.report import others
from verification.report.sections.other_implementations import QUICK, judged, row

COLUMNS = {
    "implementation", "library", "function", "dtype", "verdict", "power", "conventions", "worst",
    "budgets", "seconds", "reason",
}  # fmt: skip


def test_a_course_is_correct_and_its_sum_for_a_mean_is_named():
    right, summed = (row(judged(other, "float32", 2, 0)) for other in others.course())

    assert set(right) == set(summed) == COLUMNS
    assert (right["verdict"], right["conventions"]) == ("correct", "")
    assert (summed["verdict"], summed["conventions"]) == ("wrong", "sum")
    assert 0.0 < right["power"] < 1e-4 and right["budgets"] < 1.0 < summed["budgets"]
    assert math.isfinite(right["seconds"]) and "not" in summed["worst"]


def test_half_a_square_is_a_convention_of_optax():
    of_name = {other.implementation: other for other in others.optax_losses()}
    found = row(judged(of_name["the mean of l2_loss"], "float32", 1, 0))

    assert (found["verdict"], found["conventions"]) == ("wrong", "half")


def test_digits_that_jax_loses_are_seen_over_the_whole_range():
    of_name = {other.function: other for other in others.jax_nn(64)}
    found = row(judged(of_name["sigmoid"], "float32", 1, 0))

    assert found["verdict"] == "inaccurate"


@pytest.mark.torch
def test_every_activation_and_loss_has_its_row_where_torch_is_here():
    pytest.importorskip("torch")
    functions = {other.function for other in others.others() if other.library == "PyTorch"}

    assert functions == {*ACTIVATIONS, *LOSSES, "dense"}


def test_a_quick_run_asks_names_that_there_are():
    here = {other.implementation for other in others.others(quick=True)}
    missing = QUICK - here
    assert not missing or all(name.startswith("torch") for name in missing)


def test_libraries_that_are_not_here_have_no_rows_and_are_named(monkeypatch):
    monkeypatch.setitem(others.MODULES, "optax", "no_such_module")
    assert "optax" in others.absent()
    assert list(others.others(library="optax")) == []
