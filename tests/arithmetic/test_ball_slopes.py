"""Slopes of the elementary functions against mpmath at 60 digits, and every tie on purpose."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flint import arb, ctx

from verification.arithmetic.balls import UNIT
from verification.oracles import ball
from verification.oracles.question import ask

SLOPES = {
    "tanh": (jnp.tanh, lambda x: mpmath.sech(x) ** 2),
    "logistic": (jax.nn.sigmoid, lambda x: mpmath.sech(x / 2) ** 2 / 4),
    "erf": (jax.lax.erf, lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    "erfc": (jax.lax.erfc, lambda x: -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    "exp": (jnp.exp, mpmath.exp),
    "exp2": (jnp.exp2, lambda x: mpmath.mpf(2) ** x * mpmath.log(2)),
    "expm1": (jnp.expm1, mpmath.exp),
    "log": (lambda x: jnp.log(jnp.abs(x)), lambda x: 1 / x),
    "log1p": (lambda x: jnp.log1p(jnp.square(x)), lambda x: 2 * x / (1 + x * x)),
    "sqrt": (lambda x: jnp.sqrt(x * x), mpmath.sign),
    "rsqrt": (lambda x: jax.lax.rsqrt(x * x), lambda x: -mpmath.sign(x) / x**2),
    "sin": (jnp.sin, mpmath.cos),
    "cos": (jnp.cos, lambda x: -mpmath.sin(x)),
    "cbrt": (jnp.cbrt, lambda x: 1 / (3 * mpmath.cbrt(abs(x)) ** 2)),
    "log2": (lambda x: jnp.log2(jnp.exp(x)), lambda x: 1 / mpmath.log(2)),
    "tan": (jnp.tan, lambda x: mpmath.sec(x) ** 2),
    "asin": (lambda x: jnp.arcsin(x / 4.0), lambda x: 1 / mpmath.sqrt(16 - x * x)),
    "acos": (lambda x: jnp.arccos(x / 4.0), lambda x: -1 / mpmath.sqrt(16 - x * x)),
    "atan": (jnp.arctan, lambda x: 1 / (1 + x * x)),
    "atan2 in y": (lambda x: jnp.arctan2(x, -3.0), lambda x: -3 / (x * x + 9)),
    "atan2 in x": (lambda x: jnp.arctan2(-3.0, x), lambda x: 3 / (x * x + 9)),
    "sinh": (jnp.sinh, mpmath.cosh),
    "cosh": (jnp.cosh, mpmath.sinh),
    "asinh": (jnp.arcsinh, lambda x: 1 / mpmath.sqrt(1 + x * x)),
    "acosh": (lambda x: jnp.arccosh(5.0 + x), lambda x: 1 / mpmath.sqrt((5 + x) ** 2 - 1)),
    "atanh": (lambda x: jnp.arctanh(x / 4.0), lambda x: 4 / (16 - x * x)),
    "erf_inv": (
        lambda x: jax.lax.erf_inv(x / 4.0),
        lambda x: mpmath.sqrt(mpmath.pi) / 8 * mpmath.exp(mpmath.erfinv(x / 4) ** 2),
    ),
    "steps": (lambda x: x * (jnp.floor(x) + jnp.ceil(x) + jnp.round(x)), None),
    "remainder": (lambda x: jax.lax.rem(5.0, x) + jax.lax.rem(x, 0.75), None),
    "integer power": (lambda x: x**-3, lambda x: -3 * x**-4),
    "division": (lambda x: (x - 2.0) / (x + 5.0), lambda x: 7 / (x + 5) ** 2),
    "power": (lambda x: jnp.abs(x) ** 1.75, lambda x: 1.75 * abs(x) ** 0.75 * mpmath.sign(x)),
    "exponent": (lambda x: 3.0**x, lambda x: mpmath.mpf(3) ** x * mpmath.log(3)),
}


STEPS = {
    "steps": lambda x: mpmath.floor(x) + mpmath.ceil(x) + mpmath.nint(x),
    "remainder": lambda x: 1 - mpmath.sign(x) * mpmath.floor(5 / abs(x)),
}


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("x", [-3.8125, 0.34375, 2.5])
def test_a_slope_holds_what_mpmath_says(name, x):
    function, reference = SLOPES[name]
    (leaf,) = ball.enclose(ask(function, (np.float64(x),)), 128)
    with ctx.workprec(256), mpmath.workdps(60):
        want = arb(mpmath.nstr((reference or STEPS[name])(mpmath.mpf(x)), 58))
        assert leaf[()].overlaps(want * (1 + arb(0, 1) * arb(10) ** -55))
        assert not leaf[()].overlaps(want * (1 + arb(2) ** -80))


KINKS = {
    "max": (lambda z: jnp.maximum(z, 0.0), 0, 1),
    "min": (lambda z: jnp.minimum(z, 0.0), 0, 1),
    "abs": (jnp.abs, -1, 1),
    "clip": (lambda z: jnp.clip(z, 0.0, 2.0), 0, 1),
    "max of one number twice": (lambda z: jnp.maximum(3.0 * z, -2.0 * z), -2, 3),
}


@pytest.mark.parametrize("name", KINKS)
def test_an_exact_tie_is_the_clarke_interval(name):
    function, left, right = KINKS[name]
    (leaf,) = ball.enclose(ask(function, (np.float64(0.0),)), 128)
    both_sides = arb(left).union(right)
    assert leaf[()].contains(both_sides)
    with ctx.workprec(128):
        assert leaf[()].rad() <= both_sides.rad() * 1.001


def test_a_clamp_hands_on_to_the_bound_that_holds():
    point = np.array([[-3.0, 0.5, 4.0], [-1.0, -1.0, -1.0], [2.0, 2.0, 2.0]])
    (leaf,) = ball.enclose(ask(lambda p: jax.lax.clamp(p[1], p[0], p[2]).sum(), (point,)), 128)
    assert leaf.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("step", [jnp.floor, jnp.ceil, jnp.round, jnp.sign])
def test_a_step_has_slope_0_where_it_is_flat_and_by_convention_at_a_jump(step):
    for x in (0.25, 2.0, 0.0, 0.5):
        (leaf,) = ball.enclose(ask(step, (np.float64(x),)), 128)
        assert leaf == 0
    jump = 0.5 if step is jnp.round else 0.0
    hidden = lambda z: step(jnp.tanh(z) ** 2 + 1.0 / jnp.cosh(z) ** 2 - 1.0 + jump)
    (leaf,) = ball.enclose(ask(hidden, (np.float64(0.7),)), 128)
    assert not leaf[()].is_finite()  # at a jump, but balls cannot know: nothing is known


def test_a_maximum_over_ties_shares_among_the_winners_alone():
    (leaf,) = ball.enclose(ask(lambda z: z.max(), (np.array([2.0, -1.0, 2.0]),)), 128)
    assert leaf[0].contains(UNIT) and leaf[2].contains(UNIT) and leaf[1] == 0


def hidden_one(z):
    """tanh(z)^2 + sech(z)^2 is 1, but balls cannot know."""
    return jnp.tanh(z) ** 2 + 4.0 / (jnp.exp(z) + jnp.exp(-z)) ** 2


def test_a_tie_that_is_not_exact_has_its_sides_and_no_slope_is_guessed():
    """Below 0.7 it is z, with slope 1; above z (0.3 + z), with 1.7."""
    kink = lambda z: jnp.maximum(hidden_one(z), 1.0 + (z - 0.7)) * z
    (said,) = ball.gradient(ask(kink, (np.float64(0.7),)))
    assert said.mid - said.rad <= 1.0 and said.mid + said.rad >= 1.7
    assert said.sides is not None and said.rad < 0.351


def test_a_tie_that_is_not_exact_has_the_slope_that_all_its_shares_have():
    still = lambda z: jnp.maximum(hidden_one(z), 1.0) * z
    (said,) = ball.gradient(ask(still, (np.float64(0.7),)))
    assert said.mid == 1.0 and said.rad < 1e-30
