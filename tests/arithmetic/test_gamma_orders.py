"""The incomplete gamma function: of orders above 0 alone, as JAX has it."""

import jax
import numpy as np
import pytest
from flint import arb

import verification as vf
from verification.arithmetic import special_balls as balls


@pytest.mark.parametrize("f", [balls.lower, balls.upper, balls.gamma_density])
def test_an_order_below_zero_has_no_value(f):
    assert f(arb("-0.3"), arb("0.5")).is_nan() and f(arb("0.3"), arb("-0.5")).is_nan()
    assert f(arb("0.3"), arb("0.5")).is_finite()
    assert f(arb(0, 0.1), arb("0.5")).is_nan()  # an order that may be either


@pytest.mark.parametrize(("low", "verdict"), [(-0.9, "undecided"), (0.1, "correct")])
def test_no_slope_is_called_wrong_where_there_is_no_function(low, verdict):
    rule = lambda a, x, d: jax.vjp(lambda v: jax.lax.igamma(a, v), x)[1](d)[0]
    args = lambda rng: (rng.uniform(low, low + 0.8, size=1), rng.uniform(0.2, 1.0, size=1))
    asked = {"args": args, "argnums": 1, "cases": 1, "edges": "none"}
    found = vf.validate(rule, of=jax.lax.igamma, **asked)
    assert found.verdict == verdict
    assert np.isnan(np.asarray(jax.lax.igamma(-0.3, 0.5)))
