"""Balls hold the truth (mpmath at 60 digits), and never guess a comparison."""

import time

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flint import arb, arb_mat, ctx
from hypothesis import given
from hypothesis import strategies as st

from verification.arithmetic import balls as arithmetic
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
log2 = getattr(jax.lax, "log2", jnp.log2)  # a primitive of its own since JAX 0.12
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
    "cbrt": (jnp.cbrt, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x))),
    "log2": (lambda x: log2(1.5 + x * x), lambda x: mpmath.log(1.5 + x * x, 2)),
    "tan": (jnp.tan, mpmath.tan),
    "asin": (lambda x: jnp.arcsin(jnp.sin(x) / 2.0), lambda x: mpmath.asin(mpmath.sin(x) / 2)),
    "acos": (lambda x: jnp.arccos(jnp.sin(x) / 2.0), lambda x: mpmath.acos(mpmath.sin(x) / 2)),
    "atan": (jnp.arctan, mpmath.atan),
    "atan2": (lambda x: jnp.arctan2(x, -0.5), lambda x: mpmath.atan2(x, mpmath.mpf(-0.5))),
    "sinh": (jnp.sinh, mpmath.sinh),
    "cosh": (jnp.cosh, mpmath.cosh),
    "asinh": (jnp.arcsinh, mpmath.asinh),
    "acosh": (lambda x: jnp.arccosh(1.5 + x * x), lambda x: mpmath.acosh(1.5 + x * x)),
    "atanh": (lambda x: jnp.arctanh(jnp.sin(x) / 2.0), lambda x: mpmath.atanh(mpmath.sin(x) / 2)),
    "erf_inv": (
        lambda x: jax.lax.erf_inv(jnp.sin(x) / 2.0),
        lambda x: mpmath.erfinv(mpmath.sin(x) / 2),
    ),
    "power": (lambda x: (x * x) ** 0.75, lambda x: (x * x) ** mpmath.mpf(0.75)),
}


JUMPS = {
    "floor": (jnp.floor, mpmath.floor),
    "ceil": (jnp.ceil, mpmath.ceil),
    "to even": (lambda x: jax.lax.round(x, jax.lax.RoundingMethod.TO_NEAREST_EVEN), mpmath.nint),
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


@pytest.mark.parametrize("name", JUMPS)
@given(x=st.integers(-40, 40).map(lambda k: k / 4))
def test_a_jump_is_taken_as_mpmath_takes_it_at_ties_too(name, x):
    function, reference = JUMPS[name]
    (out,) = balls(function, arb(x))
    assert out[()] == int(reference(mpmath.mpf(x))) and out[()].is_exact()


def test_a_ball_that_holds_a_jump_holds_both_sides_of_it():
    (away,) = balls(lambda x: jax.lax.round(x, jax.lax.RoundingMethod.AWAY_FROM_ZERO), arb(-2.5))
    assert away[()] == -3
    for function, low, high in ((jnp.floor, 0, 1), (jnp.ceil, 1, 2), (jnp.round, 1, 1)):
        (out,) = balls(function, arb(1, 0.25))
        assert out[()].contains(low) and out[()].contains(high)
    (out,) = balls(jnp.round, arb(0.5).union(0.75))  # 0.5 itself goes to 0
    assert out[()].contains(0) and out[()].contains(1)


def test_the_cube_root_of_a_ball_around_0():
    (out,) = balls(jnp.cbrt, arb(0, 8))
    assert out[()].contains(arb(-2)) and out[()].contains(arb(2)) and not out[()].contains(arb(3))


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


def test_predicates_and_integers_are_picked_by_predicates():
    def flags(x):
        up = x > 1.0
        return up == (x > 5.0), up != (x > 5.0), jnp.where(up, 3, 7)

    (same, other, number) = balls(flags, arb(2))
    assert not same[()] and other[()] and number == 3 and number.dtype == int
    (same, other) = balls(lambda x: flags(x)[:2], arb(1, 0.5))
    assert same[()] is None and other[()] is None
    with pytest.raises(Undecided):
        balls(lambda x: flags(x)[2], arb(1, 0.5))
    (flag,) = balls(lambda x: jnp.where(x > 1.0, jnp.array(True), jnp.array(False)), arb(1, 0.5))
    assert flag[()] is None


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
        balls(lambda x: x.astype(int), WIDE)
    for value in (1.75, -1.75, 2.0):
        (cut,) = balls(lambda x: x.astype(int), arb(value))
        assert cut.dtype == int and cut == int(value)
    for endless in (arb.pos_inf(), arb.nan()):
        with pytest.raises(Undecided, match="integer"):
            balls(lambda x: x.astype(int), endless)
    (same,) = balls(lambda x: x.astype(jnp.float32), WIDE)
    assert same[()].contains(WIDE)


def test_precision_is_a_context_and_restored():
    before = ctx.prec
    with pytest.raises(ZeroDivisionError), ctx.workprec(before + 77):
        assert (arb(1) / 3).rel_accuracy_bits() > before
        raise ZeroDivisionError
    assert ctx.prec == before


def test_large_products_go_by_threads_and_have_the_same_bits(monkeypatch):
    rng = np.random.default_rng(1)
    a, b = (BALLS.lift(rng.normal(size=shape)) / 3 for shape in ((20, 70), (70, 30)))
    seen, before = [], ctx.threads

    class Watched(arb_mat):
        def __mul__(self, other):
            seen.append(ctx.threads)
            return arb_mat.__mul__(self, other)

    monkeypatch.setattr(arithmetic, "arb_mat", Watched)
    alone = arithmetic.matmul(a, b)
    monkeypatch.setattr(arithmetic, "LARGE", a.size * b.shape[1])
    monkeypatch.setattr(arithmetic, "TOGETHER", before + 1)
    together = arithmetic.matmul(a, b)
    assert seen == [before, before + 1] and ctx.threads == before
    pairs = list(zip(alone.flat, together.flat, strict=True))
    assert all(x.mid() == y.mid() and x.rad() == y.rad() for x, y in pairs)
