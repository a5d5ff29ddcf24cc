"""What a person sees of a finding: its parts in their order, and the digits that matter."""

import math
from dataclasses import replace

import pytest

from verification.vocabulary import Explanation, Finding, Verdict, Worst
from verification.vocabulary.digits import rounded
from verification.vocabulary.headline import LONGEST, headline, size
from verification.vocabulary.screen import pointed_at, screen, text

SLOPE = Explanation(
    "slope", "the slope of `tanh(x @ w)`", "it is taken to be 1 - a", "net.py:6", "a = tanh(x @ w)",
    "here it should be 1 - a**2, with z what goes in and a what comes out", leaves=("w",),
)  # fmt: skip
MEAN = Explanation(
    "factor", "the whole gradient", "it is the gradient of the sum, not of the mean: 8 times",
    remedy='allow=("sum",) accepts that convention', factor=8.0,
)  # fmt: skip
WORST = Worst("w", (1, 2), 8.0, 1.0, 0.0, 3.5e15, 1e15, "case 3", 2e-15)
FOUND = Finding(
    "gradient", "float64", Verdict.WRONG, "outside; and so on", {"w": 2.1e-15}, WORST, 4, 0, "ball",
    explanation=(SLOPE,), reproduce="import verification as vf\nprint(1)", place="net.py:9",
)  # fmt: skip


def test_the_parts_stand_in_their_order_and_the_code_keeps_its_lines():
    said = text(FOUND)
    order = (
        "WRONG  the slope of `tanh(x @ w)`: it is taken to be 1 - a, not 1 - a**2   net.py:6",
        "gradient in float64, net.py:9; 4 cases, by proven balls",
        "6 | a = tanh(x @ w)",
        "  |     ^^^^^^^^^^^\n",
        "entry    got  expected    allowed  where",
        "w[1, 2]    8         1  ± 2.0e-15  case 3",
        "would have been seen: an error of one entry, over the RMS of its leaf, of 2.1e-15 in w",
        "in gradient (net.py:9): take the slope of `tanh(x @ w)` to be 1 - a**2",
        "note: outside; and so on",
        "      import verification as vf\n      print(1)",
    )
    places = [said.find(part) for part in order]
    assert -1 not in places and places == sorted(places), said


def test_repr_is_one_line_and_says_what_is_the_matter():
    assert repr(FOUND).startswith("<Finding gradient in float64: wrong: the slope of")
    assert "\n" not in repr(replace(FOUND, explanation=(), reason="two\nlines"))


def test_a_convention_is_a_size_and_a_name_and_can_be_accepted():
    found = replace(FOUND, explanation=(MEAN,), conventions=("sum",))
    assert headline(found) == "8x too large: a sum instead of a mean"
    assert 'allow=("sum",)' in " ".join(screen(found).to_do)
    assert headline(replace(found, conventions=())) != headline(found)


@pytest.mark.parametrize(
    ("factor", "said"),
    [(8.0, "8x too large"), (0.25, "4x too small"), (-1.0, "of the wrong sign"), (0.0, "zero"),
     (-2.0, "2x too large and of the wrong sign")],
)  # fmt: skip
def test_a_factor_is_said_as_a_size(factor, said):
    assert size(factor) == said


def test_what_does_not_fit_is_no_headline():
    closest = replace(SLOPE, fits=False, residual=9.0)
    assert "no single mistake explains w" in headline(replace(FOUND, explanation=(closest,)))
    assert "closest, but 9 budgets remain" in text(replace(FOUND, explanation=(closest,)))


@pytest.mark.parametrize(
    ("got", "case", "said"),
    [
        (math.nan, "edge: x times 8192", "the answer is nan at the edge x times 8192"),
        (math.inf, "case 3", "the answer is inf at case 3"),
        (1.0, "case 3", "digits are lost: 9e+09 times what rounding allows"),
    ],
)
def test_an_answer_that_is_no_number_is_called_that(got, case, said):
    worst = Worst("x", (0,), got, 1.0, 0.0, 9e9, 9e9, case)
    found = Finding("g", "float64", Verdict.INACCURATE, "r", {}, worst, 1, 0, "ball")
    assert headline(found) == f"the formula is right, but {said}"


