"""The special functions: balls hold 60 digits, budgets hold JAX's own, mistakes are seen."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax

import verification as vf
from verification.arithmetic import special_balls
from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import format_of
from verification.arithmetic.special_floats import FLOAT32, SLOPES, TABLE

DIGITS = 60
X = (0.015, 0.5, 1.0, 1.4616321449683623, 2.0, 3.75, 41.0)
BELOW_0 = (-0.25, -2.449402126823381, -7.5)
PAIRS = [(a, x) for a in (0.3, 1.0, 4.5) for x in (0.01, 0.9, 4.5, 23.0)]
shares = lambda a, x: mp.gammainc(a, 0, x, regularized=True)
in_order = lambda a, x: mp.diff(lambda t: shares(t, x), a)
density = lambda a, x: x ** (a - 1) * mp.exp(-x) / mp.gamma(a)
bessel = lambda n, x: mp.besseli(n, x) * mp.exp(-abs(x))
# name -> its value by mpmath, the slopes by mpmath, and points
EXACT = {
    "lgamma": (lambda x: mp.log(abs(mp.gamma(x))), (mp.digamma,), [(x,) for x in X + BELOW_0]),
    "digamma": (mp.digamma, (lambda x: mp.psi(1, x),), [(x,) for x in X + BELOW_0]),
    "polygamma": (
        lambda n, x: mp.psi(int(n), x),
        (None, lambda n, x: mp.psi(int(n) + 1, x)),
        [(n, x) for n in (0.0, 1.0, 4.0) for x in X],
    ),
    "igamma": (shares, (in_order, density), PAIRS),
    "igammac": (
        lambda a, x: 1 - shares(a, x),
        (lambda a, x: -in_order(a, x), lambda a, x: -density(a, x)),
        PAIRS,
    ),
    "igamma_grad_a": (in_order, (), PAIRS),
    "random_gamma_grad": (lambda a, x: -in_order(a, x) / density(a, x), (), PAIRS),
    "regularized_incomplete_beta": (
        lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
        (None, None, lambda a, b, x: x ** (a - 1) * (1 - x) ** (b - 1) / mp.beta(a, b)),
        [(a, b, x) for a in (0.4, 3.0) for b in (1.0, 5.5) for x in (0.02, 0.5, 0.97)],
    ),
    "bessel_i0e": (
        lambda x: bessel(0, x),
        (lambda x: mp.diff(lambda t: bessel(0, t), x),),
        [(s * x,) for x in X for s in (1, -1)],
    ),
    "bessel_i1e": (
        lambda x: bessel(1, x),
        (lambda x: mp.diff(lambda t: bessel(1, t), x),),
        [(s * x,) for x in X for s in (1, -1)],
    ),
}
MORE = {"igamma_grad_a": "igamma_grad_a", "regularized_incomplete_beta": "betainc"}


def holds(ball: arb, exact) -> bool:
    """Whether the ball is thin, and within it or 1e-50 beside it lies the exact number."""
    near = arb(mp.nstr(exact, DIGITS)) + (arb(0, 1) * abs(arb(mp.nstr(exact, 10))) * arb("1e-50"))
    return bool(ball.overlaps(near)) and ball.rel_accuracy_bits() > 90


@pytest.mark.parametrize("name", EXACT)
def test_balls_hold_sixty_digits_and_nothing_beside_them(name):
    value, slopes, points = EXACT[name]
    with mp.workdps(DIGITS + 20), ctx.workprec(256):
        for point in points:
            at = [np.array(arb(x), object) for x in point]
            exact = [mp.mpf(x) for x in point]
            out = special_balls.VALUES[name](*at)
            pairs = [(out, value(*exact))]
            if slopes:
                made = special_balls.SLOPES[name](out, *at)
                pairs += [(b, f(*exact)) for b, f in zip(made, slopes, strict=True) if f]
            for ball, number in pairs:
                ball = np.asarray(ball, object).ravel()[0]
                if number != 0:
                    assert holds(ball, number), (name, point, ball, number)
                    assert not holds(ball, number * (1 + mp.mpf("1e-40"))), (name, point)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_a_bound_holds_what_jax_answers_and_is_not_endless(name, dtype):
    value, _, points = EXACT[name]
    target = format_of(dtype)
    arithmetic = bounds(target)
    columns = [np.array(column, jnp.dtype(dtype)) for column in zip(*points, strict=True)]
    with jax.enable_x64(True), mp.workdps(30), np.errstate(all="ignore"):
        got = np.asarray(TABLE[name].jax(*map(jnp.asarray, columns)), np.float64)
        exact = [value(*map(mp.mpf, map(float, row))) for row in zip(*columns, strict=True)]
        bound = arithmetic.rules[name](*map(arithmetic.lift, columns))
    off = np.array([float(abs(mp.mpf(g) - e)) for g, e in zip(got, exact, strict=True)])
    assert np.all(off <= bound.error), list(zip(points, off, bound.error, strict=True))
    most = 2000.0 if target.unit <= FLOAT32 else 1.6
    finite = np.isfinite(bound.error)  # what is too large for float16 is not
    size = 1.0 + abs(bound.value)
    assert np.all(bound.error[finite] <= most * target.unit * size[finite]) and finite.any()


def test_where_a_polygamma_is_0_between_its_poles_it_has_an_absolute_accuracy():
    """The terms on both sides cancel there; where they do not, a bound is of the value's size."""
    with mp.workdps(30):
        root = np.array([float(mp.findroot(lambda x: mp.psi(2, x), (-0.6, -0.4), "anderson"))])
    target, two = format_of("float32"), np.array([2.0])
    root = root.astype("float32")
    with jax.enable_x64(True), mp.workdps(30):
        got = float(lax.polygamma(jnp.float32(two), jnp.asarray(root))[0])
        off = abs(got - float(mp.psi(2, mp.mpf(float(root[0])))))
    arithmetic = bounds(target)
    rule = lambda x: arithmetic.rules["polygamma"](*map(arithmetic.lift, (two, x)))
    assert 40.0 * target.unit * abs(got) < off < rule(root).error[0]
    above = rule(np.array([3.75]))
    assert above.error[0] < 50.0 * target.unit * abs(above.value[0])


