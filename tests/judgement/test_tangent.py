"""Forward rules by hand: right ones in several spellings, wrong ones named at their line."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def f(x, y):
    return jnp.tanh(x) * y


def two(rng):
    return rng.normal(size=3), rng.normal(size=3)


def flat(x, y, dx, dy):
    return (1.0 - np.tanh(x) ** 2) * dx * y + np.tanh(x) * dy


def pair(xs, ds):
    (x, y), (dx, dy) = xs, ds
    return jnp.tanh(x) * y, y * dx / jnp.cosh(x) ** 2 + jnp.tanh(x) * dy


def tangent_alone(xs, ds):
    return pair(xs, ds)[1]


WRONG = {
    "a square": lambda x, y, dx, dy: (1.0 - np.tanh(x)) * dx * y + np.tanh(x) * dy,
    "a sign": lambda x, y, dx, dy: -(1.0 - np.tanh(x) ** 2) * dx * y + np.tanh(x) * dy,
    "a path": lambda x, y, dx, dy: (1.0 - np.tanh(x) ** 2) * dx * y,
    "exchanged": lambda x, y, dx, dy: flat(x, y, dy, dx),
    "transposed": lambda x, y, dx, dy: flat(x, y, dx[::-1], dy),
    "a value": lambda xs, ds: (2.0 * pair(xs, ds)[0], pair(xs, ds)[1]),
}


@pytest.mark.parametrize("right", [flat, pair, tangent_alone])
def test_each_way_of_writing_it_is_right(right):
    finding = vf.validate_jvp(right, f, two, cases=2)
    assert finding.verdict == "correct", finding.reason


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_caught(name):
    finding = vf.validate_jvp(WRONG[name], f, two, cases=2, edges="none")
    assert finding.verdict == "wrong" and finding.explanation


def test_the_term_is_named_at_its_line():
    finding = vf.validate_jvp(WRONG["a square"], f, two, cases=2, edges="none")
    first = finding.explanation[0]
    assert "taken to be 1 - a" in first.mistake and first.location.startswith("test_tangent.py")
    assert first.source == "return jnp.tanh(x) * y"


@pytest.mark.parametrize("size", [1, 2])
def test_one_argument_is_told_from_a_tuple_of_one(size):
    draw = lambda rng: (rng.normal(size=size),)
    bare, packed = lambda x, d: np.cos(x) * d, lambda xs, ds: np.cos(xs[0]) * ds[0]
    for rule in (bare, packed):
        assert vf.validate_jvp(rule, jnp.sin, draw, cases=1, edges="none").verdict == "correct"


def ruled(slope):
    @jax.custom_jvp
    def sine(x):
        return jnp.sin(x)

    sine.defjvp(lambda xs, ds: (jnp.sin(xs[0]), slope(xs[0]) * ds[0]))
    return sine


def test_a_custom_jvp_is_judged_forwards_at_any_size():
    many = lambda rng: (rng.normal(size=100),)
    right, wrong = ruled(jnp.cos), ruled(lambda x: -jnp.cos(x))
    assert vf.validate_jvp(right, args=many, cases=1, edges="none").verdict == "correct"
    assert vf.validate_jvp(wrong, args=many, cases=1, edges="none").verdict == "wrong"


def test_integers_have_no_tangents():
    of = lambda k, x: x**2 * 3.0
    rule = lambda k, x, dx: 6.0 * x * dx
    draw = lambda rng: (np.arange(3), rng.normal(size=3))
    assert vf.validate_jvp(rule, of, draw, cases=1, edges="none").verdict == "correct"


def test_a_rule_that_cannot_be_called_is_said():
    with pytest.raises(TypeError, match=r"jvp\(args, tangents\)"):
        vf.validate_jvp(lambda x: x, f, two)
