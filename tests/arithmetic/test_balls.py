"""Balls hold the truth (mpmath at 60 digits), and never guess a comparison."""

import time

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from verification.arithmetic.balls import (
    BALLS,
    both,
    either,
    equal,
    finite,
    less,
    negate,
    sigma,
)
from verification.arithmetic.interpreter import enter, run
from verification.vocabulary import Undecided

WIDE = arb(1).union(2)
HUGE = [3e38, -3e38, 1e308, -1e308, 1e4, -1e4]
FUNCTIONS = {
    "tanh": (jnp.tanh, mpmath.tanh),
    "logistic": (jax.nn.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "erf": (jax.lax.erf, mpmath.erf),
    "erfc": (jax.lax.erfc, mpmath.erfc),
    "expm1": (jnp.expm1, mpmath.expm1),
    "exp2": (jnp.exp2, lambda x: mpmath.mpf(2) ** x),
    "log1p": (lambda x: jnp.log1p(jnp.exp(x)), lambda x: mpmath.log1p(mpmath.exp(x))),
    "sqrt": (lambda x: jnp.sqrt(x * x), abs),
    "sin": (jnp.sin, mpmath.sin),
    "power": (lambda x: (x * x) ** 0.75, lambda x: (x * x) ** mpmath.mpf(0.75)),
}


def balls(function, *args):
    args = [a if isinstance(a, np.ndarray) else np.asarray(a, object) for a in args]
    program = jax.make_jaxpr(function)(*(np.zeros(a.shape) for a in args))
    return run(program, args, BALLS)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=st.floats(-20, 20, allow_subnormal=False))
def test_a_ball_holds_what_mpmath_says(name, x):
    function, reference = FUNCTIONS[name]
    program = PROGRAMS[name]
    with ctx.workprec(128), mpmath.workdps(60):
        (out,) = run(program, [enter(x, BALLS)], BALLS)
        want = arb(mpmath.nstr(reference(mpmath.mpf(x)), 58))
        slack = abs(want) * arb(10) ** -55
        assert (out[()] + arb(0, 1) * slack).overlaps(want)
        assert want == 0 or not (out[()] * (1 + arb(2) ** -90)).overlaps(want) or x == 0


PROGRAMS = {name: jax.make_jaxpr(f)(0.5) for name, (f, _) in FUNCTIONS.items()}


@pytest.mark.parametrize("x", HUGE)
def test_sigma_ends_quickly_and_usefully_at_huge_arguments(x):
    start = time.perf_counter()
    with ctx.workprec(128):
        value = sigma(arb(x))
        assert value.is_finite() and abs(value - (1 if x > 0 else 0)) < arb(2) ** -100
        for slope in (sigma(arb(x)) * sigma(arb(-x)), arb(x).sech() ** 2):
            assert abs(slope) < arb(2) ** -1074  # the true slope is below every float64
    assert time.perf_counter() - start < 1.0


def test_comparisons_of_overlapping_balls_are_open():
    inside = arb(1.5)
    assert less(WIDE, inside) is None and less(inside, WIDE) is None and equal(WIDE, inside) is None
    assert less(WIDE, arb(3)) is True and less(arb(3), WIDE) is False
    assert equal(WIDE, arb(3)) is False and equal(inside, arb(1.5)) is True
    assert equal(WIDE, WIDE) is True and equal(arb.nan(), arb.nan()) is not True


def test_infinities_compare_as_they_should():
    low, high = arb.neg_inf(), arb.pos_inf()
    for x in (arb(0), arb(-1e308), WIDE):
        assert less(low, x) is True and less(x, high) is True and equal(low, x) is False
        assert low.max(x).contains(x) and x.max(low).contains(x) and high.min(x).contains(x)
        assert x.max(low).rad() <= 2 * x.rad()
    assert finite(high) is False and finite(low) is False and finite(WIDE) is True
    assert finite(arb.nan()) is not True
    (out,) = balls(lambda x: jnp.maximum(-jnp.inf, x), arb(0.7))
    assert out[()] == arb(0.7)


def test_three_valued_logic():
    values = (True, False, None)
    for p in values:
        for q in values:
            worlds = {
                (a and b, a or b)
                for a in ([p] if p is not None else [True, False])
                for b in ([q] if q is not None else [True, False])
            }
            conjunctions, disjunctions = ({w[k] for w in worlds} for k in (0, 1))
            assert both(p, q) == (conjunctions.pop() if len(conjunctions) == 1 else None)
            assert either(p, q) == (disjunctions.pop() if len(disjunctions) == 1 else None)
    assert [negate(p) for p in values] == [False, True, None]


def test_an_open_comparison_leaves_nothing_known():
    (picked,) = balls(lambda x: jnp.where(x > 1.5, x, -x), WIDE)
    assert not picked[()].is_finite()
    (decided,) = balls(lambda x: jnp.where(x > 0.5, x, -x), WIDE)
    assert decided[()].contains(arb(1.25)) and not decided[()].contains(arb(-1.25))
    with pytest.raises(Undecided, match="branch"):
        balls(lambda x: jax.lax.cond(x > 1.5, lambda v: v, lambda v: -v, x), WIDE)


def test_casts():
    flags, whole = np.array([True, False]), np.array([3, -4])
    program = jax.make_jaxpr(lambda p, n: (p.astype(float), n.astype(float)))(flags, whole)
    ones, numbers = run(program, [flags, whole], BALLS)
    assert ones.tolist() == [1, 0] and numbers.tolist() == [3, -4]
    with pytest.raises(Undecided, match="integer"):
        balls(lambda x: x.astype(int), arb(1.5))
    (same,) = balls(lambda x: x.astype(jnp.float32), WIDE)
    assert same[()].contains(WIDE)


def test_precision_is_a_context_and_restored():
    before = ctx.prec
    with pytest.raises(ZeroDivisionError), ctx.workprec(before + 77):
        assert (arb(1) / 3).rel_accuracy_bits() > before
        raise ZeroDivisionError
    assert ctx.prec == before
