"""Series agree with calculus, with mpmath, and catch a planted wrong slope of the sweep."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flint import arb, arb_series, ctx
from hypothesis import given
from hypothesis import strategies as st

from verification.arithmetic.interpreter import enter, run
from verification.arithmetic.series import SERIES, line, terms
from verification.vocabulary import NoRule, Undecided

FUNCTIONS = {
    "tanh": (jnp.tanh, mpmath.tanh),
    "logistic": (jax.nn.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "erf": (jax.lax.erf, mpmath.erf),
    "erfc": (jax.lax.erfc, mpmath.erfc),
    "log1p": (lambda x: jnp.log1p(x * x), lambda x: mpmath.log(1 + x * x)),
    "expm1": (jnp.expm1, mpmath.expm1),
    "rsqrt": (lambda x: jax.lax.rsqrt(x * x + 1.0), lambda x: 1 / mpmath.sqrt(x * x + 1)),
    "division": (lambda x: 1.0 / (x * x + 2.0), lambda x: 1 / (x * x + 2)),
    "power": (lambda x: (x * x + 1.0) ** 1.5, lambda x: (x * x + 1) ** mpmath.mpf(1.5)),
    "cube": (lambda x: x**3, lambda x: x**3),
    "inverse cube": (lambda x: (x * x + 1.0) ** -3, lambda x: (x * x + 1) ** -3),
    "waves": (lambda x: jnp.sin(x) * jnp.cos(x), lambda x: mpmath.sin(x) * mpmath.cos(x)),
}


def series(function, *args, order=2):
    program = jax.make_jaxpr(function)(*(np.zeros(np.shape(a)) for a in args))
    return run(program, list(args), SERIES)


SATURATED = jax.make_jaxpr(lambda x: (jax.lax.logistic(x), jnp.tanh(x)))(0.5)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", [-2.75, 0.3125, 1.625])
def test_coefficients_are_taylors(name, x):
    function, reference = FUNCTIONS[name]
    with ctx.workprec(160), terms(4):
        (out,) = series(function, line(np.array(x), np.array(1.0)))
        with mpmath.workdps(60):
            want = mpmath.taylor(reference, mpmath.mpf(x), 3)
        for n in range(4):
            error = arb(10) ** -25  # mpmath differentiates numerically, at 60 digits
            assert abs(out[()][n] - arb(mpmath.nstr(want[n], 50))) < error
            assert not abs(out[()][n] * (1 + arb(2) ** -50) - arb(mpmath.nstr(want[n], 50))) < error


@given(st.floats(-4, 4), st.floats(-4, 4))
def test_saturated_functions_keep_their_digits(x, v):
    far = np.array(500 * np.sign(x) + x)
    with ctx.workprec(128), terms(2):
        s, t = run(SATURATED, [line(far, np.array(v))], SERIES)
        assert s[()][1].overlaps(arb(v) / ((arb(float(far)) / 2).cosh() * 2) ** 2)
        assert t[()][1].overlaps(arb(v) / arb(float(far)).cosh() ** 2)
        assert v == 0 or min(s[()][1].rel_accuracy_bits(), t[()][1].rel_accuracy_bits()) > 100


def test_branches_follow_the_constant_term():
    with ctx.workprec(128), terms(2):
        x, y = line(np.array(1.5), np.array(2.0)), line(np.array(-0.5), np.array(3.0))

        def program(x, y):
            picked = jnp.where(x > y, jnp.maximum(x, y), 0.0) + jnp.minimum(x, y)
            return picked + jnp.abs(y) * jnp.sign(y) + jnp.clip(x, -1.0, 1.0)

        (out,) = series(program, x, y)
        assert (out[()][0], out[()][1]) == (1.5 - 0.5 - 0.5 + 1.0, 2.0 + 3.0 + 3.0 + 0.0)
        (stopped,) = series(lambda x: x * jax.lax.stop_gradient(x), x)
        assert stopped[()][1] == 3.0


@pytest.mark.parametrize("kinked", [jnp.abs, lambda x: jnp.maximum(x, 0.0), jnp.sign])
def test_a_kink_is_undecided(kinked):
    with terms(2), pytest.raises(Undecided, match="open"):
        series(kinked, line(np.array(0.0), np.array(1.0)))


def test_products_of_matrices_follow_the_product_rule():
    rng = np.random.default_rng(1)
    a, da, b, db = (
        rng.integers(-9, 9, shape).astype(float) for shape in 2 * [(2, 3)] + 2 * [(3, 4)]
    )
    with ctx.workprec(128), terms(2):
        (out,) = series(jnp.matmul, line(a, da), line(b, db))
        first = np.frompyfunc(lambda s: float(s[1].mid()), 1, 1)(out)
    assert (first == da @ b + a @ db).all()


def test_the_number_of_terms_is_restored_after_an_error():
    before = ctx.cap
    with pytest.raises(ZeroDivisionError), terms(before + 3):
        assert ctx.cap == before + 3 and arb_series([1, 2]).exp().length() == before + 3
        raise ZeroDivisionError
    assert ctx.cap == before


def test_unknown_primitives_have_no_rule():
    with pytest.raises(NoRule, match="digamma"):
        run(jax.make_jaxpr(jax.lax.digamma)(0.5), [enter(0.5, SERIES)], SERIES)
