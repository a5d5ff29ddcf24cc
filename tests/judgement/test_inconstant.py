"""Kernels that answer differently each time: judged by all their answers, beside the budget."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement import constancy, contract
from verification.measurement.constancy import VARIES

DIFFERS = "called twice alike, it answers differently in "


def loss(w, x):
    return jnp.sum(jnp.sin(x @ w))


def sample(rng):
    return rng.normal(size=2), rng.normal(size=(40, 2))


def by_atomics(rounded=np.float32, mistake=1.0):
    """The sum in another order each time; every partial sum is rounded to 12 bits or as it is."""

    def gradient(w, x):
        kept = rounded if x.dtype == np.float32 else np.float64
        total = np.zeros_like(w)
        for i in rng.permutation(len(x)):
            total = kept(total + x[i] * np.cos(x[i] @ w))
        return total * total.dtype.type(mistake)

    rng = np.random.default_rng(0)
    return gradient


def coarse(total):
    """Float32 with 12 bits: more rounding than a right program has."""
    m, e = np.frexp(total)
    return np.ldexp(np.round(m * 2**12) / 2**12, e).astype(np.float32)


def judged(gradient, **options):
    options = {"argnums": 0, "edges": "none", "dtype": "float32", "cases": 8} | options
    return vf.validate(gradient, loss, sample, **options)


def test_answers_within_the_budget_are_right_with_a_note():
    found = judged(by_atomics())
    assert found.verdict == "correct" and VARIES in found.notes
    assert DIFFERS not in found.reason


def test_answers_further_apart_than_the_budget_have_lost_digits_and_that_is_said():
    found = judged(by_atomics(coarse))
    assert found.verdict == "inaccurate", found
    assert DIFFERS in found.reason and "times what rounding allows" in found.reason
    assert VARIES not in found.notes and any(DIFFERS in note for note in found.notes)


def test_a_mistake_that_all_answers_share_is_wrong_and_its_spread_is_said():
    found = judged(by_atomics(coarse, mistake=2.0))
    assert found.verdict == "wrong" and DIFFERS in found.reason, found
    assert found.conventions == ("double",) or "2" in str(found.explanation), found


@pytest.mark.parametrize("mistake", [1.0003, 1.001, 1.01])
def test_a_mistake_as_small_as_the_spread_is_never_right(mistake):
    found = judged(by_atomics(coarse, mistake))
    assert found.verdict in ("wrong", "rejected"), found


def off_after_the_first(by):
    """Right when a question is asked for the first time, and off by so much after that."""
    right, asked = by_atomics(), set()

    def gradient(w, x):
        again = x.tobytes() in asked
        asked.add(x.tobytes())
        return right(w, x) * w.dtype.type(1.0 + by * again)

    return gradient


@pytest.mark.parametrize("by", [4e-6, 1.0])  # less than two budgets apart, and far
def test_one_answer_outside_is_enough_though_it_is_not_the_first(by, monkeypatch):
    found = judged(off_after_the_first(by))
    assert found.verdict in ("inaccurate", "wrong", "rejected") and DIFFERS in found.reason, found
    monkeypatch.setattr(contract, "asked_again", lambda sample, *how: sample)
    assert judged(off_after_the_first(by)).verdict == "correct"  # asked once it is not seen


def test_of_answers_that_differ_all_cases_are_asked_again_and_of_others_a_few():
    calls = {"steady": 0, "varies": 0}

    def counted(name, gradient):
        def counting(w, x):
            calls[name] += 1
            return gradient(w, x)

        return counting

    steady = lambda w, x: x.T @ np.cos(x @ w)
    assert judged(counted("steady", steady)).verdict == "correct"
    assert judged(counted("varies", by_atomics())).verdict == "correct"
    assert calls["varies"] >= 8 * constancy.ANSWERS > 3 * calls["steady"] / 2, calls
