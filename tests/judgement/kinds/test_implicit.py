"""Functions given by an equation: right and wrong implicit gradients are told apart by proof."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.oracles.krawczyk import has_one_root
from verification.selftest.kinds.implicit import (
    EACH,
    PROBLEMS,
    SAID,
    cube,
    fixed,
    judged,
    newton,
    normal,
    zeros,
)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_implicit_gradient_is_right_by_proof(name):
    finding = judged(name, "")
    assert finding.verdict == "correct", finding.reason
    assert finding.oracle == "ball"


SOME = [*EACH[::5], *(pair for pair in EACH if pair[1] == "transposed")]
SOME = [pair for pair in dict.fromkeys(SOME) if pair[0] != "eigenvalue"]  # dear; in the benchmark


@pytest.mark.parametrize(("name", "mistake"), SOME)
def test_a_wrong_one_is_wrong(name, mistake):
    finding = judged(name, mistake)
    assert finding.verdict == "wrong"
    said = finding.explanation[0].mistake if finding.explanation else ""
    assert SAID[mistake] in said


def test_what_is_made_of_the_root_may_be_differentiated_too():
    loss = vf.implicit(cube, newton(cube, zeros), then=lambda x, a: jnp.sum(x * a))
    slope = lambda x: 1.0 / (3.0 * x**2 + 1.0)

    def gradient(a):
        x = loss.solve(a)
        return x + a * slope(x)

    asked = partial(vf.validate, of=loss, args=normal(2), cases=1)
    assert asked(gradient).verdict == "correct"
    assert asked(loss.solve).verdict == "wrong"
    curved = lambda a: jnp.diag(
        2.0 * slope(loss.solve(a)) - 6.0 * a * loss.solve(a) * slope(loss.solve(a)) ** 3
    )
    assert asked(curved, order=2).verdict == "correct"
    assert asked(lambda a: 1.001 * curved(a), order=2).verdict == "wrong"


def cut_off(w, b, d):
    x = newton(fixed, zeros)(w, b)
    slope = 1.0 - x**2
    weights = d
    for _ in range(9):
        weights = d + w.T @ (slope * weights)
    return jnp.outer(slope * weights, x), slope * weights


def test_a_series_that_is_cut_off_is_named_with_its_terms():
    _, _, draw = PROBLEMS["equilibrium"]
    of = vf.implicit(fixed, newton(fixed, zeros))
    finding = vf.validate(cut_off, of, draw, argnums=(0, 1), cases=1)
    assert "a series of 10 terms" in finding.explanation[0].mistake


def test_a_layer_with_a_rule_of_its_own_is_judged_with_its_value():
    solve = newton(cube, zeros)

    @jax.custom_vjp
    def layer(a):
        return solve(a)

    layer.defvjp(lambda a: (solve(a), a), lambda a, d: (d / (3.0 * solve(a) ** 2 + 1.0),))
    of = vf.implicit(cube, solve)
    assert vf.validate(layer, of, normal(2), cases=1).verdict == "correct"
    asked = {"of": of, "args": normal(2), "cases": 1}
    assert vf.validate(layer, **asked, argnums="a", under="jit").verdict == "correct"
    assert vf.validate(layer, **asked, order=2).verdict == "correct"
    still = lambda a: jax.lax.stop_gradient(solve(a))
    layer.defvjp(lambda a: (solve(a), a), lambda a, d: (d / (3.0 * still(a) ** 2 + 1.0),))
    assert vf.validate(layer, **asked, order=2).verdict == "wrong"
    layer.defvjp(lambda a: (solve(a), a), lambda a, d: (d / (3.0 * solve(a) + 1.0),))
    assert vf.validate(layer, of, normal(2), cases=1).verdict == "wrong"


def test_a_root_is_proven_or_refused():
    a = np.array([0.3, -0.7])
    assert has_one_root(cube, np.asarray(newton(cube, zeros)(a)), (a,))
    assert not has_one_root(cube, np.ones(2), (a,))
    double = lambda x, a: x**2 + 0.0 * a
    assert not has_one_root(double, np.full(2, 1e-9), (a,))
    lazy = vf.implicit(cube, lambda a: np.full(2, np.nan))
    with pytest.raises(ValueError, match="exactly one root"):
        vf.validate(lambda a, d: d, lazy, normal(2))


def test_what_is_no_function_is_said():
    with pytest.raises(TypeError, match="residual is 3; pass a function"):
        vf.implicit(3, cube)


def test_then_may_take_the_root_alone():
    squared = vf.implicit(cube, newton(cube, zeros), then=lambda x: jnp.sum(x**2))
    slope = lambda x: 1.0 / (3.0 * x**2 + 1.0)
    gradient = lambda a, twice=2.0: twice * squared.solve(a) * slope(squared.solve(a))
    assert vf.validate(gradient, of=squared, args=normal(2), cases=1).verdict == "correct"
    half = lambda a: gradient(a, 1.0)
    assert vf.validate(half, of=squared, args=normal(2), cases=1).verdict == "wrong"


def test_what_takes_a_cotangent_where_there_is_none_is_told_so():
    squared = vf.implicit(cube, newton(cube, zeros), then=lambda x: jnp.sum(x**2))
    found = vf.validate(lambda a, d: d * a, of=squared, args=normal(2), cases=1)
    assert found.verdict == "rejected" and "drop its last argument" in found.reason
    found = vf.validate(
        lambda a: a, of=squared._replace(then=lambda x, a: x), args=normal(2), cases=1
    )
    assert found.verdict == "rejected" and "add a last argument" in found.reason
