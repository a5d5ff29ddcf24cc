"""Symmetric and triangular arguments: the forms of a gradient that are right, and wrong twins."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement.structured import forms
from verification.vocabulary import Verdict


def spd(rng):
    a = rng.normal(size=(3, 3))
    return (a @ a.T / 3 + 0.5 * np.eye(3),)


def with_vectors(rng):
    return *spd(rng), rng.normal(size=3), rng.normal(size=3)


def factors(rng):
    return (np.tril(rng.normal(size=(3, 3)), -1) + np.diag(rng.uniform(0.7, 1.6, size=3)),)


def stacked(rng):
    return (np.stack([spd(rng)[0] for _ in range(2)]),)


def trace_of_cube(s):
    return jnp.trace(s @ s @ s)


def three_squares(s):
    return 3 * s @ s


def bilinear(s, u, v):
    return u @ s @ v


def of_symmetric(t):
    return 0.5 * (t + t.T)


def of_lower(t):
    return np.tril(t) + np.tril(t.T, -1)


def of_both(t):
    return t + t.T - np.diag(np.diag(t))


def squares(s):
    return jnp.sum(s**3)


SYMMETRIC = {  # gradient, of, sampler
    "symmetrised": (lambda s, u, v: of_symmetric(np.outer(u, v)), bilinear, with_vectors),
    "lower": (lambda s, u, v: of_lower(np.outer(u, v)), bilinear, with_vectors),
    "upper": (lambda s, u, v: of_lower(np.outer(u, v).T).T, bilinear, with_vectors),
    "the cookbook's": (lambda s, u, v: of_both(np.outer(u, v)), bilinear, with_vectors),
    "trace of the cube, pairs": (lambda s: of_both(three_squares(s)), trace_of_cube, spd),
    "trace of the cube, lower": (lambda s: of_lower(three_squares(s)), trace_of_cube, spd),
    "called only, symmetrised": (
        lambda s, u, v: of_symmetric(np.outer(u, v)),
        lambda s, u, v: (
            float(np.tril(s).ravel() @ np.outer(u, v).ravel() * 1.0)
            + float(np.tril(s, -1).T.ravel() @ np.outer(u, v).ravel())
        ),
        with_vectors,
    ),
    "a stack of them": (lambda s: 6 * np.tril(s**2, -1) + 3 * s**2 * np.eye(3), squares, stacked),
}

TRIANGULAR = {
    "lower": (lambda a: np.tril(3 * (a + 1) ** 2), lambda a: jnp.sum((a + 1) ** 3), factors),
    "upper": (
        lambda a: np.triu(3 * (a + 1) ** 2),
        lambda a: jnp.sum((a + 1) ** 3),
        lambda rng: (factors(rng)[0].T,),
    ),
}

CASES = [("symmetric", *case) for case in SYMMETRIC.values()]
CASES += [("triangular", *case) for case in TRIANGULAR.values()]
IDS = [*SYMMETRIC, *(f"{name} triangle" for name in TRIANGULAR)]


def judged(gradient, of, args, allow=(), **options):
    return vf.validate(gradient, of=of, args=args, cases=4, allow=allow, **options)


@pytest.mark.parametrize(("name", "gradient", "of", "args"), CASES, ids=IDS)
def test_the_form_is_wrong_and_named_and_accepted_where_it_is_allowed(name, gradient, of, args):
    refused, allowed = judged(gradient, of, args), judged(gradient, of, args, (name,))

    assert refused.verdict is Verdict.WRONG
    assert name in refused.conventions
    assert f'allow=("{name}",) accepts that convention' in refused.explanation[0].remedy
    first = next(iter(inspect.signature(of).parameters))
    assert f"({first} is {name} at every case)" in refused.reason
    assert allowed.verdict is Verdict.CORRECT, allowed.reason
    assert allowed.conventions == (name,)


TWINS = {
    "what is above is lost": (lambda s, u, v: np.tril(np.outer(u, v)), bilinear, with_vectors),
    "the diagonal twice": (
        lambda s, u, v: np.outer(u, v) + np.outer(v, u),
        bilinear,
        with_vectors,
    ),
    "transposed": (lambda s, u, v: np.outer(v, u), bilinear, with_vectors),
    "half of one triangle": (lambda s: np.tril(three_squares(s)), trace_of_cube, spd),
    "no derivative of it": (lambda s: of_lower(s), trace_of_cube, spd),
    "the sign": (lambda s, u, v: -of_lower(np.outer(u, v)), bilinear, with_vectors),
    "the other triangle": (
        lambda a: np.triu(3 * (a + 1) ** 2),
        lambda a: jnp.sum((a + 1) ** 3),
        factors,
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_what_is_wrong_along_structured_matrices_stays_wrong(name):
    gradient, of, args = TWINS[name]

    assert judged(gradient, of, args, ("symmetric", "triangular")).verdict is Verdict.WRONG


def test_one_draw_without_the_structure_and_it_is_no_convention():
    draws = iter([True] * 3 + [False] * 99)

    def sampler(rng):
        s, u, v = with_vectors(rng)
        return (s if next(draws) else s + np.triu(s, 1)), u, v

    found = judged(SYMMETRIC["lower"][0], bilinear, sampler, ("symmetric",))

    assert (found.verdict, found.conventions) == (Verdict.WRONG, ())


def test_a_form_goes_together_with_a_sign_and_a_factor():
    gradient = lambda s, u, v: -0.5 * of_lower(np.outer(u, v))
    found = judged(gradient, bilinear, with_vectors, ("negative", "half", "symmetric"))
    without = judged(gradient, bilinear, with_vectors, ("negative", "half"))

    assert found.verdict is Verdict.CORRECT
    assert found.conventions == ("negative", "half", "symmetric")
    assert without.verdict is Verdict.WRONG
    assert without.conventions == ("negative with half with symmetric",)


def test_a_right_gradient_has_no_form_and_neither_has_one_that_is_wrong_at_an_edge():
    """Where the derivative is symmetric itself, the symmetrised one explains nothing."""
    right = judged(lambda s: three_squares(s), trace_of_cube, spd, ("symmetric",))

    def small(s):
        return 3 * s**2 * (np.abs(s).max() < 1e3)

    wrong = judged(small, squares, spd, ("symmetric",), dtype="float64")

    assert (right.verdict is not Verdict.WRONG, right.conventions) == (True, ())
    assert (wrong.verdict is not Verdict.CORRECT, wrong.conventions) == (True, ())


def test_several_arguments_by_name_in_a_tree():
    of = lambda p, q: jnp.sum(p["s"] * q["m"]) + jnp.sum(jnp.sin(p["b"]))
    gradient = lambda p, q: ({"b": np.cos(p["b"]), "s": of_both(q["m"])}, {"m": p["s"]})
    sampler = lambda rng: (
        {"b": rng.normal(size=2), "s": spd(rng)[0]},
        {"m": rng.normal(size=(3, 3))},
    )
    found = judged(gradient, of, sampler, ("symmetric",), argnums=(0, 1))

    assert found.verdict is Verdict.CORRECT, found.reason
    assert "p['s'] is symmetric at every case" in found.reason


def test_the_structures_of_matrices():
    s = spd(np.random.default_rng(0))[0]

    assert forms(s) == ("symmetrised", "lower", "upper", "doubled")
    assert forms(s.astype(np.float32)) == forms(s) == forms(jax.numpy.asarray(s, "bfloat16"))
    assert forms(np.tril(s)) == ("lower alone",)
    assert forms(np.triu(s)) == ("upper alone",)
    assert forms(s + np.triu(s, 1) * 1e-9) == forms(s[0]) == forms(s[:2]) == ()
