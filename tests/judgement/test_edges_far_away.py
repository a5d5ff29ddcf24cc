"""Edges at which all entries lie far on one side of 0: a number is all that is asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.inputs.structure import Edge, Region
from verification.judgement.edge_cases import _is_open
from verification.judgement.truth_source import truth_source
from verification.measurement.subject import Subject
from verification.vocabulary import Case, Verdict


def normal(*shape):
    return lambda rng: (rng.normal(size=shape),)


def judged(gradient, of, args, **options):
    return vf.validate(gradient, of=of, args=args, **{"cases": 4, **options})


def softmax_from(start):
    """p (d - p.d) by a running maximum that starts there."""

    def gradient(x, d):
        highest = start
        for value in x:
            highest = max(highest, value)
        share = np.exp(x - highest) / np.exp(x - highest).sum()
        return share * (d - share @ d)

    return gradient


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_all_entries_lie_far_on_one_side_of_0_once(dtype):
    found = [
        judged(softmax_from(start), jax.nn.softmax, normal(4), dtype=dtype)
        for start in (0.0, -np.inf)
    ]
    above = lambda x: -np.exp(min(0.0, x.min()) - x) / np.exp(min(0.0, x.min()) - x).sum()
    found.append(judged(above, lambda x: jax.nn.logsumexp(-x), normal(4), dtype=dtype))

    assert [f.verdict for f in found] == ["inaccurate", "correct", "inaccurate"]
    assert "0/0 at all entries far below 0" in found[0].reason
    assert "0/0 at all entries far above 0" in found[2].reason


def less(k):
    """Softmax as the slope of logsumexp, its exponents those less entry k."""

    def gradient(x):
        e = np.exp(x - (x.max() if k is None else x[k]))
        return e / e.sum()

    return gradient


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("k", [0, 1, -1])
def test_no_entry_is_the_largest_in_both_orders(k, dtype):
    """At a draw whose largest is entry k, and at one whose entries have one sign."""
    points = [np.roll([2.0, -1.0, 0.5, -0.3], k), np.roll([-0.3, -1.1, -0.5, -0.8], k)]
    for point in points:
        drawn = lambda rng, point=point: (point + 0.01 * rng.normal(size=4),)
        wrong = judged(less(k), jax.nn.logsumexp, drawn, dtype=dtype, cases=2)
        assert wrong.verdict is Verdict.INACCURATE and "its order reversed" in wrong.reason
    assert judged(less(None), jax.nn.logsumexp, drawn, dtype=dtype, cases=2).verdict == "correct"


def test_so_far_away_a_number_is_all_that_is_asked_for():
    of = lambda x: jnp.sqrt(jnp.var(x) + 1.0)
    one_pass = lambda x: (x - x.mean()) / x.size / np.sqrt((x * x).mean() - x.mean() ** 2 + 1)
    found = judged(one_pass, of, normal(6), dtype="float32")
    assert found.verdict is Verdict.CORRECT and not any("far" in note for note in found.notes)
    late = lambda x: one_pass(x) * np.where(x.max() < -50.0, np.nan, 1.0)
    assert judged(late, of, normal(6), dtype="float32").verdict is Verdict.INACCURATE


ANSWERS = {
    "a number": (lambda x: np.ones(3), True),
    "no number": (lambda x: np.full(3, np.nan), False),
    "an exception": (lambda x: 1 / 0, False),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_proof_is_made_there_only_where_the_answer_is_no_number(name):
    """Nor where the function is only called, which has no cotangent ahead; nor at other edges."""
    answer, is_settled = ANSWERS[name]
    point = (np.arange(3.0),)
    subject = Subject(answer, jnp.sum, 0, "float64", point)
    source = truth_source(subject, point)

    def settled(region: Region, is_measured: bool = False) -> bool:
        edge = Edge(Case("far", (np.full(3, -768.0),)), region, "all entries far below 0", 0)
        rng, found = np.random.default_rng(0), []
        there = source._replace(is_measured=is_measured)
        is_open = _is_open(subject, there, rng, found, edge)
        assert len(found) == (not is_open)
        return not is_open

    assert settled(Region.BEYOND) == is_settled
    assert not settled(Region.BEYOND, is_measured=True) and not settled(Region.FAR)
