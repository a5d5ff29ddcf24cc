"""Rationals never round: a program run in them equals Python's own fractions, entry by entry."""

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from verification.arithmetic.interpreter import enter, run
from verification.arithmetic.rationals import RATIONALS, fraction
from verification.oracles import rational
from verification.oracles.question import ask
from verification.vocabulary import NoRule, Undecided

floats = st.floats(-1e6, 1e6, allow_subnormal=True)


def rationally(function, *args) -> list:
    args = [np.asarray(a) for a in args]
    program = jax.make_jaxpr(function)(*args)
    return run(program, [enter(a, RATIONALS) for a in args], RATIONALS)


def plain(value) -> Fraction:
    return Fraction(int(value.p), int(value.q))


@given(floats, floats)
def test_arithmetic_is_that_of_fractions(a, b):
    (got,) = rationally(lambda x, y: (x * y - x) / (y * y + 1) + jnp.abs(x) * jnp.sign(y), a, b)
    x, y = Fraction(a), Fraction(b)
    assert plain(got[()]) == (x * y - x) / (y * y + 1) + abs(x) * ((y > 0) - (y < 0))


@given(st.lists(floats, min_size=6, max_size=6))
def test_products_of_matrices_are_exact(entries):
    a, b = np.reshape(entries[:6], (2, 3)), np.reshape(entries[::-1], (3, 2))
    (got,) = rationally(lambda a, b: jnp.einsum("ij,jk->ki", a, b), a, b)
    for i in range(2):
        for k in range(2):
            want = sum(Fraction(a[i, j]) * Fraction(b[j, k]) for j in range(3))
            assert plain(got[k, i]) == want


@given(st.lists(floats, min_size=2, max_size=5), floats)
def test_selections_are_decided(entries, level):
    x = np.array(entries)

    def program(x, level):
        kept = jnp.where((x > level) | (x == level), x, -x)
        return kept, jnp.clip(x, -3.0, level), x.max(), x.min(), (x <= level).sum()

    kept, clipped, top, bottom, count = rationally(program, x, level)
    assert [float(v) for v in kept] == [v if v >= level else -v for v in entries]
    assert [float(v) for v in clipped] == [min(max(v, -3.0), level) for v in entries]
    assert (float(top[()]), float(bottom[()])) == (max(entries), min(entries))
    assert count == sum(v <= level for v in entries)


EVEN, AWAY = jax.lax.RoundingMethod.TO_NEAREST_EVEN, jax.lax.RoundingMethod.AWAY_FROM_ZERO
STEPS = {
    "floor": (jnp.floor, math.floor),
    "ceil": (jnp.ceil, math.ceil),
    "to even": (lambda x: jax.lax.round(x, EVEN), round),
    "away": (lambda x: jax.lax.round(x, AWAY), lambda x: math.copysign(int(abs(x) + 0.5), x)),
}


@pytest.mark.parametrize("name", STEPS)
@given(st.integers(-30, 30).map(lambda k: k / 4))
def test_steps_are_taken_as_python_takes_them(name, x):
    function, reference = STEPS[name]
    (got,) = rationally(function, x)
    assert got[()] == int(reference(x)) and isinstance(got[()], fmpq)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_flat_and_its_jump_has_no_slope(name):
    step, jump = STEPS[name][0], 0.5 if name in ("to even", "away") else 0.0
    (flat,) = rational.exact(ask(lambda x: x * step(x), (np.float64(2.25),)))
    assert flat[()] == (3 if name == "ceil" else 2)
    with pytest.raises(Undecided, match="convention"):
        rational.exact(ask(step, (np.float64(2.0 + jump),)))
    rational.exact(ask(step, (np.float64(2.5 - jump),)))  # a jump of the others


def test_a_clamp_hands_on_to_the_bound_that_holds():
    point = np.array([[-3.0, 0.5, 4.0], [-1.0, -1.0, -1.0], [2.0, 2.0, 2.0]])
    (leaf,) = rational.exact(ask(lambda p: jax.lax.clamp(p[1], p[0], p[2]).sum(), (point,)))
    assert leaf.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("value", [2.75, -2.75, 0.0])
def test_casts_cut_off_towards_zero(value):
    whole, truth = rationally(lambda x: (x.astype(int), x.astype(bool)), value)
    assert whole == int(value) and whole.dtype == np.int64
    assert truth == bool(value) and truth.dtype == bool


def test_whole_powers_stay_rational_and_others_have_no_rule():
    (got,) = rationally(lambda x, y: x**y + x**-3, 0.3, 4.0)
    assert plain(got[()]) == Fraction(0.3) ** 4 + Fraction(0.3) ** -3
    with pytest.raises(NoRule, match="whole exponents"):
        rationally(lambda x, y: x**y, 0.3, 0.5)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_a_number_does_not_enter(value):
    with pytest.raises(NoRule, match="not a rational"):
        fraction(value)


def test_nothing_is_rounded_where_float64_would():
    (got,) = rationally(lambda x: (x + 1.0) - 1.0, 2.0**-80)
    assert got[()] == fmpq(1, 2**80)
    assert (2.0**-80 + 1.0) - 1.0 != 2.0**-80  # the rounded answer, which is another number


def test_transcendental_functions_have_no_rule():
    with pytest.raises(NoRule, match="'exp'"):
        rationally(jnp.exp, 1.5)
