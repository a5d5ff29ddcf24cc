"""Whether a loop goes on for as long as real numbers say, or for as often as an integer does."""

import jax
import jax.numpy as jnp
import pytest

from verification.arithmetic.inner_programs import waits

LOOPS = {
    "until it is small": (
        lambda x: jax.lax.while_loop(lambda c: c > 0.1, lambda c: c / 2, x),
        True,
    ),
    "under jit": (jax.jit(lambda x: jax.lax.while_loop(lambda c: c > 0.1, jnp.sin, x)), True),
    "three times": (lambda x: jax.lax.fori_loop(0, 3, lambda _, c: jnp.sin(c), x), False),
    "no loop": (lambda x: jnp.where(x > 0.1, x, 0.0), False),
}


@pytest.mark.parametrize("name", LOOPS)
def test_it_is_read_from_what_the_condition_compares(name):
    of, waiting = LOOPS[name]
    assert waits(jax.make_jaxpr(of)(jnp.float32(1.0)).jaxpr) is waiting
