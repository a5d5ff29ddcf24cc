"""Programs that write into arrays are proven as the functions that they are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from verification.arithmetic import references
from verification.arithmetic.references import has_references, without_references
from verification.oracles.ball import gradient
from verification.oracles.question import ask
from verification.vocabulary import NoRule

POINT = np.array([0.7, -1.2, 0.4, 1.5])


def written(x):
    ref = jax.new_ref(jnp.zeros_like(x))
    ref[...] = x * x
    ref[0] += jnp.sin(x[1])
    return jnp.sum(ref[...] * x)


def in_a_loop(x):
    ref = jax.new_ref(x)

    def body(i, _):
        ref[i] = ref[i] * ref[i + 1]

    lax.fori_loop(0, 3, body, None)
    return jnp.sum(ref[...])


@pytest.mark.parametrize("of", [written, in_a_loop])
def test_its_slope_is_proven(of, monkeypatch):
    with jax.enable_x64(True):
        by_jax = np.asarray(jax.grad(of)(POINT))
    (ball,) = gradient(ask(of, (POINT,), (0,), None))
    room = ball.rad + 8 * 2.0**-53 * abs(ball.mid)
    assert ball.proven and (abs(by_jax - ball.mid) <= room).all()
    assert (abs(1.001 * by_jax - ball.mid) > room).all()  # a mistake is outside
    monkeypatch.setattr(references, "PASS", "jax.no_such_module")
    references._discharged.cache_clear()
    with pytest.raises(NoRule):  # the control: a JAX that has no such pass
        gradient(ask(lambda x: of(x), (POINT,), (0,), None))
    references._discharged.cache_clear()


def test_what_is_given_to_write_into_stays_as_it_is():
    kept = jax.new_ref(jnp.zeros(4))

    def of(x):
        kept[...] = x
        return x * x

    plain = jax.make_jaxpr(lambda x: x * x)(POINT)
    assert without_references(plain) is plain
    program = jax.make_jaxpr(of)(POINT)
    assert without_references(program) is program
    assert has_references(jax.make_jaxpr(written)(POINT).jaxpr)
