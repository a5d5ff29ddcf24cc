"""Claims A1-A6 and B1-B8: each verdict is earned, and each negative control can fail."""

import functools
import json

import pytest

from refnet import relu
from verification.claims import ALL
from verification.claims.descents import DIABETES, FULL, SINGLE, SMALL, judge_a6, judge_b7, raced
from verification.claims.mean_squared_error import (
    alike,
    by_size,
    half_mean_of_squares,
    judge_b1,
    judge_b2,
    judge_b6,
    mean_of_squares,
    with_bias,
    without_bias,
)
from verification.claims.onward_paths import judge_a5
from verification.claims.printed_gradient import (
    CORRECTED,
    INDEX_ALONE,
    SIGN_ALONE,
    SLOPES,
    all_but_last,
    every,
    judge_b3,
    judge_b4,
    judge_b5,
)
from verification.claims.slopes_in_gradients import judge_b8, left_out
from verification.claims.update_rules import (
    MOVES,
    STAYS,
    ascending,
    descending,
    judge_a1,
    judge_a4,
)
from verification.claims.which_weights_move import (
    judge_a2,
    judge_a3,
    leaky,
    mean_over,
    sum_over,
)
from verification.vocabulary import Evidence, Unproven

EXPECTED = {
    "A1": Evidence.EXACT,
    "A2": Evidence.REFUTED,
    "A3": Evidence.EXACT,
    "A4": Evidence.REFUTED,
    "A5": Evidence.EXACT,
    "B1": Evidence.EXACT,
    "B2": Evidence.EXACT,
    "B3": Evidence.REFUTED,
    "B4": Evidence.REFUTED,
    "B5": Evidence.REFUTED,
    "B6": Evidence.REFUTED,
    "B8": Evidence.PROVED,
}
MEASURED = ("A6", "B7")
EVERY_SLOPE_LEFT_OUT = dict.fromkeys(SLOPES, left_out)

# The falsehood as the truth, and the truth as the planted falsehood.
SWAPPED = {
    "A1": (judge_a1, {"truth": ascending}, {"planted": descending}),
    "A2": (judge_a2, {"truth": leaky}, {"planted": relu}),
    "A3": (judge_a3, {"truth": sum_over}, {"planted": mean_over}),
    "A4": (judge_a4, {"truth": STAYS}, {"planted": MOVES}),
    "A5": (judge_a5, {"truth": False}, {"planted": True}),
    "B1": (judge_b1, {"truth": without_bias}, {"planted": with_bias}),
    "B2": (judge_b2, {"truth": half_mean_of_squares}, {"planted": mean_of_squares}),
    "B3": (judge_b3, {"truth": SIGN_ALONE}, {"planted": CORRECTED}),
    "B4": (judge_b4, {"truth": INDEX_ALONE}, {"planted": CORRECTED}),
    "B5": (judge_b5, {"truth": all_but_last}, {"planted": every}),
    "B6": (judge_b6, {"truth": alike}, {"planted": by_size}),
}
MEASURED_SWAPPED = {
    "A6": (judge_a6, {"truth": FULL}, {"planted": (SINGLE, FULL)}),
    "B7": (judge_b7, {"truth": SINGLE}, {"planted": SMALL}),
}


@functools.cache
def judged(name: str, seed: int):
    return ALL[name].judge(seed)


def as_text(judged) -> str:
    return json.dumps({**judged._asdict(), "numbers": dict(judged.numbers)}, allow_nan=False)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("name", EXPECTED)
def test_the_verdict_is_earned_and_says_why(name, seed):
    row = judged(name, seed)

    assert row.verdict == EXPECTED[name]
    assert row.evidence and "It failed: " in row.control
    assert bool(row.counterexample and row.correction) or row.verdict != Evidence.REFUTED


def test_the_measured_claims_hold_can_fail_and_repeat_themselves():
    """One test, so that whichever process runs it races once; the cheapest race is run again."""
    assert {*MEASURED_SWAPPED} == {*MEASURED}
    first = {name: judged(name, 0) for name in MEASURED}
    assert {row.verdict for row in first.values()} == {Evidence.MEASURED}
    for judge, *swaps in MEASURED_SWAPPED.values():
        refused(judge, *swaps)

    race = DIABETES, FULL, 0, None, 0
    assert raced.__wrapped__(*race)[0].tobytes() == raced(*race)[0].tobytes()
    other = DIABETES, FULL, 1, None, 0
    assert raced.__wrapped__(*other)[0].tobytes() != raced(*race)[0].tobytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_the_same_seed_gives_the_same_row(name):
    assert as_text(ALL[name].judge(7)) == as_text(judged(name, 7))


def refused(judge, falsehood: dict, truth: dict) -> None:
    """Neither may pass: the falsehood for the truth, nor the truth for the falsehood."""
    with pytest.raises(Unproven, match="evidence does not hold"):
        judge(0, **falsehood)
    with pytest.raises(Unproven, match="planted falsehood passed"):
        judge(0, **truth)


@pytest.mark.parametrize("name", SWAPPED)
def test_a_falsehood_for_the_truth_and_a_truth_for_the_falsehood_are_refused(name):
    refused(*SWAPPED[name])


def test_a_slope_left_out_is_refused():
    with pytest.raises(Unproven, match="evidence does not hold"):
        judge_b8(0, truth=EVERY_SLOPE_LEFT_OUT)


def test_rows_stand_in_the_order_of_the_articles():
    rows = [name for name in ALL if name[0] in "AB"]

    assert rows == [f"A{k}" for k in range(1, 7)] + [f"B{k}" for k in range(1, 9)]
    assert all(claim.id == name and claim.statement.endswith(".") for name, claim in ALL.items())
