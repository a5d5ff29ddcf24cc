"""Gradients of matrix functions by hand: the right ones are correct, every mistake is caught."""

import pytest

import verification as vf
from verification.vocabulary import Verdict

from .linear_algebra_by_hand import BY_HAND

MISTAKES = [(name, mistake) for name, one in BY_HAND.items() for mistake in one.mistakes]


def judged(name: str, gradient, dtype: str = "float64"):
    one = BY_HAND[name]
    argnums = tuple(range(2)) if name == "solve" else 0
    return vf.validate(
        gradient, of=one.of, args=one.sample, argnums=argnums, dtype=dtype, cases=2, edges="note"
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", BY_HAND)
def test_the_gradient_of_a_textbook_is_correct_by_proof(name, dtype):
    found = judged(name, BY_HAND[name].gradient, dtype)
    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_is_wrong(name, mistake, monkeypatch):
    monkeypatch.setattr(
        "verification.judgement.judged.explain", lambda *_, **__: ()
    )  # the verdict alone is asked for
    found = judged(name, BY_HAND[name].mistakes[mistake])
    assert found.verdict is Verdict.WRONG and found.oracle == "ball", str(found)
