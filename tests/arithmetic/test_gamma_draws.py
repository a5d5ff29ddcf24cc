"""Draws of the gamma distribution: the slope of the path of a fixed share, proven."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from flint import arb, ctx

import verification as vf
from verification.adapters import jax_function
from verification.arithmetic import gamma_draws, special_floats
from verification.arithmetic.arrays import box, each

DIGITS = 60
KEY = jax.random.key(1)
ORDERS = np.array([0.4, 1.0, 2.7])


@pytest.mark.parametrize("log_space", [False, True])
def test_the_slope_holds_sixty_digits_and_nothing_beside_them(log_space):
    drawn = gamma_draws.draw(KEY, ORDERS, log_space)
    with mp.workdps(DIGITS + 20), ctx.workprec(256):
        order, out = (box(each(lambda v: arb(float(v)))(x)) for x in (ORDERS, drawn))
        _, slopes = gamma_draws.slope_over_balls(out, KEY, order, log_space=log_space)
        for a, value, slope in zip(ORDERS.tolist(), drawn.tolist(), slopes, strict=True):
            x = mp.exp(value) if log_space else mp.mpf(value)
            share = mp.diff(lambda t, x=x: mp.gammainc(t, 0, x, regularized=True), a)
            exact = -share / (x ** (mp.mpf(a) - 1) * mp.exp(-x) / mp.gamma(a))
            exact = exact / x if log_space else exact
            assert holds(slope, exact) and not holds(slope, exact * (1 + mp.mpf("1e-40")))


def holds(ball: arb, exact) -> bool:
    """Whether the ball is thin, and within it or 1e-50 beside it lies the exact number."""
    near = arb(mp.nstr(exact, DIGITS)) + (arb(0, 1) * abs(arb(mp.nstr(exact, 10))) * arb("1e-50"))
    return bool(ball.overlaps(near)) and ball.rel_accuracy_bits() > 128


def scaled(factor: float):
    def of(a):
        return jnp.log(jax.random.gamma(KEY, a))

    def gradient(a, d):
        return factor * np.asarray(jax.vjp(of, jnp.asarray(a))[1](jnp.asarray(d))[0])

    return of, gradient


def test_jaxs_own_slope_is_proven_and_a_planted_mistake_is_wrong():
    of, mistaken = scaled(1.0001)
    asked = {"of": of, "args": lambda rng: (rng.uniform(0.5, 3.0, size=2),), "cases": 1}
    right = vf.validate(jax_function.derivative(of), **asked, edges="none")
    assert right and right.oracle == "ball"
    assert str(vf.validate(mistaken, **asked, edges="none").verdict) == "wrong"


def test_a_key_for_each_row():
    keys, orders = jax.random.split(KEY, 3), ORDERS[:, None] * np.ones((3, 2))
    drawn = gamma_draws.draw(keys, orders, False)
    for key, order, row in zip(keys, orders, drawn, strict=True):
        assert np.array_equal(row, np.asarray(jax.random.gamma(key, order)))


def test_a_loop_of_jax_is_compiled_once(caplog):
    a, x = np.array([0.3, 2.0]), np.array([0.1, 3.0])

    def compiled(function):
        caplog.clear()
        with jax.log_compiles():
            function(a, x)
        return sum("Finished XLA compilation" in one.getMessage() for one in caplog.records)

    name = "random_gamma_grad"
    special_floats.TABLE[name].value(a, x)
    assert compiled(special_floats.TABLE[name].value) == 0
    with jax.enable_x64(True):
        jax.lax.random_gamma_grad(a, x)
        assert compiled(jax.lax.random_gamma_grad) > 0
