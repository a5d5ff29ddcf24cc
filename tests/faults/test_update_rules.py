"""Mistakes in update rules: at least 60, each caught, 95 of 100 named first."""

import pytest

from verification.derivations.rules import VARIANTS
from verification.faults.update_rules import ALL, wrong_rules
from verification.updates.planted import planted, runs, verdict_on
from verification.updates.vectors import PARAMS, layout

FEW = {"adamw": 9, "rmsprop_centred": 9, "clip_global_norm": 3}  # of so many mistakes, one


def test_there_are_at_least_sixty_and_each_says_what_it_is():
    assert len(ALL) >= 60
    assert all(fault.description.endswith(".") for fault in ALL.values())
    assert len({fault.description for fault in ALL.values()}) == len(ALL)


def test_every_mistake_can_be_made_somewhere():
    made = {wrong.fault.name for name in VARIANTS for wrong in wrong_rules(name)}
    assert made == set(ALL)


@pytest.mark.parametrize("name", FEW)
def test_mistakes_are_caught_and_named(name):
    found = planted(name, cases=1, every=FEW[name])  # all of them: benchmarks/updates.py
    assert len(found) >= 2
    assert [one.fault for one in found if not one.caught] == []
    assert sum(one.named for one in found) >= 0.95 * len(found)


def test_a_rule_without_a_mistake_is_not_accused():
    variant, where = VARIANTS["adamw"], layout(PARAMS)
    samples = runs(variant, where, "float64", 1, seed=4)
    assert verdict_on(variant, variant, where, "float64", samples).verdict == "correct"
