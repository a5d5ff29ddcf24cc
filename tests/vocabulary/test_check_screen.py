"""A check as text and HTML: verdicts by dtype, arrow and oracle, and all of what is not right."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from verification.vocabulary import Agreement, ArrowCheck, Check, Finding, Verdict
from verification.vocabulary.html import STYLE

HOSTILE = "<script>alert('&')</script>"
RIGHT = Finding("mine", "float64", Verdict.CORRECT, "", {"w": 1e-15}, None, 4, 0, "ball")
WRONG = replace(RIGHT, dtype="float32", verdict=Verdict.WRONG, reason=HOSTILE)
AGREED = (Agreement("ball", "proven", True, 0.0, ""), Agreement("x", "y", None, 0.0, HOSTILE))


def check(verdict: Verdict, *findings: Finding) -> Check:
    arrow = ArrowCheck(HOSTILE, "x", findings, ())
    return Check("mine", r"\bar{w} = 1", verdict, findings, AGREED, (arrow,))


def test_a_check_is_true_for_correct_alone():
    assert check(Verdict.CORRECT, RIGHT)
    assert not check(Verdict.WRONG, WRONG)
    with pytest.raises(ValueError, match="undecided, which is neither"):
        bool(check(Verdict.UNDECIDED, RIGHT))


def test_the_text_has_each_dtype_and_what_is_not_correct():
    found = check(Verdict.WRONG, RIGHT, WRONG)
    said = str(found).splitlines()
    assert repr(found) == "<Check mine: wrong>"
    assert said[0] == "WRONG  mine: 2 dtypes, 1 arrow, 1 of 2 oracles agree"
    assert "float64: correct, 4 cases" in said[1] and "float32: wrong" in said[2]
    assert str(found).count("WRONG  no known mistake") == 2  # whole, and at the arrow
    assert "no known mistake" not in str(check(Verdict.CORRECT, RIGHT))


def test_the_html_is_well_formed_and_everything_of_others_is_escaped():
    html = check(Verdict.WRONG, RIGHT, WRONG)._repr_html_()
    tree = ElementTree.fromstring(f"<all>{html.replace(STYLE, '')}</all>")
    assert len(tree) == 3 and "<script" not in html
    chips = [one.text for one in tree[0].iter("span") if one.get("class", "").startswith("chip")]
    assert chips == ["WRONG", "CORRECT", "WRONG", "CORRECT", "WRONG"]