def test_what_is_right_shows_no_table_and_what_is_undecided_is_no_pass():
    right = text(replace(FOUND, verdict=Verdict.CORRECT, explanation=()))
    assert right.startswith("CORRECT  within rounding at all 4 cases") and "entry" not in right[:90]
    assert "expected" not in right and "again:" not in right
    assert "this is no pass" in text(replace(FOUND, verdict=Verdict.UNDECIDED, explanation=()))


def test_what_is_right_is_said_once():
    reason = (
        "every entry inside its budget at all 4 cases; one entry off by 2e-15 of its leaf's RMS"
    )
    right = replace(FOUND, verdict=Verdict.CORRECT, explanation=(), worst=None)
    once = replace(right, reason=f"{reason} would have been seen")
    assert not screen(once).notes and text(once).count("would have been seen") == 1
    more = replace(once, reason=f"{once.reason}; b is 0 at every draw")
    assert screen(more).notes == ("b is 0 at every draw",)
    partly = replace(once, reason=once.reason.replace("entry inside", "entry judged is inside"))
    assert screen(partly).notes[0].startswith("every entry judged is inside its budget")


def test_lines_that_would_say_nothing_are_left_out():
    none = replace(FOUND, verdict=Verdict.REJECTED, power={}, oracle="", explanation=())
    for said in (text(none), none._repr_html_()):
        assert "ould have been seen" not in said and "no oracle" not in said
    assert "by no oracle" in text(replace(none, verdict=Verdict.UNDECIDED))
    some = text(replace(FOUND, power={"w": 2e-15, "b": math.inf}))
    assert "of 2e-15 in w; in b no error for certain" in some and "inf" not in some


def test_a_long_reason_is_cut_in_the_headline_and_whole_below():
    reason = "because " * 40 + "of the end"
    found = replace(FOUND, verdict=Verdict.REJECTED, reason=reason, explanation=())
    assert len(headline(found)) <= LONGEST and reason in text(found)


def test_an_expression_that_is_elsewhere_marks_the_whole_line():
    shown = screen(replace(FOUND, explanation=(replace(SLOPE, term="the slope of `z`"),))).excerpt
    assert pointed_at(shown)[1].count("^") == len("a = tanh(x @ w)")


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        (22.41239899805099, 2.8015498747563736, ("22.41", "2.802")),
        (1.0000012, 1.0, ("1.0000012", "1")),
        (1.0, 1.0, ("1", "1")),
        (math.nan, 2.0, ("nan", "2")),
        (1.0 + 2**-52, 1.0, ("1.0000000000000002", "1")),
    ],
)
def test_numbers_have_the_digits_that_tell_them_apart(got, expected, said):
    assert rounded(got, expected) == said


@pytest.mark.parametrize(
    ("names", "factor", "sentence", "said"),
    [
        ("sum", 8.0, "the size of axis 0 of x times the truth", "divide what it returns by the "
         "size of axis 0 of x (here 8)"),
        ("half", 0.5, "0.5 times the truth", "multiply what it returns by 2"),
        ("negative", -1.0, "of descent", "turn the sign of what it returns"),
        ("negative with double", -2.0, "a; and the size of axis 0 of x", "divide what it returns "
         "by -2"),
    ],
)  # fmt: skip
def test_a_convention_says_how_it_is_undone_and_how_it_is_accepted(names, factor, sentence, said):
    told = Explanation("factor", "the whole gradient", sentence, remedy="allow=...", factor=factor)
    found = replace(FOUND, explanation=(told,), conventions=(names,))
    first, second = screen(found).to_do
    assert first.endswith(said)
    parts = ", ".join(f'"{name}"' for name in names.split(" with "))
    assert second == f"or say that it is meant: allow=({parts},) accepts it"
    told = replace(told, factor=None)
    assert screen(replace(found, explanation=(told,))).to_do[0].startswith("say that it is meant")


def test_conventions_that_fit_alike_are_alternatives():
    told = Explanation("factor", "the whole gradient", "x", remedy="allow=...", factor=2.0)
    found = replace(FOUND, explanation=(told,), conventions=("sum", "double"))
    said = "2x too large: a sum instead of a mean, or the gradient of twice the function"
    assert headline(found) == said
    assert 'allow=("sum",) or allow=("double",) accepts it' in screen(found).to_do[1]
