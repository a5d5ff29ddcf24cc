"""x^n of negative x and whole n that are numbers of the program, as in a Vandermonde matrix."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.arithmetic import bounds as rules
from verification.arithmetic.bounded import Bounded
from verification.arithmetic.formats import format_of
from verification.measurement.budget import deviations, running_bound

FUNCTIONS = {
    "vander": lambda x: jnp.vander(x, 4),
    "powers": lambda x: x[:, None] ** jnp.arange(5.0)[None, :],
    "of a difference": lambda x: (x - 0.25)[:, None] ** jnp.arange(3.0)[None, :],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_at_negative_numbers_are_proven(name):
    of = FUNCTIONS[name]
    rule = lambda x, d: jax.vjp(of, x)[1](d)[0]
    off = lambda x, d: rule(x, d) * jnp.where(x < 0.0, 1.0 + 1e-12, 1.0)
    args = lambda rng: (rng.uniform(-1.5, 1.5, size=4),)
    asked = {"of": of, "args": args, "cases": 2, "edges": "none"}
    right, wrong = (vf.validate(r, **asked) for r in (rule, off))
    assert right.verdict == "correct" and right.oracle == "ball"
    assert wrong.verdict != "correct"


@pytest.mark.parametrize("n", [-3, 2, 3])
@pytest.mark.parametrize("x", [-1.75, -0.5, 0.75])
def test_the_bound_holds_what_an_error_does(x, n):
    """At both ends of the error, and it is no more than 1 % beyond the larger of them."""
    e = 1e-3
    float64 = format_of("float64")
    with np.errstate(all="ignore"):  # as every run of these rules
        found = rules.power(float64, Bounded(np.array(x), np.array(e)), Bounded(np.array(float(n))))
    moved = max(abs((x + s * e) ** float(n) - x**n) for s in (-1.0, 1.0))
    assert moved <= float(found.error) <= 1.01 * moved


def test_draws_of_a_whole_power_are_numbers_below_zero():
    powers = lambda x: x ** (jnp.asarray(3.0) - jnp.asarray(0.0))
    (sigma,) = deviations(powers, (np.array(-1.5),), "float32")
    assert 0.0 < sigma < 16 * 2.0**-24 * 1.5**3


def test_no_digit_is_known_where_the_power_is_not():
    unknown = running_bound(lambda x: x ** jnp.asarray(0.5), (np.array(-2.0),), "float64")
    assert not np.isfinite(unknown[0])
