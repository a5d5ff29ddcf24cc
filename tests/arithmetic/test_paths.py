"""The longest path of a program counts its roundings one after another, not side by side."""

import jax
import jax.numpy as jnp
import numpy as np

from verification.arithmetic.paths import TYPICAL, Way, longest


def way(f, *shapes) -> Way:
    return longest(jax.make_jaxpr(f)(*(np.zeros(s) for s in shapes)))


def test_roundings_in_a_row_add_up_and_those_side_by_side_do_not():
    assert way(lambda x: jnp.exp(x) * 3.0, 4) == Way(TYPICAL["exp"] + 1, 2)
    assert way(lambda x: (x * 2.0) + (x * 3.0), 4) == Way(2, 2)
    assert way(lambda x: -jnp.abs(x[::-1]), 4) == Way(0, 0)


def test_a_loop_is_as_long_as_its_steps():
    def loop(x):
        return jax.lax.scan(lambda c, _: (jnp.sin(c), None), x, length=7)[0]

    assert way(loop, 3) == Way(7 * TYPICAL["sin"], 7)


def test_a_compiled_body_is_as_long_as_its_lines():
    f = lambda x: jnp.sum(jnp.tanh(x * x))

    assert way(jax.jit(f), 5) == way(f, 5) == Way(1 + TYPICAL["tanh"] + 1, 3)


def test_a_branch_counts_and_what_is_added_to_keeps_its_way():
    branch = lambda x: jax.lax.cond(x[0] > 0, jnp.sin, lambda v: v * 2.0 * 3.0, x * 5.0)
    assert way(branch, 3) == Way(1 + TYPICAL["sin"], 2)
    assert way(lambda x: jnp.exp(x).at[np.array([0])].add(1.0), 3) == Way(TYPICAL["exp"] + 1, 2)


def test_a_loop_of_steps_that_nobody_counts_is_counted_once():
    def halved(x):
        return jax.lax.while_loop(lambda s: s[0] > 1.0, lambda s: (s[0] / 2.0, s[1]), (x[0], x))

    assert way(lambda x: jnp.sum(halved(jnp.sin(x))[0]), 3).roundings >= 2
