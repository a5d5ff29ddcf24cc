"""Derivatives that are meant to be others: the convention is named, and wrong twins are caught."""

import jax.numpy as jnp
import pytest

import verification as vf
from verification.selftest.kinds.meant import RIGHT, WRONG, judged, numbers, ruled


@pytest.mark.parametrize("name", RIGHT)
def test_the_convention_is_named(name):
    _, back, _, said = RIGHT[name]
    finding = judged(name, back)
    assert finding.verdict == "correct", finding.reason
    assert said in finding.reason


@pytest.mark.parametrize("name", WRONG)
def test_wrong_twins_are_caught(name):
    for back in WRONG[name]:
        finding = judged(name, back)
        assert finding.verdict == "wrong", finding.reason
        assert "correct: the value" in finding.notes


def test_the_value_is_judged_against_the_function_itself():
    finding = vf.validate(
        ruled(jnp.floor, lambda x, d: d), jnp.round, numbers, meant="straight-through", cases=3
    )
    assert finding.verdict == "wrong" and finding.reason.startswith("the value: ")


def test_a_gradient_by_hand_may_be_meant_otherwise_too():
    asked = {"of": jnp.round, "args": numbers, "cases": 2, "meant": "straight-through"}
    assert vf.validate(lambda x, d: d, **asked).verdict == "correct"
    assert vf.validate(lambda x, d: 0.5 * d, **asked).verdict == "wrong"


def test_what_is_no_convention_is_said():
    with pytest.raises(ValueError, match="the names are straight-through, reversed, stopped"):
        vf.validate(lambda x, d: d, jnp.round, numbers, meant="ste")
    with pytest.raises(TypeError, match="pass a surrogate function or a name"):
        vf.validate(lambda x, d: d, jnp.round, numbers, meant=3)
