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


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("share, verdict", [(1.0, "correct"), (1.01, "wrong")])
def test_what_a_wider_scalar_of_numpy_has_widened_is_judged_by_its_values(dtype, share, verdict):
    def make(learning_rate):
        rate = np.float64(share * learning_rate)
        return lambda params: (), lambda g, s, w: (tree(lambda w, g: w - rate * g, w, g), s)

    found = vf.validate_update(make, against="gradient_descent", dtype=dtype)
    assert found.verdict == verdict
    assert "came back in float64: a wider scalar has widened them" in " ".join(found.notes)


def test_what_comes_back_narrower_is_refused():
    def make(learning_rate):
        step = lambda w, g: (w - learning_rate * g).astype(np.float32)
        return lambda params: (), lambda g, s, w: (tree(step, w, g), s)

    said = vf.validate_update(make, against="gradient_descent").reason
    assert said.startswith("case 0: at step 1 parameters in float64 came back in float32;")


def numpys_adam(learning_rate, b1, b2, eps, wrong=False):
    """In Python floats, as people write it: of bfloat16 NumPy makes float32."""

    def update(g, state, w):
        t, m, v = state[0] + 1, *state[1:]
        m = tree(lambda m, g: b1 * m + (1 - b1) * g, m, g)
        v = tree(lambda v, g: b2 * v + (1 - b2) * g * g, v, g)
        c1, c2 = 1 - b1**t, 1 if wrong else 1 - b2**t
        step = lambda w, m, v: w - learning_rate * (m / c1) / ((v / c2) ** 0.5 + eps)
        return tree(step, w, m, v), (t, m, v)

    return lambda w: (0, tree(np.zeros_like, w), tree(np.zeros_like, w)), update


def test_in_bfloat16_what_numpy_widens_is_rounded():
    judged = lambda wrong: vf.validate_update(
        lambda learning_rate, b1, b2, eps: numpys_adam(learning_rate, b1, b2, eps, wrong),
        against="adam",
        dtype="bfloat16",
    )
    assert judged(False).verdict is Verdict.CORRECT
    found = judged(True)
    assert found.verdict is Verdict.WRONG and found.explanation[0].fault == "uncorrected second"


def test_what_jax_widens_is_still_refused():
    def make(learning_rate):
        wide = lambda w, g: (w - learning_rate * g).astype(jax.numpy.float32)
        return lambda params: (), lambda g, s, w: (
            tree(lambda w, g: wide(*map(jax.numpy.asarray, (w, g))), w, g),
            s,
        )

    found = vf.validate_update(make, against="gradient_descent", dtype="bfloat16")
    assert found.verdict is Verdict.REJECTED and "came back in float32" in found.reason


class Stepping:
    """An optimizer that is an object."""

    def step(self, array, gradient):
        return array - gradient


@pytest.mark.parametrize("made", [Stepping, Stepping()], ids=["class", "object"])
def test_an_object_that_takes_steps_says_how_it_is_handed_over(made):
    with pytest.raises(TypeError, match=r"optimizer_object\(lambda: Stepping\(learning_rate\)"):
        vf.validate_update(made, against="gradient_descent", learning_rate=0.1)
