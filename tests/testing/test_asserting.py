"""assert_gradient: a finding where it is correct, and a failure that explains where it is not."""

from unittest import SkipTest

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.testing import GradientError, UndecidedError, assert_gradient, asserting

of = lambda w: jnp.sum(jnp.tanh(w) ** 2)
points = lambda rng: (rng.normal(size=3),)


def right(w):
    return 2 * np.tanh(w) * (1 - np.tanh(w) ** 2)


def half(w):
    return right(w) / 2


def unknown(w):
    return jnp.sum(jax.lax.approx_max_k(w, 5)[0])


OPEN = {"of": unknown, "args": lambda rng: (rng.uniform(1.2, 3.0, size=300),), "cases": 2}


def test_a_right_gradient_is_given_back_as_a_finding():
    assert assert_gradient(right, of=of, args=points, cases=2).verdict == "correct"


def test_arguments_may_be_given_by_position_and_a_rule_of_its_own_needs_no_of():
    assert assert_gradient(right, of, points, cases=1)
    cube = jax.custom_vjp(lambda x: x**3)
    cube.defvjp(lambda x: (x**3, x), lambda x, d: (2 * x**2 * d,))
    with pytest.raises(GradientError):
        assert_gradient(cube, args=points, cases=1)


def test_a_wrong_one_raises_its_finding_as_the_explanation():
    with pytest.raises(GradientError) as said:
        assert_gradient(half, of=of, args=points, cases=2)

    assert said.value.finding.verdict == "wrong"
    assert str(said.value).startswith("WRONG  ")
    assert "expected" in str(said.value) and "would have been seen: " in str(said.value)


def test_edges_decide_where_it_is_said():
    args = {"of": jnp.prod, "args": points, "cases": 2}
    divides = lambda w: np.prod(w) / w
    with pytest.raises(GradientError, match="0/0 at a zero"):
        assert_gradient(divides, **args)
    assert assert_gradient(divides, **args, edges="note").verdict == "correct"


def test_undecided_is_no_pass_unless_it_is_said_to_be_skipped():
    gradient = jax.jit(jax.grad(unknown))
    with pytest.raises(UndecidedError, match='undecided="skip"'):
        assert_gradient(gradient, **OPEN)
    with pytest.raises(SkipTest, match="is undecided: "):
        assert_gradient(gradient, **OPEN, undecided="skip")
    with pytest.raises(ValueError, match="undecided is 'pass'; it must be"):
        assert_gradient(gradient, **OPEN, undecided="pass")


def test_whoever_listens_hears_of_right_and_wrong(monkeypatch):
    evaluated = []
    monkeypatch.setattr(asserting, "LISTENERS", [evaluated.append])
    assert_gradient(right, of=of, args=points, cases=2)
    with pytest.raises(GradientError):
        assert_gradient(half, of=of, args=points, cases=2)

    assert [row["verdict"] for row in evaluated] == ["correct", "wrong"]
    assert evaluated[1]["location"]["line"] == half.__code__.co_firstlineno
    assert evaluated[1]["location"]["file"].endswith("test_asserting.py")
