"""What counts as named: the place with the mistake; and what is not asked about."""

from dataclasses import replace

import numpy as np

from verification import faults
from verification.derivations import ALL as SUBJECTS
from verification.faults.pairs import doubles
from verification.faults.twin import explains
from verification.selftest import kill_table
from verification.selftest.kill_table_scores import masked
from verification.vocabulary import Explanation

(DOUBLED, *_) = (t for t in faults.twins("dense") if t.fault == "arrow doubled")


def said(**more):
    return Explanation(kind="factor", term="the gradient", mistake="2 times", factor=2.0, **more)


def test_a_factor_at_a_piece_counts_at_its_place_alone():
    place = DOUBLED.expects.words[0]

    assert explains(said(location=place), DOUBLED)
    assert explains(said(confused_with=(f"`x @ w` ({place})",)), DOUBLED)
    assert not explains(said(location="elsewhere.py:3"), DOUBLED)
    assert not explains(said(), DOUBLED)


def test_one_mistake_that_hides_the_other_is_told_from_two():
    samples = kill_table.samples_of(SUBJECTS["mlp_mse"], "float64", 2, 0)
    pairs = doubles("mlp_mse", 12, 0)
    both = next(p for p in pairs if not masked(p, samples))
    hidden = both._replace(both=replace_gradient(both.both, both.first.gradient))

    assert masked(hidden, samples)


def replace_gradient(twin, gradient):
    return twin._replace(gradient=gradient)


def test_cases_at_which_autodiff_itself_is_caught_are_left_out():
    subject = SUBJECTS["tanh"]
    first, second = kill_table.samples_of(subject, "float64", 2, 0)
    tight = replace(second, allowed=[0.0 * a for a in second.allowed], truth=off(second.truth))

    assert kill_table.without_other_mistakes(subject, [first, second]) == [first, second]
    assert kill_table.without_other_mistakes(subject, [first, tight]) == [first]
    assert kill_table.without_other_mistakes(subject, [tight]) == [tight]
    assert kill_table.without_other_mistakes(subject, [tight], lambda: [tight, first]) == [first]


def off(truth):
    """A truth that autodiff does not answer."""
    return [ball._replace(mid=ball.mid + np.float64(1e-3)) for ball in truth]
