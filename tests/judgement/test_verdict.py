"""Each verdict is given where it is due, and nowhere else."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from refnet import binary_cross_entropy, binary_cross_entropy_with_logits, sigmoid
from verification.judgement.verdict import judge
from verification.measurement.higher_precision import Told
from verification.measurement.sample import Sample
from verification.vocabulary import Ball, Verdict

DTYPES = ("float64", "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_gradient_is_correct(verdict_of, of, points, dtype):
    finding = verdict_of(jax.jit(jax.grad(of)), of, points, dtype)

    assert finding.verdict == Verdict.CORRECT
    assert 0 < finding.power["[0]"] < 1e-3


MISTAKES = {
    "sign": lambda g: -g,
    "sum for mean": lambda g: 8.0 * g,
    "one entry 1e-4 off": lambda g: g.at[3].multiply(1.0 + 1e-4),
    "one entry dropped": lambda g: g.at[1].set(0.0),
    "reversed": lambda g: g[::-1],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_wrong(verdict_of, of, points, dtype, name):
    gradient = lambda w, x: MISTAKES[name](jax.grad(of)(jnp.asarray(w), jnp.asarray(x)))
    finding = verdict_of(gradient, of, points, dtype)

    assert finding.verdict == Verdict.WRONG
    assert finding.worst.budgets > 1.0


def naive(z, y):
    """d BCE / dz as dL/da da/dz: right on paper, and no digit left in saturation."""
    a = 1.0 / (1.0 + jnp.exp(-z))
    return (a - y) / (a * (1.0 - a)) * (a * (1.0 - a)) / z.size


@pytest.mark.parametrize(("dtype", "z"), [("float32", 14.0), ("float64", 33.0)])
def test_lost_digits_are_inaccurate_not_wrong(verdict_of, dtype, z):
    points = [(np.full(3, z), np.ones(3))]
    finding = verdict_of(naive, binary_cross_entropy_with_logits, points, dtype)

    assert finding.verdict == Verdict.INACCURATE
    assert "loses digits" in finding.reason


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_wrong_sign_in_saturation_is_wrong_not_inaccurate(verdict_of, dtype):
    points = [(np.full(3, 14.0), np.ones(3))]
    finding = verdict_of(lambda z, y: -naive(z, y), binary_cross_entropy_with_logits, points, dtype)

    assert finding.verdict == Verdict.WRONG


def test_nan_where_the_truth_is_finite_never_passes(verdict_of):
    points = [(np.array([0.3, 40.0, -2.0]), np.ones(3))]
    finding = verdict_of(lambda z, y: z * np.nan, binary_cross_entropy_with_logits, points)

    assert finding.verdict == Verdict.REJECTED
    assert "the truth is finite there" in finding.reason


def test_a_wrong_shape_is_rejected_with_both_shapes(verdict_of, of, points):
    finding = verdict_of(lambda w, x: np.zeros((5, 1)), of, points)

    assert finding.verdict == Verdict.REJECTED
    assert "(5, 1)" in finding.reason
    assert "(5,)" in finding.reason


def test_a_gradient_that_is_zero_everywhere_shows_nothing(verdict_of):
    of = lambda w: jnp.sum(w * 0.0)
    finding = verdict_of(jax.grad(of), of, [(np.array([0.3, 0.7]),)])

    assert finding.verdict == Verdict.UNDECIDED
    assert "no case could show a mistake" in finding.reason


def test_no_rule_is_undecided_and_named(verdict_of):
    of = lambda w: jnp.sum(jax.lax.approx_max_k(w, 2)[0])
    finding = verdict_of(jax.grad(of), of, [(np.array([0.3, 0.7]),)])

    assert finding.verdict == Verdict.UNDECIDED
    assert "no rule for the primitive 'approx_top_k'" in finding.reason


def test_a_case_beyond_the_range_of_the_format_is_left_out_counted_and_printed(verdict_of):
    of = lambda w: jnp.sum(w**2)
    points = [(np.array([0.3, 1.7]),), (np.array([0.3, 1e5]),)]
    finding = verdict_of(jax.grad(of), of, points, "float16")

    assert finding.verdict == Verdict.CORRECT
    assert (finding.cases, finding.left_out) == (1, 1)
    assert "1 case left out: beyond float16's range" in str(finding)
    assert verdict_of(jax.grad(of), of, points, "bfloat16").left_out == 0


def test_only_cases_beyond_the_range_make_nothing_correct(verdict_of):
    of = lambda w: jnp.sum(w**2)
    finding = verdict_of(jax.grad(of), of, [(np.array([0.3, 1e5]),)], "float16")

    assert finding.verdict == Verdict.UNDECIDED
    assert finding.reason == "no case is within the format's range"


def test_a_case_that_may_overflow_on_the_way_is_undecided(verdict_of):
    of = lambda w: jnp.sum(jnp.exp(w))
    finding = verdict_of(
        jax.grad(of), of, [(np.array([0.3, 1.7]),), (np.array([0.3, 12.0]),)], "float16"
    )

    assert finding.verdict == Verdict.UNDECIDED
    assert (
        finding.reason
        == "no oracle could decide case 1: a correct implementation may overflow there"
    )


def test_one_wrong_formula_is_wrong_and_one_right_one_decides_the_open():
    bad, asked = [sample(off=1.0) for _ in range(4)], []

    def verdict(*told):
        answers = iter(told)
        excuse = lambda s: asked.append(s) or Told(next(answers), "")
        return judge("subject", "float64", bad[: len(told)], formula_is_right=excuse).verdict

    assert verdict(None, True) == Verdict.INACCURATE
    assert verdict(None, None) == Verdict.WRONG
    asked.clear()
    assert verdict(True, None, False, True) == Verdict.WRONG
    assert len(asked) == 3  # one wrong answer is enough


def sample(off=0.0):
    """Two entries, exactly known, with an eighth of room."""
    mid, zero = np.array([1.0, 3.0]), np.zeros(2)
    return Sample("case", ("w",), [Ball(mid, zero, zero, True)], [zero + 0.125], [mid + off])


def test_a_finding_prints_as_html_without_html_of_others():
    finding = judge("<script>", "float64", [sample()])

    assert "&lt;script&gt; in float64" in finding._repr_html_()
    assert "<script>" in str(finding) and "<script>" not in finding._repr_html_()


def test_the_observed_convention_is_printed_where_there_is_one():
    finding = judge("subject", "float64", [sample()])

    assert "at kinks" not in str(finding)
    assert "note: at kinks: 0 at ReLU's" in str(replace(finding, convention="0 at ReLU's"))


def test_clarke_interval_at_a_kink(verdict_of):
    of = lambda z: jnp.sum(jnp.maximum(z, 0.0))
    point = [(np.array([0.0, 1.3, -0.7]),), (np.array([0.4, -1.3, 0.7]),)]
    at_zero = lambda slope: lambda z: np.where(z == 0, slope, (z > 0) * 1.0)

    for slope in (0.0, 0.5, 1.0):
        assert verdict_of(at_zero(slope), of, point).verdict == Verdict.CORRECT
    for slope in (-0.01, 1.01):
        assert verdict_of(at_zero(slope), of, point).verdict == Verdict.WRONG


def test_autodiff_of_the_textbook_form_loses_digits(verdict_of):
    of = lambda z, y: binary_cross_entropy(sigmoid(z), y)
    stable = lambda z, y: ((1 - y) * sigmoid(z) - y * sigmoid(-z)) / z.size
    point = [(np.array([30.0, 33.0]), np.zeros(2))]
    stable_form = lambda z, y: binary_cross_entropy_with_logits(z, y)

    assert verdict_of(jax.jit(jax.grad(of)), stable_form, point).verdict == Verdict.INACCURATE
    assert verdict_of(jax.jit(stable), stable_form, point).verdict == Verdict.CORRECT


def test_a_mistake_is_explained_by_a_few_cases_the_worst_first_and_nothing_else_is():
    truth, room = Ball(np.ones(2), np.zeros(2), np.zeros(2), proven=True), np.full(2, 1e-9)
    one = lambda got: Sample("case", ("[0]",), [truth], [room], [np.array(got)])
    right, wrong, asked = one([1.0, 1.0]), one([1.0, 3.0]), []
    explain = lambda evidence: asked.append(evidence) or ()
    refused = lambda sample: Told(False, "")
    judge("g", "float64", [right] * 9, explain=explain, formula_is_right=refused)
    assert not asked
    judge("g", "float64", [right] * 9 + [wrong], explain=explain, formula_is_right=refused)
    (evidence,) = asked
    assert evidence[0] is wrong
    assert 1 < len(evidence) < 9


def test_an_entry_that_is_never_a_number_is_no_lost_digit():
    """An entry without a number now and then is what a right formula may lose; always is not."""
    of = lambda x: jnp.sum(x * x)

    def at(is_missing):
        def gradient(x):
            out = 2.0 * np.asarray(x)
            out[0] = np.nan if is_missing(x) else out[0]
            return out

        return vf.validate(gradient, of=of, args=lambda rng: (rng.normal(size=3),), cases=6)

    finding = at(lambda x: True)
    assert finding.verdict == "rejected" and "x[0] is not a number at any draw" in finding.reason
    assert at(lambda x: x[1] > 0.0).verdict != "correct"
    assert at(lambda x: False).verdict == "correct"


@pytest.mark.parametrize("of", [lambda w: jnp.sum(jnp.floor(w)), lambda w: jnp.nan * jnp.sum(w)])
def test_where_there_is_no_derivative_it_is_not_said_to_overflow(verdict_of, of):
    finding = verdict_of(jnp.zeros_like, of, [(np.array([1.0, 2.0]),)])

    assert finding.verdict == Verdict.UNDECIDED
    assert "the function has no finite derivative there" in finding.reason
