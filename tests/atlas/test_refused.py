"""A function without a row has the reason that comes closest to a derivative."""

import jax
import jax.numpy as jnp
import pytest

from verification.atlas import refused
from verification.atlas.found import Found


def falls(x):
    raise ValueError("never | of these")


def doubled(x):
    """Three times, in a loop whose length JAX does not know."""
    after = lambda step: (step[0] + 1, 2.0 * step[1])
    return jax.lax.while_loop(lambda step: step[0] < 3, after, (0, x))[1]


SEEN = {
    jnp.argmax: refused.NO_NUMBERS,
    lambda shape: jnp.zeros(shape): refused.NO_ARGUMENT,
    doubled: refused.NO_DERIVATIVE + "ValueError: Reverse-mode",
    lambda x: jnp.full(int(x.sum()), 1.0): refused.NO_DERIVATIVE,
    lambda x: jnp.nan * jnp.sin(x): refused.NOT_FINITE,
    falls: refused.REFUSES + "ValueError: never / of these",
}


@pytest.mark.parametrize(("function", "reason"), SEEN.items(), ids=range(len(SEEN)))
def test_the_reason_is_what_was_seen(function, reason):
    found = Found("mine", function)
    (said,) = refused.every_suited(found)
    assert said.startswith(reason)


def test_what_has_a_row_has_no_reason():
    assert not any(isinstance(one, str) for one in refused.every_suited(Found("sin", jnp.sin)))