@pytest.mark.parametrize("name", sorted(SLOPES))
def test_slopes_of_explanations_are_those_of_the_balls(name):
    _, _, points = EXACT[name]
    for point in points[:6]:
        at = [np.array(arb(x), object) for x in point]
        proven = special_balls.SLOPES[name](special_balls.VALUES[name](*at), *at)
        floats = [np.array(x) for x in point]
        said = SLOPES[name](TABLE[name].value(*floats), *floats)
        for one, other in zip(proven, said, strict=True):
            if other is not None:
                here = float(np.asarray(one, object).ravel()[0])
                assert abs(float(other) - here) <= 1e-12 * (1.0 + abs(here))


JUDGED = {
    "lgamma": (lax.lgamma, lax.digamma, (0.2, 5.0)),
    "digamma": (lax.digamma, lambda x: lax.polygamma(jnp.ones_like(x), x), (0.2, 5.0)),
    "bessel_i0e": (lax.bessel_i0e, lambda x: lax.bessel_i1e(x) - lax.bessel_i0e(x), (0.2, 5.0)),
    "gammainc": (
        lambda x: jax.scipy.special.gammainc(2.5, x),
        lambda x: jnp.exp(1.5 * jnp.log(x) - x - lax.lgamma(jnp.full_like(x, 2.5))),
        (0.2, 5.0),
    ),
    "gammainc in a": (
        lambda a: jax.scipy.special.gammainc(a, 1.5),
        lambda a: lax.igamma_grad_a(a, jnp.full_like(a, 1.5)),
        (0.5, 3.0),
    ),
}


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_slope_is_correct_and_a_planted_mistake_is_wrong(name, dtype):
    of, slope, ends = JUDGED[name]
    asked = {"of": of, "args": lambda rng: (rng.uniform(*ends, size=4),)}
    asked |= {"dtype": dtype, "cases": 2, "edges": "none"}
    right = vf.validate(lambda x, d: d * slope(x), **asked)
    wrong = vf.validate(lambda x, d: d * slope(x) * 1.01, **asked)
    assert [str(right.verdict), str(wrong.verdict)] == ["correct", "wrong"], str(right)
    assert right.oracle == "ball"
