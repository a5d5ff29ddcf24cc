"""A right formula is known by its value with all digits, however few an implementation keeps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import verification as vf
from verification.measurement.answer import answer, cast, truth
from verification.measurement.budget import budget
from verification.measurement.higher_precision import (
    Told,
    concluded,
    formula,
    in_float64,
    in_objects,
    traced,
)
from verification.oracles.question import ask
from verification.vocabulary import Undecided

DTYPES = ("float64", "float32", "float16", "bfloat16")
FAR = {"float64": -40.0, "float32": -20.0, "float16": -8.25, "bfloat16": -7.25}  # 1 + e^z is 1


def of(z):
    return jnp.sum(jnp.log1p(jnp.exp(z)))


def stable(z):
    return 1 / (1 + jnp.exp(-z))


def naive(z):
    """1 - 1 / (1 + e^z): right, and without a digit for z far below 0."""
    return 1 - 1 / (1 + z.__array_namespace__().exp(z))


def untraced(gradient):
    """The same for NumPy arrays only."""
    return lambda z: gradient(z) if isinstance(z, np.ndarray) else NotImplemented


def compiled(gradient):
    """The same for arrays of floats only, as code behind a C interface would have it."""
    return lambda z: gradient(z) if special.expit(z) is not None else None


def at(gradient, z, dtype="float32"):
    args = cast((np.asarray(z),), dtype)
    question = ask(of, args)
    allowed = budget(stable, args, dtype)
    with np.errstate(all="ignore"):
        return answer(gradient, question, truth(question), allowed, args, label="")


def times(gradient, factor):
    return lambda z: gradient(z) * np.asarray(factor, z.dtype)


# --- in balls, as JAX traces it -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_formula_is_recognised_where_no_digit_is_left(dtype):
    told = traced(naive, at(naive, [FAR[dtype], 1.7], dtype))

    assert told.right is True
    assert naive(np.asarray(FAR[dtype], dtype)) == 0.0


def test_another_formula_is_not():
    for wrong in (lambda z: -naive(z), lambda z: naive(z) + 1e-6, lambda z: jnp.exp(z)):
        assert traced(wrong, at(wrong, [-3.0, 1.7])).right is False


def test_a_difference_within_the_budget_is_no_mistake():
    close = lambda z: naive(z) + 1e-9
    same, other = at(naive, [-3.0, 1.7]), at(naive, [-3.0, 1.7], "float64")

    assert traced(close, same).right is True
    assert traced(close, other).right is False


def test_a_formula_without_a_value_is_open_until_another_entry_speaks():
    nothing = lambda z: naive(z) * (z / z)

    assert traced(nothing, at(nothing, [0.0, 0.0])).right is None
    assert traced(nothing, at(nothing, [0.0, 1.7])).right is True
    assert traced(lambda z: 2 * nothing(z), at(nothing, [0.0, 1.7])).right is False


def test_what_is_not_asked_for_any_digit_says_nothing():
    """Where a zero would be inside the budget, any formula of next to nothing is."""
    zero = lambda z: z * 0.0

    assert traced(zero, at(zero, [-110.0, -120.0])).right is None
    assert traced(zero, at(zero, [-110.0, 1.7])).right is False


# --- in float64 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_errors_that_float64_takes_away_are_lost_digits(dtype):
    subject = untraced(naive)

    assert in_float64(subject, at(subject, [FAR[dtype], 1.7], dtype)).right is True


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_errors_that_stay_are_not(dtype):
    wrong = untraced(times(naive, 1.125))
    told = in_float64(wrong, at(wrong, [FAR[dtype], 1.7], dtype))

    assert told == Told(None, "computed in float64 its error stays")


def test_an_infinite_error_is_not_made_good_by_a_finite_one():
    """NaN in float16; in float64 finite, and wrong."""
    overflows = lambda z: np.exp(z) / (1 + np.exp(z))
    right = at(untraced(overflows), [12.0, 1.7], "float16")

    assert np.isnan(right.got[0][0])
    assert in_float64(untraced(overflows), right).right is True
    assert in_float64(untraced(times(overflows, 1.125)), right).right is None


def test_float64_itself_has_nothing_wider_to_ask():
    told = in_float64(naive, at(naive, [-30.0], "float64"))

    assert told == Told(None, "it cannot be called in more than float64")


@pytest.mark.parametrize("back", [np.float32, np.float64])
def test_who_computes_in_float32_all_the_same_is_known_by_the_shape_of_the_error(back):
    """-12.3 still has a digit of float32, -18 has none; another formula has a smooth error."""
    narrow = compiled(lambda z: naive(z.astype(np.float32)).astype(back))
    wrong = compiled(lambda z: (1.02 * naive(z.astype(np.float32))).astype(back))

    assert in_float64(narrow, at(narrow, [-18.0, 1.7])).right is None
    assert formula(narrow, at(narrow, [-12.3, 1.7])).right is True
    assert formula(narrow, at(narrow, [-18.0])).untold
    told = formula(wrong, at(wrong, [-18.0, 1.7]))
    assert told.right is False and "smooth" in told.why


# --- in balls, as NumPy runs it -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_code_is_asked_for_all_its_digits(dtype):
    right, wrong = untraced(naive), untraced(lambda z: naive(z) * 9 / 8)
    sample = at(right, [FAR[dtype], 1.7], dtype)

    assert in_objects(right, sample).right is True
    assert in_objects(wrong, sample).right is False
    assert formula(right, sample).right is True
    assert formula(wrong, sample).right is False


# --- together -----------------------------------------------------------------------------------


def test_one_wrong_sample_is_wrong_and_one_right_one_decides_the_open():
    right, wrong, silent = Told(True, "a"), Told(False, "b"), Told(None, "c")

    assert concluded([right, silent, wrong]) == wrong
    assert concluded([silent, right, silent]) == right
    assert concluded([silent]) == silent


def test_another_shape_is_no_formula_of_it():
    sample = at(naive, [-9.0, 1.7])
    pair = lambda z: (naive(z), naive(z))

    assert formula(pair, sample).right is False
    assert traced(lambda z: naive(z)[:1], sample).right is None


def test_a_proof_that_is_too_dear_is_not_begun(monkeypatch):
    sample = at(naive, [FAR["float32"], 1.7])
    monkeypatch.setattr("verification.measurement.higher_precision.PROVABLE", 5)
    with pytest.raises(Undecided, match="more than 5 products"):
        traced(naive, sample)

    assert formula(naive, sample) == Told(True, "computed in float64 its error vanishes")
    told = formula(naive, at(naive, [FAR["float64"], 1.7], "float64"))
    assert told.right is None and told.untold
    assert "more than 5 products" in told.why


def test_a_leaf_without_any_value_is_not_excused_by_another_leaf():
    """0.5 / sqrt(-z) is no number anywhere, whatever the other leaf holds."""
    both = lambda x, y: jnp.sum(jnp.sqrt(x)) + jnp.sum(jnp.sin(y))
    wrong = lambda x, y: (0.5 / jnp.sqrt(-x), jnp.cos(y))
    sample = lambda rng: (rng.uniform(1.0, 2.0, 3), rng.normal(size=2))
    finding = vf.validate(wrong, of=both, args=sample, argnums=(0, 1), cases=2)

    assert finding.verdict == "rejected"


def test_what_is_known_of_a_mistake_is_not_hidden_behind_who_could_not_be_asked():
    close = lambda x: 2.001 * np.asarray(x, np.float64)  # neither JAX nor balls go through
    found = vf.validate(close, lambda x: jnp.sum(x**2), lambda rng: (rng.normal(size=3),), cases=2)

    assert found.verdict == "wrong"
    assert "its error is as smooth as a formula's" in found.reason
    assert "it raises" not in found.reason


def by_one_less(share):
    return lambda x, d: d * share * (1 - special.expit(-x))


@pytest.mark.parametrize(("share", "verdict"), [(1.0, "inaccurate"), (1.0001, "wrong")])
def test_less_than_a_rounding_of_the_largest_entry_is_lost_digits(share, verdict):
    points = (np.array([0.5, 1.0, -35.0, -0.25]),)
    found = vf.validate(by_one_less(share), of=jax.nn.softplus, args=points)
    assert str(found.verdict) == verdict
    assert ("less than one rounding of the largest entry" in found.reason) is (share == 1.0)
