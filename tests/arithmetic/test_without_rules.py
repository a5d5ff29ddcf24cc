"""A function without its custom rules is the same function, with the derivative of its program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.without_rules import without_rules


@jax.custom_vjp
def misruled(x):
    return jnp.sin(x)


misruled.defvjp(lambda x: (jnp.sin(x), x), lambda x, d: (3.0 * d,))


@jax.custom_jvp
def misruled_ahead(x):
    return jnp.sin(x)


misruled_ahead.defjvp(lambda xs, ds: (jnp.sin(xs[0]), 3.0 * ds[0]))


def scanned(x):
    return jax.lax.scan(lambda carry, row: (misruled(carry) + row, carry), x[0], x)[0]


def chosen(x):
    return jax.lax.cond(x[0] > 0.0, misruled_ahead, jnp.cos, x).sum()


@pytest.mark.parametrize(
    "f", [misruled, misruled_ahead, jax.jit(misruled), jax.checkpoint(misruled)]
)
def test_the_rule_is_opened(f):
    x = jnp.array([0.3, -1.7])
    bare = without_rules(f)
    np.testing.assert_array_equal(bare(x), f(x))
    slope = jax.grad(lambda x: bare(x).sum())(x)
    np.testing.assert_allclose(slope, jnp.cos(x), rtol=1e-15)
    assert (jax.grad(lambda x: f(x).sum())(x) == 3.0).all()


def test_inside_of_loops_and_branches_too():
    x = jnp.array([0.3, -1.7, 0.4])
    slope = jax.grad(without_rules(scanned))(x)
    by_hand = jnp.cos(scanned(x[:2])) * jnp.cos(jnp.sin(x[0]) + x[0]) * (jnp.cos(x[0]) + 1.0)
    np.testing.assert_allclose(slope[0], by_hand + 0.0, rtol=1e-14)
    np.testing.assert_allclose(jax.grad(without_rules(chosen))(x), jnp.cos(x), rtol=1e-15)
    np.testing.assert_allclose(jax.grad(without_rules(chosen))(-x), jnp.sin(x), rtol=1e-15)


@pytest.mark.parametrize("f", [jnp.max, jnp.min, jax.nn.relu, jnp.abs, jax.nn.logsumexp])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (1,)])
def test_choices_have_the_values_of_what_they_stand_for(f, shape):
    x = jnp.asarray(np.random.default_rng(3).normal(size=shape))
    np.testing.assert_array_equal(without_rules(f)(x), f(x))
    twice = lambda g: jax.grad(lambda x: jax.grad(lambda x: (g(x) ** 2).sum())(x).sum())(x)
    np.testing.assert_allclose(twice(without_rules(f)), twice(f), rtol=1e-13, atol=1e-15)
    over = lambda x: jnp.max(x, axis=0)
    np.testing.assert_array_equal(without_rules(over)(x), over(x))


def test_a_rule_of_a_program_that_takes_bits_is_kept():
    x = jnp.array([0.3, -5.0])
    for f in (lambda x: jnp.frexp(x)[0], lambda x: jnp.ldexp(jnp.sin(x), 3)):
        ours, theirs = (jax.jacobian(g)(x) for g in (without_rules(f), f))
        assert jnp.array_equal(ours, theirs) and ours.any()


def test_what_is_behind_a_stop_is_no_choice():
    """A tie of a number with itself is one in every direction: no side of it can be looked at."""
    stopped = lambda x: x - jax.lax.stop_gradient(jnp.maximum(x, jnp.min(x)))
    names = lambda f: str(jax.make_jaxpr(without_rules(f))(jnp.ones(3)))
    assert " max " in names(stopped) and " select_n" not in names(stopped)
    moving = lambda x: x - jnp.maximum(x, 0.5)
    assert " max " not in names(moving) and " select_n" in names(moving)
    inner = jax.jit(stopped)
    assert " max " in names(inner) and " select_n" not in names(inner)
