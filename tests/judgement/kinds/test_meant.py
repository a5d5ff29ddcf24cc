"""Derivatives that are meant to be others: the convention is named, and wrong twins are caught."""

import jax
import jax.numpy as jnp
import pytest

import verification as vf

numbers = lambda rng: (2.0 * rng.normal(size=3),)


def ruled(f, back):
    @jax.custom_vjp
    def function(x):
        return f(x)

    function.defvjp(lambda x: (f(x), x), lambda x, d: (back(x, d),))
    return function


same = lambda x: x
spike = lambda x: jnp.where(x > 0.0, 1.0, 0.0)
clipped = vf.cotangent(lambda d: jnp.clip(d, -0.5, 0.5))
inside = lambda x, d: jnp.where(jnp.abs(x) <= 1.0, d, 0.0)
open_inside = lambda x, d: jnp.where(jnp.abs(x) < 1.0, d, 0.0)
RIGHT = {
    "straight-through": (jnp.round, lambda x, d: d, "straight-through", "is handed on"),
    "by a function": (jnp.sign, lambda x, d: d, same, "is handed on"),
    "bounds included": (jnp.round, inside, lambda x: jnp.clip(x, -1.0, 1.0), "within bounds"),
    "bounds excluded": (jnp.round, open_inside, lambda x: jnp.clip(x, -1.0, 1.0), "within bounds"),
    "reversed": (same, lambda x, d: -d, "reversed", "gradient reversal"),
    "stopped": (jnp.sin, lambda x, d: 0.0 * d, "stopped", "nothing is handed on"),
    "clipped": (same, lambda x, d: jnp.clip(d, -0.5, 0.5), clipped, "of the cotangent after"),
    "spikes": (spike, lambda x, d: d / (1.0 + x * x), jnp.arctan, "that of arctan"),
}
WRONG = {
    "straight-through": (lambda x, d: 2.0 * d, open_inside),
    "by a function": (lambda x, d: d * x, lambda x, d: d[::-1]),
    "bounds included": (lambda x, d: d, lambda x, d: jnp.where(jnp.abs(x) <= 2.0, d, 0.0)),
    "bounds excluded": (lambda x, d: -open_inside(x, d), lambda x, d: jnp.where(x < 1.0, d, 0.0)),
    "reversed": (lambda x, d: d, lambda x, d: -0.5 * d),
    "stopped": (lambda x, d: d, lambda x, d: 1e-9 * d),
    "clipped": (lambda x, d: d, lambda x, d: jnp.clip(d, -0.5, 1.0)),
    "spikes": (lambda x, d: d / (1.0 + x), lambda x, d: d / (1.0 + jnp.abs(x))),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_convention_is_named(name):
    f, back, meant, said = RIGHT[name]
    finding = vf.validate(ruled(f, back), of=f, args=numbers, meant=meant, cases=3)
    assert finding.verdict == "correct", finding.reason
    assert said in finding.reason


@pytest.mark.parametrize("name", WRONG)
def test_wrong_twins_are_caught(name):
    f, _, meant, _ = RIGHT[name]
    for back in WRONG[name]:
        finding = vf.validate(ruled(f, back), of=f, args=numbers, meant=meant, cases=3)
        assert finding.verdict == "wrong", finding.reason
        assert "correct: the value" in finding.notes


def test_the_value_is_judged_against_the_function_itself():
    finding = vf.validate(
        ruled(jnp.floor, lambda x, d: d), jnp.round, numbers, meant="straight-through", cases=3
    )
    assert finding.verdict == "wrong" and finding.reason.startswith("the value: ")


def test_a_gradient_by_hand_may_be_meant_otherwise_too():
    asked = {"of": jnp.round, "args": numbers, "cases": 2, "meant": "straight-through"}
    assert vf.validate(lambda x, d: d, **asked).verdict == "correct"
    assert vf.validate(lambda x, d: 0.5 * d, **asked).verdict == "wrong"


def test_what_is_no_convention_is_said():
    with pytest.raises(ValueError, match="the names are straight-through, reversed, stopped"):
        vf.validate(lambda x, d: d, jnp.round, numbers, meant="ste")
    with pytest.raises(TypeError, match="pass a surrogate function or a name"):
        vf.validate(lambda x, d: d, jnp.round, numbers, meant=3)
