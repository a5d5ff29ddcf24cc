"""The corpora of other kinds: what is told apart, named, missed or raised is a row."""

from functools import partial

import pytest

from verification.selftest.kinds import ALL, estimators
from verification.selftest.kinds.subject import Subject, row, totals

SIZES = {  # right and wrong ones
    "forward mode": (20, 20),
    "under transformations": (13, 11),
    "given by an equation": (10, 48),
    "meant to be another": (8, 16),
    "right on average": (6, 6),
}
FEW = {
    "forward mode": ("a norm", "a path"),
    "right on average": ("stochastic rounding", "importance weights, biased"),
}


def test_the_corpora_are_as_large_as_is_said():
    for kind, subjects in ALL.items():
        right = sum(one.is_right for one in subjects)
        assert (right, len(subjects) - right) == SIZES[kind], kind
        keys = [(one.name, one.is_right) for one in subjects]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("kind", FEW)
def test_right_and_wrong_ones_are_told_apart_and_the_other_way_round_they_are_not(kind):
    chosen = [one for one in ALL[kind] if one.name in FEW[kind]]
    findings = [one.ask() for one in chosen]
    asked = [
        one._replace(ask=partial(iter([found] * 2).__next__))
        for one, found in zip(chosen, findings, strict=True)
    ]
    rows = [row(one) for one in asked]
    assert all(one["told"] for one in rows), rows
    assert not any(row(one._replace(is_right=not one.is_right))["told"] for one in asked)
    counted = totals(rows)
    assert counted["right"] == counted["accepted"] and counted["wrong"] == counted["caught"]


def test_what_is_undecided_or_raises_is_not_told():
    undecided = estimators.judged(estimators.PAIRS["Gumbel"], estimators.gumbel, samples=9)
    assert undecided.verdict == "undecided"
    for is_right in (True, False):
        assert not row(Subject("x", is_right, lambda: undecided))["told"]
        raised = row(Subject("x", is_right, lambda: 1 / 0))  # pyright: ignore[reportArgumentType]
        assert not raised["told"] and raised["verdict"] == "crash"
