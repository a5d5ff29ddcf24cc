"""Comparisons that rounding may turn: the budget holds both sides of what they choose."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.arithmetic import samples
from verification.measurement.budget import budget, deviations

NEAR = np.array([0.6640625, 0.021240234375, 0.314453125])  # 0.99976 in all; 1 in bfloat16
TENTHS = np.array([0.7, 0.1, 0.2])  # not 1 in all in rationals, nor in every order in float64
FAR = np.array([0.5, 0.125, 0.25])
CHOSEN = {
    "window": lambda s: jnp.abs(s - 1.0) < 1e-6,
    "two sides": lambda s: (s >= 1.0) & (s <= 1.0),
    "not outside": lambda s: ~((s < 1.0) | (s > 1.0)),
    "equal": lambda s: s == 1.0,
    "above": lambda s: s >= 1.0,
}


def slope(name):
    return jax.grad(lambda x: jnp.where(CHOSEN[name](jnp.sum(x)), jnp.sum(x**2), 0.0))


def is_open(name, x, dtype) -> bool:
    """Whether the budget holds the other side, which is 2 x away."""
    (allowed,) = budget(slope(name), (x,), dtype).allowed
    return bool((allowed > 2.0 * x).all())


@pytest.mark.parametrize("name", CHOSEN)
def test_both_sides_are_held_where_rounding_reaches_the_comparison(name):
    assert is_open(name, NEAR, "bfloat16")
    assert not is_open(name, FAR, "bfloat16")


@pytest.mark.parametrize("name", ["equal", "above"])
def test_in_float64_too_whose_draws_are_coarser(name):
    assert is_open(name, TENTHS, "float64")
    assert not is_open(name, FAR, "float64")


@pytest.mark.parametrize("name", ["window", "two sides", "equal"])
def test_no_draw_comes_into_a_window_by_itself(monkeypatch, name):
    monkeypatch.setattr(samples, "_turned", lambda found, reached: found)
    assert not is_open(name, NEAR, "bfloat16")


def test_what_a_choice_fell_on_is_no_gate():
    (sigma,) = deviations(
        jax.grad(lambda x: jnp.max(jnp.tanh(x))), (np.array([0.3, 0.8]),), "float32"
    )
    assert (sigma < 1e-5).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_a_gate_masks_with_an_infinity_stays_known(dtype):
    masked = lambda x: jnp.where(jnp.tanh(x) > 0.1, jnp.tanh(x), -jnp.inf)
    slope = jax.grad(lambda x: jax.nn.logsumexp(masked(x)))
    (sigma,) = deviations(slope, (np.array([0.7, -0.4, 0.3]),), dtype)
    assert (sigma < 1e-5).all()


def test_a_right_gradient_is_not_refused_and_a_wrong_one_is():
    of = lambda x: jnp.where(jnp.sum(x) >= 1.0, 2.0, 1.0) * jnp.sum(x**2)
    sample = lambda rng: (rng.dirichlet(np.ones(3)),)
    asked = {"of": of, "args": sample, "cases": 4, "edges": "none"}
    for dtype in ("float64", "float32"):
        assert vf.validate(jax.grad(of), dtype=dtype, **asked).verdict in ("correct", "undecided")
    assert vf.validate(lambda x: 99.0 * x, **asked).verdict == "wrong"
