"""Each verdict is given where it is due, and nowhere else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from refnet import binary_cross_entropy, binary_cross_entropy_with_logits, sigmoid
from verification.vocabulary import Verdict

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
    assert "not finite" in finding.reason


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


def test_no_rule_is_undecided(verdict_of):
    of = lambda w: jnp.sum(jax.lax.digamma(w))
    with pytest.raises(NotImplementedError, match="digamma"):
        verdict_of(jax.grad(of), of, [(np.array([0.3, 0.7]),)])


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
