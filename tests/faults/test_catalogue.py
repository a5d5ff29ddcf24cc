"""The catalogue: at least 120 named mistakes, each of a class, each said where it is met."""

import numpy as np
import pytest

from verification import faults
from verification.derivations import ALL
from verification.derivations.layers import LAYERS
from verification.faults import slopes
from verification.faults.assembly import own
from verification.faults.catalogue import ANSWERS, PIECES
from verification.faults.named import NAMED
from verification.faults.twin import Twin, explains
from verification.vocabulary import Explanation
from verification.vocabulary.findings import KINDS

MISTAKES = faults.mistakes()


def test_there_are_at_least_120_named_mistakes():
    assert len(MISTAKES) >= 120
    assert len({one.description for one in MISTAKES.values()}) > 0.9 * len(MISTAKES)


def test_every_mistake_has_a_class_a_sentence_and_kinds():
    for one in MISTAKES.values():
        assert one.kind in faults.CLASSES, one
        assert len(one.description) > 5, one
        assert set(one.kinds) <= set(KINDS), one
        assert one.kinds or one.level == "form", one


def test_every_class_has_a_mistake():
    assert {one.kind for one in MISTAKES.values()} == set(faults.CLASSES)


def test_no_name_is_given_twice():
    assert not set(NAMED) & set(ANSWERS)
    assert not set(NAMED) & set(PIECES)
    assert not set(ANSWERS) & set(PIECES)


def test_what_every_judge_plants_is_in_the_catalogue():
    assert set(faults.ALL) <= set(MISTAKES)


@pytest.mark.parametrize("name", ALL)
def test_own_mistakes_are_catalogued_and_are_twins(name):
    mistakes = own(name)
    twins = faults.twins(name)
    assert set(mistakes) <= set(MISTAKES)
    assert set(slopes.ALL.get(name, {})) <= set(mistakes)
    assert {t.fault for t in twins if t.level == "own"} == set(mistakes)
    assert any(t.level == "piece" for t in twins) or name == "identity"  # it has no arrow
    assert mistakes or name not in LAYERS


def test_every_named_mistake_is_somebodys():
    used = {mistake for name in ALL for mistake in own(name)}
    assert set(NAMED) <= used


def test_an_unknown_derivation_is_named_with_the_known():
    with pytest.raises(ValueError, match="unknown derivation 'tahn'; did you mean 'tanh'"):
        faults.twins("tahn")


def said(kind, fits=True, fault="", location=""):
    return Explanation(kind, "the term", "the mistake", location=location, fits=fits, fault=fault)


def test_an_explanation_counts_by_kind_and_place_and_only_if_it_fits():
    expects = faults.Expects(("slope", "edge", "factor"), ("networks.py:31", "`tanh`"))
    twin = Twin("one for the slope", "missing term", "", np.negative, expects)

    assert explains(said("slope", location="networks.py:31"), twin)
    assert explains(said("factor"), twin)
    assert explains(said("variant", fault="one for the slope"), twin)
    assert not explains(said("slope", location="networks.py:32"), twin)
    assert not explains(said("slope", location="networks.py:31", fits=False), twin)
    assert not explains(said("fault", fault="another"), twin)
    assert not explains(said("zero", location="networks.py:31"), twin)
