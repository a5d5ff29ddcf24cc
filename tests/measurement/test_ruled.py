"""What is said to have a budget has one; what may have none is asked for it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import DTYPES, format_of
from verification.arithmetic.rounding import random_rounding
from verification.measurement.budget import budget, traced
from verification.measurement.ruled import RULED, is_ruled
from verification.measurement.subject import autodiff
from verification.vocabulary import Silent

X = np.array([0.5, 1.0, 2.0])


def loop(x):
    step = lambda c, v: (jnp.tanh(c * v) + jnp.maximum(c, 0.25), jnp.where(v > 1.0, c, v))
    total, rows = jax.lax.scan(step, jnp.ones((), x.dtype), x)
    return total + jnp.sum(rows)


def as_number(x):
    return jnp.sum(x * (jnp.sum(jnp.sin(x) ** 2 + jnp.cos(x) ** 2) > 3.0).astype(x.dtype))


def as_index(x):
    which = jnp.where(jnp.sin(x[0]) ** 2 + jnp.cos(x[0]) ** 2 > 1.0, 0, 1)
    return jnp.sum(x * which.astype(x.dtype))


def as_branch(x):
    near = jnp.sum(jnp.sin(x) ** 2 + jnp.cos(x) ** 2) > 3.0
    return jax.lax.cond(near, lambda: jnp.sum(x**2), lambda: jnp.sum(x))


ASKED = {"a number": as_number, "an index": as_index, "a branch": as_branch}


def program(function):
    gradient = autodiff(function, (0,), True)
    return gradient, traced(gradient, (X,))[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_primitive_of_the_list_has_both_rules(dtype):
    # split is taken apart before any rule
    for arithmetic in (bounds(format_of(dtype)), random_rounding(format_of(dtype))):
        assert not RULED - {"split"} - set(arithmetic.rules)


def test_a_loop_of_such_primitives_is_known_at_sight_and_has_a_budget():
    gradient, found = program(loop)
    assert is_ruled(found)
    for dtype in DTYPES:
        assert all(np.isfinite(leaf).all() for leaf in budget(gradient, (X,), dtype).allowed)


@pytest.mark.parametrize("name", ASKED)
def test_what_a_comparison_within_rounding_decides_is_asked(name):
    assert not is_ruled(program(ASKED[name])[1])


def test_a_branch_within_rounding_has_no_budget():
    with pytest.raises(Silent):
        budget(program(as_branch)[0], (X,), "float32")
