"""Of what is wrong and has no name it is said where it is right."""

from dataclasses import replace

import numpy as np
import pytest

import verification as vf
from verification.derivations.rules import VARIANTS
from verification.faults.update_rules.change import stepping
from verification.updates import vectors
from verification.updates.places import places
from verification.updates.planted import run_of
from verification.updates.truth import roughly, rounding
from verification.updates.vectors import layout

WHERE = layout(vectors.PARAMS)


def said_of(change, rule="gradient_descent"):
    """Of the rule whose step is change(right step, g, w, t, r), at two runs."""
    variant, rng = VARIANTS[rule], np.random.default_rng(8)

    def other(step, k, h, g, w, s, t, r):
        moved, after = step(k, h, g, w, s, t, r)
        return change(moved, g, w, t, r), after

    wrong = stepping(variant, other)
    samples = [run_of(variant, WHERE, "float64", rng, f"case {k}") for k in range(2)]
    own = [rounding(variant, s.args[0], WHERE, "float64") for s in samples]
    rows = [roughly(wrong, s.args[0], WHERE) for s in samples]
    answered = [replace(s, got=WHERE.leaves_of(x)) for s, x in zip(samples, rows, strict=True)]
    return list(places(answered, own, WHERE))


CHANGES = {
    "wrong exactly where the step is longer than the rate": lambda moved, g, w, t, r: (
        w + np.clip(moved - w, -r, r)
    ),
    "wrong exactly where the gradient is 0": lambda moved, g, w, t, r: np.where(
        g == 0, 0.9 * w, moved
    ),
    "wrong exactly where the weight is negative": lambda moved, g, w, t, r: np.where(
        w < 0, moved * 1.5, moved
    ),
    "the first step that is wrong is step 6": lambda moved, g, w, t, r: moved * (1 + (t == 6)),
    "wrong in every entry from the first step on": lambda moved, g, w, t, r: moved * 1.5,
    "right in ['scale'], ['w']": lambda moved, g, w, t, r: np.where(IN_B, 1.5 * moved, moved),
}
IN_B = np.arange(WHERE.size) < 4  # the leaves are in the order of their names


@pytest.mark.parametrize("said", CHANGES)
def test_where_it_is_wrong_is_said_and_nothing_else(said):
    told = said_of(CHANGES[said])
    assert said in told
    others = {name for name in CHANGES if name.startswith("wrong exactly")} - {said}
    assert not others & set(told)


def test_a_right_rule_has_no_place():
    told = said_of(lambda moved, g, w, t, r: moved)
    assert not any("wrong" in sentence for sentence in told)


def test_a_finding_without_a_name_says_where():
    def make(learning_rate):
        def update(gradient, state, params):
            step = lambda w, g: np.where(g < 0, w - learning_rate * g**3, w - learning_rate * g)
            return {name: step(params[name], gradient[name]) for name in params}, state

        return lambda params: (), update

    finding = vf.validate_update(make, against="gradient_descent")
    assert finding.verdict == "wrong" and not any(e.fits for e in finding.explanation)
    assert "wrong exactly where the gradient is negative" in finding.notes
