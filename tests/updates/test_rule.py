"""What a function that makes a rule may need, and what its answers may be made of."""

import jax
import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict

tree = jax.tree.map


def test_what_a_maker_needs_the_variant_must_have():
    with pytest.raises(ValueError, match="'weight_decay', which lion does not have.*decoupled"):
        vf.validate_update(lambda learning_rate, b1, b2, weight_decay: None, against="lion")
    decayed = lambda learning_rate, weight_decay=0.1: 1 / 0  # it can be made without it
    assert vf.validate_update(decayed, against="gradient_descent").verdict is Verdict.REJECTED


def test_a_wider_scalar_is_said_to_be_the_usual_cause():
    def make(learning_rate):
        step = lambda g, s, w: (tree(lambda w, g: w - np.float64(learning_rate) * g, w, g), s)
        return lambda params: (), step

    said = vf.validate_update(make, against="gradient_descent", dtype="float32").reason
    assert "came back in float64: a wider scalar has widened them" in said
