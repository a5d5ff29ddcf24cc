"""No mistake survives; what is not caught is proven to be none; and the table sees survivors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification import faults
from verification.derivations import ALL as SUBJECTS
from verification.faults.pairs import cancelling, doubles
from verification.faults.twin import Expects, Twin
from verification.selftest import kill_table
from verification.selftest.kill_table import CAUGHT, EQUAL, NOT_MADE, SURVIVED, WEAK
from verification.selftest.kill_table_equivalence import equivalent, proved
from verification.selftest.kill_table_scores import both_named, scores
from verification.selftest.kill_table_scores import doubles as scored
from verification.vocabulary import Explanation

TANH = SUBJECTS["tanh"]
REDUCED = {"tanh": 7, "dense": 20, "layer_norm": 25, "embedding": 12}


@pytest.fixture(scope="module")
def samples():
    return {dtype: kill_table.samples_of(TANH, dtype, 2) for dtype in kill_table.DTYPES}


def twin(gradient, level="own"):
    return Twin("one for the slope", "missing term", "", gradient, Expects(("slope",)), level)


def status(one, samples, dtype):
    return kill_table.row(TANH, one, samples[dtype], dtype)["status"]


@pytest.mark.parametrize("name", REDUCED)
def test_no_mistake_survives(name):
    table = list(kill_table.rows([name], every=REDUCED[name], cases=1))
    assert [row for row in table if row["status"] == SURVIVED] == []
    counts = kill_table.totals(table)
    assert counts[CAUGHT] > 0.6 * len(table) > 5
    assert all(row["oracle"] == "ball" for row in table if row["status"] == CAUGHT)


@pytest.mark.parametrize("name", ["tanh", "huber", "embedding"])
def test_the_right_gradient_is_never_wrong(name):
    found = kill_table.false_alarms([name], kill_table.DTYPES, 1, seed=0)
    assert len(found) == 4 and all(row["alarms"] == 0 and row["cases"] == 1 for row in found)


def test_a_survivor_is_seen(samples):
    """Right in float32, where it is asked; another function in float64."""

    def two_faced(z, da):
        (right,) = TANH.gradient(z, da)
        return (right * 1.5 if right.dtype == jnp.float64 else right,)

    assert status(twin(two_faced), samples, "float32") == SURVIVED
    assert status(twin(two_faced), samples, "float64") == CAUGHT


def test_a_twin_that_raises_is_a_mistake_of_the_catalogue(samples):
    row = kill_table.row(TANH, twin(lambda z, da: 1 / 0), samples["float64"], "float64")
    assert (row["status"], row["why"][:27]) == (SURVIVED, "it raised ZeroDivisionError")


@pytest.mark.parametrize(("error", "said"), [(2.0**-40, CAUGHT), (2.0**-60, WEAK)])
def test_what_is_below_the_power_is_said_to_be(samples, error, said):
    """Added to the slope in float64, where 2^-60 of it is lost in rounding."""
    off = twin(lambda z, da: jax.tree.map(lambda g: g + g * error, TANH.gradient(z, da)))
    assert status(off, samples, "float64") in (said, EQUAL if said == WEAK else said)


def test_a_slope_at_minus_the_argument_is_the_same_function_for_tanh_alone(samples):
    even = [t for t in faults.twins("tanh") if t.fault == "slope at minus the argument"]
    assert even and all(status(t, samples, d) == EQUAL for t in even for d in samples)
    assert proved(TANH, even[0].gradient)
    other = [t for t in faults.twins("gelu") if t.fault == "slope at minus the argument"]
    assert kill_table.row(
        SUBJECTS["gelu"], other[0], kill_table.samples_of(SUBJECTS["gelu"], "float64", 1), "float64"
    )["status"] == CAUGHT  # fmt: skip


def test_equality_is_proven_in_balls_and_refused_to_a_nudged_gradient(samples):
    nudged = lambda *args: jax.tree.map(lambda g: g * (1.0 + 2.0**-52), TANH.gradient(*args))
    assert equivalent(TANH.gradient, samples["float64"]).proven
    assert not equivalent(nudged, samples["float64"]).proven
    assert not proved(TANH, lambda *args: jax.tree.map(jnp.exp, TANH.gradient(*args)))
    assert not equivalent(lambda z, da: np.asarray(z), samples["float64"]).proven


def test_a_cast_to_what_a_number_is_already_is_not_made(samples):
    narrow = [t for t in faults.twins("tanh") if t.fault == "through float32"]
    assert [status(t, samples, "float32") for t in narrow] == [NOT_MADE]
    assert [status(t, samples, "float64") for t in narrow] == [CAUGHT]


@pytest.mark.parametrize("name", ["sigmoid", "residual_block"])
def test_two_mistakes_that_cancel_are_no_mistake(name):
    subject = SUBJECTS[name]
    right = kill_table.samples_of(subject, "float64", 1)
    rows = [kill_table.row(subject, pair, right, "float64") for pair in cancelling(name)]
    assert len(rows) >= 3
    assert all(row["status"] == EQUAL for row in rows), rows


def test_pairs_of_mistakes_are_caught_and_scored():
    rows = scored("residual_block", 3, lambda *_: (), cases=1)
    assert len(rows) == 3
    assert all(row["caught"] and row["both"] is False for row in rows)
    (pair, *_) = doubles("residual_block", 1)
    assert both_named([said(pair.first.fault), said(pair.second.fault)], pair)
    assert not both_named([said(pair.first.fault)], pair)


def said(fault):
    return Explanation("fault", "the term", "the mistake", fault=fault)


@pytest.mark.parametrize(
    ("answers", "rank"), [((), 0), (("x", "one for the slope"), 2), (("one for the slope",), 1)]
)
def test_the_rank_of_the_right_explanation_is_counted(samples, answers, rank):
    ask = lambda subject, one, given: tuple(map(said, answers))
    wrong = twin(lambda z, da: (da,))
    row = kill_table.row(TANH, wrong, samples["float64"], "float64", ask)
    assert (row["status"], row["explained"]) == (CAUGHT, rank)
    assert kill_table.row(TANH, wrong, samples["float64"], "float64")["explained"] is None


def test_scores_are_shares_of_what_was_asked():
    rows = [{"explained": rank} for rank in (1, 1, 3, 0, None)]
    found = scores([{**row, "unaided": 0, "seconds": 0.5} for row in rows])
    assert (found["asked"], found["first"], found["first three"]) == (4, 0.5, 0.75)
    assert found["first without the catalogue"] == 0.0 and found["longest"] == 0.5
    assert scores(rows)["first three without the catalogue"] == 0.75
    assert scores(rows[-1:]) == {"asked": 0}
