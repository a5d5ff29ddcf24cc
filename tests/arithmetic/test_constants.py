"""Whole numbers made of whole numbers are exact in each format; others are rounded."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.arithmetic import constants
from verification.arithmetic.constants import whole_numbers
from verification.measurement.budget import running_bound
from verification.oracles import ball
from verification.oracles.question import ask

POLYGAMMA = lambda x: jax.scipy.special.polygamma(2, x)
MASKED = lambda p: jax.scipy.stats.bernoulli.logpmf(1, p)  # -inf where 1 - 0 is above 1
SLOPES = {
    "polygamma": (POLYGAMMA, lambda x: jax.scipy.special.polygamma(3, x)),
    "bernoulli": (MASKED, lambda p: 1.0 / p),
}


def of_program(function):
    with jax.enable_x64(True):
        jaxpr = jax.make_jaxpr(function)(1.0).jaxpr
    return [float(x) for x in whole_numbers(jaxpr).values()]


def test_what_is_whole_and_small_is_found_and_nothing_else():
    chain = lambda x: x * jax.lax.sub(1.0, jax.lax.add(2.0, 3.0))
    assert of_program(chain) == [5.0, -4.0]
    assert of_program(lambda x: x * jax.lax.add(0.1, 0.2)) == []
    assert of_program(lambda x: x * jax.lax.add(200.0, 100.0)) == []
    assert of_program(lambda x: jax.lax.add(x, 1.0)) == []


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_slope_behind_one_is_decided_and_a_planted_mistake_is_wrong(name, dtype):
    of, slope = SLOPES[name]
    asked = {"of": of, "args": lambda rng: (rng.uniform(0.3, 0.9, size=4),), "dtype": dtype}
    asked |= {"cases": 2, "edges": "none"}
    right = vf.validate(lambda x, d: d * slope(x), **asked)
    wrong = vf.validate(lambda x, d: d * slope(x) * 1.5, **asked)
    assert [str(right.verdict), str(wrong.verdict)] == ["correct", "wrong"], str(right)


def test_a_rounding_of_one_would_leave_the_branch_open(monkeypatch):
    point = (np.array([0.3, 0.5]),)
    assert np.isfinite(running_bound(MASKED, point, "float32")[0]).all()
    monkeypatch.setattr("verification.arithmetic.interpreter.whole_numbers", lambda jaxpr: {})
    assert not np.isfinite(running_bound(MASKED, point, "float32")[0]).any()
    assert constants.LARGEST == 2**8


def test_a_scan_of_no_steps_stacks_nothing():
    scanned = lambda x, rows: jax.lax.scan(lambda c, v: (c * v, c), x, rows)
    with_rows = lambda x, rows: jnp.sum(scanned(x, rows)[0] * x) + jnp.sum(scanned(x, rows)[1])
    (slope,) = ball.gradient(ask(with_rows, (np.ones(3), np.zeros((0, 3)))))
    assert slope.mid.tolist() == [2.0, 2.0, 2.0] and not slope.rad.any()
