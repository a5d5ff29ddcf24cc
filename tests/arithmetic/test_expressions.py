"""Expressions: a program becomes its formula, and says on which path, read with which constants."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, Symbol

from verification.arithmetic.arrays import box
from verification.arithmetic.expressions import (
    EXPRESSIONS,
    cell,
    enclose,
    expressions,
    number,
)
from verification.arithmetic.interpreter import run
from verification.vocabulary import NoRule, Undecided

x, y = Symbol("x", real=True), Symbol("y", real=True)


def formulas(function, *args, arithmetic=EXPRESSIONS):
    shapes = [np.ones(np.shape(a)) for a in args]
    boxed = [box(np.asarray(a, dtype=object)) for a in args]
    return run(jax.make_jaxpr(function)(*shapes), boxed, arithmetic)


def formula(function, *args, at=None):
    where = cell({x: Rational(3, 4), y: Rational(-5, 8)} if at is None else at)
    (out,) = formulas(function, *args, arithmetic=expressions(where))
    return out[()], list(where.conditions)


def test_formulas_read_like_the_program():
    assert formula(lambda x: jnp.exp(-x) / (1.0 + x * x), x)[0] == sympy.exp(-x) / (1 + x**2)
    assert formula(jax.nn.sigmoid, x)[0] == 1 / (1 + sympy.exp(-x))
    assert formula(lambda x, y: jnp.dot(x, y), [x, 2 * x], [y, y + 1])[0] == x * y + 2 * x * (y + 1)


@pytest.mark.parametrize(
    ("function", "value", "conditions"),
    [
        (jnp.maximum, x, ["x > y"]),
        (jnp.minimum, y, ["x > y"]),
        (lambda x, y: jnp.abs(x * y), -x * y, ["x*y < 0"]),
        (lambda x, y: jnp.sign(y) * x, -x, ["y < 0"]),
        (lambda x, y: jnp.where(-2.0 * x < 0.0, y, x), y, ["x > 0"]),
        (lambda x, y: jnp.where((x > 2.0) | (y <= 0.0), x, y), x, ["x < 2", "y < 0"]),
        (lambda x, y: jnp.stack([x, y, 2.0 * y]).max(), x, ["x > y", "x > 2*y"]),
        (lambda x, y: jnp.maximum(-jnp.inf, x), x, []),
        (lambda x, y: jnp.maximum(x + y, y + x), x + y, []),
        (lambda x, y: jnp.where(x == x, y, x), y, []),
    ],
)
def test_branches_follow_the_sample_and_are_written_down(function, value, conditions):
    assert formula(function, x, y) == (value, conditions)


def test_the_other_side_of_a_branch_is_another_formula():
    far = {x: Rational(-3, 4), y: Rational(5, 8)}
    assert formula(jnp.maximum, x, y, at=far) == (y, ["x < y"])


def test_boundaries_and_missing_samples_are_undecided():
    with pytest.raises(Undecided, match="meet at the sample"):
        formula(jnp.maximum, x, y, at={x: Rational(1, 2), y: Rational(1, 2)})
    with pytest.raises(Undecided, match="no sample value"):
        formulas(jnp.maximum, x, y)


def test_expressions_that_are_the_same_need_no_sample_beside_the_boundary():
    same = lambda x: jnp.maximum(jax.nn.sigmoid(x) + jax.nn.sigmoid(-x), 1.0)
    value, conditions = formula(same, x)
    assert conditions == [] and sympy.simplify(value) == 1


def test_what_is_stopped_is_a_symbol_of_its_own():
    where = cell({x: Rational(3, 4)})
    stopped = lambda x: x * jax.lax.stop_gradient(jnp.tanh(x))
    (out,) = formulas(stopped, x, arithmetic=expressions(where))
    slope = sympy.diff(out[()], x).xreplace(where.frozen)
    assert slope == sympy.tanh(x)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (2.0**0.5, sympy.sqrt(2)),
        ((2.0 * np.pi) ** 0.5, sympy.sqrt(2 * sympy.pi)),
        (2.0 * (2.0 / np.pi) ** 0.5, 2 * sympy.sqrt(2 / sympy.pi)),
        (0.044715, Rational(44715, 10**6)),
        (3.0 * 0.044715, Rational(134145, 10**6)),
        (0.1, Rational(1, 10)),
        (2.0 / 7.0, Rational(2, 7)),
    ],
)
def test_constants_are_recognised_and_noted(value, meant):
    where = cell({})
    assert number(value, where) == meant
    assert where.constants == {value: meant}
    assert number(value, cell({}, literal=True)) == Rational(*value.as_integer_ratio())
    moved = value * (1 + 2.0**-40)
    assert number(moved, cell({})) == Rational(*moved.as_integer_ratio())


@given(st.floats(-1e3, 1e3))
def test_what_is_no_constant_is_the_fraction_it_denotes(value):
    where = cell({})
    got = number(value, where)
    assert got == where.constants.get(value, Rational(*value.as_integer_ratio()))
    with ctx.workprec(200):
        ulps = 5  # one, and half for each of three roundings, where an ulp may double
        assert abs(enclose(got, {}) - arb(value)) <= ulps * arb(np.spacing(abs(value)))


@given(st.floats(-30, 30), st.floats(0.01, 30))
def test_values_hold_the_truth(a, b):
    e = sympy.erf(x) * sympy.log(y) + sympy.tanh(x / y) ** 3 - sympy.sqrt(y) * sympy.pi + x**-2
    e = e.subs(x, x + 31)
    point = {x: Rational(*a.as_integer_ratio()), y: Rational(*b.as_integer_ratio())}
    with ctx.workprec(300):
        fine = enclose(e, point)
    with ctx.workprec(64):
        coarse = enclose(e, point)
    assert coarse.contains(fine) and fine.rel_accuracy_bits() > 200
    assert not coarse.contains(fine * (1 + arb(2) ** -30))


def test_functions_without_a_ball_have_no_rule():
    with pytest.raises(NoRule, match="gamma"):
        enclose(sympy.gamma(x), {x: Rational(1, 3)})
