"""A function that is only called, or has no proof, is judged by what its derivative is measured."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import verification as vf
from verification.vocabulary import Verdict

from .without_a_rule import cubed

CASES = 4


def judged(gradient, of, args, **kw):
    return vf.validate(gradient, of=of, args=args, cases=CASES, **kw)


def normal(*shape):
    return lambda rng: (rng.normal(size=shape),)


def definite(rng):
    a = rng.normal(size=(3, 3))
    return (a @ a.T / 3 + 0.5 * np.eye(3),)


# --- primitives without a rule, and complex numbers ----------------------------------------------


def inverse_slope(x, d):
    inverse = np.linalg.inv(x)
    return -inverse.T @ d @ inverse.T


def untransposed(x, d):
    inverse = np.linalg.inv(x)
    return -inverse @ d @ inverse.T


def exponential_integral(x):
    return jax.scipy.special.expi(x).sum()


def length(x):
    return (jnp.abs(jax.lax.complex(x, 0 * x)) ** 2).sum()


def spectrum(x):
    return (jnp.abs(jnp.fft.fft(x)) ** 2).sum()


UNPROVEN = {  # of, args, right, wrong, what has no rule
    "a primitive of somebody's own": (
        cubed,
        lambda rng: (rng.uniform(0.2, 0.9, size=4),),
        lambda x, d: 3 * d * x**2,
        lambda x, d: 3.06 * d * x**2,
        "no rule for the primitive 'cubed'",
    ),
}


@pytest.mark.parametrize("name", UNPROVEN)
def test_what_has_no_proof_is_measured_and_the_finding_says_why(name):
    of, args, right, wrong, why = UNPROVEN[name]
    good, bad = judged(right, of, args), judged(wrong, of, args)

    assert good.verdict is Verdict.CORRECT, str(good)
    assert bad.verdict is Verdict.WRONG, str(bad)
    assert "by witnesses" in good.reason and why in good.reason
    assert any("no proof of the derivative" in note for note in good.notes)
    assert max(good.power.values()) < 1e-9


DECIDED = {  # by proof where there are rules, and by witnesses elsewhere
    "a loop in which each entry stops by itself": (
        exponential_integral,
        lambda rng: (rng.uniform(0.2, 0.9, size=4),),
        lambda x: np.exp(x) / x,
        lambda x: 1.02 * np.exp(x) / x,
    ),
    "inv": (
        jnp.linalg.inv,
        lambda rng: (rng.normal(size=(3, 3)) + 3 * np.eye(3),),
        inverse_slope,
        untransposed,
    ),
    "slogdet": (
        lambda s: jnp.linalg.slogdet(s)[1],
        definite,
        lambda s: np.linalg.inv(s).T,
        lambda s: 1.0005 * np.linalg.inv(s).T,
    ),
    "complex": (length, normal(4), lambda x: 2 * x, lambda x: -2 * x),
    "fft": (spectrum, normal(4), lambda x: 2 * len(x) * x, lambda x: 2 * x),
    "median": (
        lambda x: jnp.median(x) ** 2,
        normal(5),
        lambda x: 2 * np.median(x) * (x == np.median(x)),
        lambda x: 2 * np.median(x) / 5 + 0 * x,
    ),
}


@pytest.mark.parametrize("name", DECIDED)
def test_matrices_complex_numbers_and_indices_are_decided(name):
    of, args, right, wrong = DECIDED[name]
    good, bad = (judged(g, of, args, edges="none") for g in (right, wrong))

    assert good.verdict is Verdict.CORRECT, str(good)
    assert bad.verdict is Verdict.WRONG, str(bad)


def test_a_function_with_a_proof_needs_no_witness():
    found = judged(lambda x: 2 * x, lambda x: (x * x).sum(), normal(4))

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball" and not found.notes


# --- beside an edge ------------------------------------------------------------------------------


def triangle(rng):
    return (np.tril(rng.normal(size=(3, 3)), -1) + np.diag(rng.uniform(0.7, 1.6, size=3)),)


def of_its_square(low):
    return np.linalg.inv(low @ low.T)


def square_slope(low, d):
    inverse = of_its_square(low)
    return -inverse @ (d + d.T) @ inverse @ low


def little(x):
    total = float(np.sum(np.asarray(x, float) ** 2))
    return total if total < 1e2 else None


BESIDE = {
    "raises": (of_its_square, triangle, square_slope),
    "answers None": (little, normal(3), lambda x: 2 * x),
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_function_may_refuse_points_that_nobody_gave(name):
    of, args, right = BESIDE[name]

    assert judged(right, of, args).verdict is Verdict.CORRECT
    wrong = judged(lambda *a: 1.0005 * right(*a), of, args)
    assert wrong.verdict is Verdict.WRONG, str(wrong)


def test_a_point_that_was_given_and_is_refused_is_named():
    fickle = lambda x: float(np.sum(x)) if x[0] > 0 else 1 // 0
    args = iter([np.array([1.0, 2.0]), *[np.array([-1.0, 2.0])] * 9])
    with pytest.raises(ValueError, match="of raised ZeroDivisionError.*at case 1"):
        judged(lambda x: np.ones(2), fickle, lambda rng: (next(args),))


def test_a_candidate_that_takes_float32_alone_is_judged_in_it():
    def declared(sign):
        def slope(x):
            if x.dtype != np.float32:
                raise TypeError("float32 is declared")
            return sign * np.cos(x)

        return slope

    of = lambda x: float(np.sum(np.sin(x)))
    right, wrong = (judged(declared(s), of, normal(4), dtype="float32") for s in (1, -1))
    assert right.verdict is Verdict.CORRECT and wrong.verdict is Verdict.WRONG


# --- noise ---------------------------------------------------------------------------------------

QUIET = {
    "a kink": (lambda x: np.maximum(0, x), normal(4, 5), lambda x, d: d * (x > 0)),
    "a library function": (
        lambda x: special.iv(1, x),
        normal(6),
        lambda x, d: d * 0.5 * (special.i0(x) + special.iv(2, x)),
    ),
    "a sum that cancels": (
        lambda x: np.asarray(x)[::-1],
        normal(4),
        lambda x, d: d[::-1].copy(),
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_float64_is_not_said_to_be_less(name):
    of, args, right = QUIET[name]
    found = judged(right, of, args)

    assert found.verdict is Verdict.CORRECT, str(found)
    assert not any("less than float64" in note for note in found.notes)


# --- what no mistake could change ----------------------------------------------------------------


def plainly(x):
    return np.asarray(x)


NOTHING_TO_SEE = {
    "0 everywhere": (lambda x: jnp.sum(x**0), normal(4), lambda x: 0 * x),
    "a constant": (lambda x: 2.0 * jnp.ones_like(x), normal(4), lambda x, d: 0 * x),
    "steps": (lambda x: np.sign(plainly(x)), normal(4), lambda x, d: 0 * x),
    "shares": (
        lambda x: float(np.sum(np.exp(plainly(x)) / np.exp(plainly(x)).sum())),
        normal(4),
        lambda x: 0 * x,
    ),
    "ones": (lambda x: float(np.sum(plainly(x))), normal(4), lambda x: np.ones_like(x)),
    "a symmetric argument": (
        lambda s: np.linalg.slogdet(plainly(s))[1],
        definite,
        lambda s: np.linalg.inv(s).T,
    ),
    "handed on": (lambda x: np.pad(plainly(x), 1), normal(4), lambda x, d: d[1:-1].copy()),
}


@pytest.mark.parametrize("name", NOTHING_TO_SEE)
def test_a_mistake_that_is_no_other_function_is_not_missed(name):
    of, args, right = NOTHING_TO_SEE[name]
    found = judged(right, of, args)
    other = judged(lambda *a: right(*a) + 1e-6, of, args)

    assert found.verdict is Verdict.CORRECT, str(found)
    assert other.verdict is Verdict.WRONG, str(other)


def test_a_cast_of_what_is_handed_on_shows():
    cast = lambda x, d: d[::-1].astype(np.float32).astype(float)
    found = judged(cast, lambda x: plainly(x)[::-1], normal(4))

    assert found.verdict not in (Verdict.CORRECT, Verdict.UNDECIDED), str(found)


def test_zeros_at_a_single_point_are_no_proof_of_a_gradient():
    square = lambda x: (x * x).sum()
    found = vf.validate(lambda x: 3 * x, of=square, args=(np.zeros(3),))

    assert found.verdict is Verdict.UNDECIDED


# --- integers that index a constant of NumPy ------------------------------------------------------


def test_floats_alone_are_traced_where_integers_index_a_constant():
    weights, calls = np.array([0.5, 1.0, -2.0]), []

    def of(x, k):
        calls.append(k)
        return jnp.sum(jnp.sin(x) * weights[k])

    points = lambda rng: (rng.normal(size=3), np.int64(rng.integers(0, 3)))
    gradient = lambda x, k: np.cos(x) * weights[k]

    assert judged(gradient, of, points).verdict is Verdict.CORRECT
    assert len(calls) < 200  # and not one call for each of thousands of rows
    assert judged(lambda x, k: np.cos(x), of, points).verdict is Verdict.WRONG


def test_whole_numbers_lose_nothing_in_float16():
    variation = lambda x: np.abs(np.diff(np.asarray(x))).sum()
    signs = lambda x: np.sign(np.diff(x))
    gradient = lambda x: np.append(0.0, signs(x)) - np.append(signs(x), 0.0)
    doubled = lambda x: 2.0 * gradient(x)

    right = judged(gradient, variation, normal(4))
    assert right.verdict is Verdict.CORRECT
    assert judged(doubled, variation, normal(4)).verdict is Verdict.WRONG


def test_a_callback_that_cannot_be_batched_is_compiled_once():
    """It was compiled at each of its hundreds of calls, which looked as if it hung."""
    traced = []

    def of(x):
        traced.append(x)
        host = lambda v: np.asarray(np.sum(np.sin(np.asarray(v))))
        return jax.pure_callback(host, jax.ShapeDtypeStruct((), x.dtype), x)

    right, wrong = (
        vf.validate(lambda x, k=k: k * np.cos(x), of, normal(3), cases=1, edges="none")
        for k in (1.0, 1.5)
    )
    assert (right.verdict, wrong.verdict) == (Verdict.CORRECT, Verdict.WRONG)
    assert len(traced) < 80
