"""A right rule in a narrower format is inaccurate; a wrong formula is wrong, however little."""

import jax
import numpy as np
import optax
import pytest

import verification as vf
from verification.derivations.rules import VARIANTS
from verification.updates import digits, vectors
from verification.updates.vectors import layout

tree = jax.tree.map
zeros = lambda params: tree(np.zeros_like, params)


def adam(change):
    """Adam in NumPy; the step is change(w, rate, mhat, root of vhat, eps, decay)."""

    def make(learning_rate, b1, b2, eps, weight_decay=0.0):
        def update(gradient, state, params):
            t, m, v = state
            t += 1
            m = tree(lambda m, g: b1 * m + (1 - b1) * g, m, gradient)
            v = tree(lambda v, g: b2 * v + (1 - b2) * g * g, v, gradient)
            step = lambda w, m, v: np.asarray(
                change(
                    w,
                    learning_rate,
                    m / (1 - b1**t),
                    np.sqrt(v / (1 - b2**t)),
                    eps,
                    learning_rate * weight_decay,
                ),
                w.dtype,
            )
            return tree(step, params, m, v), (t, m, v)

        return lambda params: (0, zeros(params), zeros(params)), update

    return make


FACTORS = [1.0005, 1.003, 1.02]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("factor", FACTORS)
def test_a_constant_factor_is_wrong_and_said_with_its_value(factor, dtype):
    rule = adam(lambda w, r, m, v, eps, _: w - factor * r * m / (v + eps))
    finding = vf.validate_update(rule, against="adam", dtype=dtype, cases=2)
    assert finding.verdict == "wrong"
    assert f"the step is {factor:.6g} times" in finding.explanation[0].mistake


def test_a_factor_that_is_a_hyperparameter_is_said_to_be_it():
    def rule(learning_rate, b1, b2, eps):
        folded = adam(lambda w, r, m, v, eps, _: w - r * (1 - b1) * m / (v + eps))
        return folded(learning_rate, b1, b2, eps)

    said = vf.validate_update(rule, against="adam", cases=3).explanation[0].mistake
    assert "the step is 1 - b1 times what it should be" in said


WRONG = {
    "epsilon subtracted": lambda w, r, m, v, eps, by: w - r * m / (v - eps) - by * w,
    "decay three times": lambda w, r, m, v, eps, by: w * (1 - by) ** 3 - r * m / (v + eps),
    "decay of the new weights": lambda w, r, m, v, eps, by: (w - r * m / (v + eps)) * (1 - by),
    "decay by a factor": lambda w, r, m, v, eps, by: w - r * m / (v + eps) - 1.01 * by * w,
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("mistake", WRONG)
def test_a_small_mistake_is_no_rounding(mistake, dtype):
    finding = vf.validate_update(adam(WRONG[mistake]), against="adamw", dtype=dtype, cases=2)
    assert finding.verdict == "wrong", finding.reason


def single(learning_rate):
    """Gradient descent computed in float32, handed back in the dtype of the weights."""
    f = np.float32
    step = lambda w, g: np.asarray(w.astype(f) - f(learning_rate) * g.astype(f), w.dtype)
    return lambda params: (), lambda g, s, params: (tree(step, params, g), s)


def test_a_rule_in_float32_is_inaccurate_in_float64():
    finding = vf.validate_update(single, against="gradient_descent")
    assert finding.verdict == "inaccurate" and "float32" in finding.reason


def test_a_schedule_in_float32_is_no_mistake_of_the_rule():
    rate = optax.cosine_decay_schedule(0.1, 12)
    finding = vf.validate_update(optax.sgd(rate), against="gradient_descent", learning_rate=rate)
    assert finding.verdict in ("correct", "inaccurate")


def test_a_long_run_sees_a_count_that_stops():
    def rule(learning_rate, b1, b2, eps):
        init, update = adam(lambda w, r, m, v, eps, _: w - r * m / (v + eps))(
            learning_rate, b1, b2, eps
        )
        stop = lambda g, s, w: update(g, (min(s[0], 255), *s[1:]), w)
        return init, stop

    finding = vf.validate_update(rule, against="adam")
    assert finding.verdict == "wrong"
    assert finding.explanation[0].fault == "count stops at 256"
    assert "300 steps" in str(finding.worst)


def test_what_the_runs_were_too_short_for_is_said():
    notes = vf.validate_update(single, against="gradient_descent", dtype="float32").notes
    assert any("the longest run had 300 steps" in note for note in notes)


def test_constants_that_the_rule_was_made_with_are_given_by_name():
    def adagrad(learning_rate):
        def update(gradient, s, params):
            s = tree(lambda s, g: s + g**2, s, gradient)
            step = lambda w, g, s: w - learning_rate * g / np.sqrt(s + 1e-8)
            return tree(step, params, gradient, s), s

        return zeros, update

    asked = {"against": "adagrad", "initial_accumulator_value": 0.0}
    assert vf.validate_update(adagrad, eps=1e-8, **asked).verdict == "correct"
    assert vf.validate_update(adagrad, eps=1e-7, **asked).verdict == "wrong"


def stored_in(name, factor=1.0):
    """Adam whose weights are kept in a half format, and all else is not."""

    def make(learning_rate, b1, b2, eps):
        made = adam(lambda w, r, m, v, eps, _: w - factor * r * m / (v + eps))
        init, update = made(learning_rate, b1, b2, eps)

        def rounded(gradient, state, params):
            new, state = update(gradient, state, params)
            return tree(lambda w: w.astype(name).astype(np.float64), new), state

        return init, rounded

    return make


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_weights_that_are_rounded_after_every_step_are_said_to_be(name):
    found = vf.validate_update(stored_in(name), against="adam", cases=1)
    assert found.verdict == "inaccurate"
    assert f"the weights were rounded to {name} after every step" in found.reason


def test_a_wrong_step_is_wrong_in_weights_that_are_rounded_too():
    found = vf.validate_update(stored_in("bfloat16", 1.5), against="adam", cases=1)
    assert found.verdict == "wrong"


def test_weights_that_overflow_where_they_are_stored_are_those_of_the_format():
    variant, where = VARIANTS["gradient_descent"], layout(vectors.PARAMS)
    gradients = np.outer((1.0, -7e4, 3.0), np.linspace(1.0, 2.0, where.size))
    run = vectors.Sequence({}, np.ones(where.size), gradients, (1.0,) * 3)
    with np.errstate(over="ignore"):
        first = (run.params - gradients[0]).astype("float16").astype(np.float64)
        second = (first - gradients[1]).astype("float16").astype(np.float64)
    rows = np.stack([first, second, second])
    assert np.isinf(second).all() and digits.stored(variant, run, where, rows) == "float16"
    rows[2, 0] = 1.0
    assert digits.stored(variant, run, where, rows) == ""
