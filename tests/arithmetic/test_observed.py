"""An observed number: its error in balls, its units where rounding is counted, and no slope."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.observed import is_in, observed
from verification.measurement.budget import deviations, running_bound
from verification.oracles import ball
from verification.oracles.question import ask

X = np.array([0.5, -2.0])


def product(error, units):
    """x times a number 3 that was observed."""

    def of(x):
        three = observed.bind(*(jnp.full(x.shape, v, x.dtype) for v in (3.0, error, units)))
        return jnp.sum(three * x)

    return of


@pytest.mark.parametrize("error", [0.0, 2.0**-20])
def test_balls_have_its_error(error):
    with jax.enable_x64(True):
        question = ask(product(error, 0.0), (X,))
    (found,) = ball.gradient(question)

    assert is_in(question.program) and not is_in(ask(jnp.sum, (X,)).program)
    assert (
        (found.mid == 3.0).all()
        and (error <= found.rad).all()
        and (found.rad <= error * (1.0 + 2.0**-20)).all()
    )


@pytest.mark.parametrize("dtype, unit", [("float32", 2.0**-24), ("bfloat16", 2.0**-8)])
def test_budgets_have_its_units(dtype, unit):
    slopes = jax.grad(product(1.0, 5.0))
    (bound,), (sigma,) = running_bound(slopes, (X,), dtype), deviations(slopes, (X,), dtype)

    assert (bound >= 5.0 * unit).all() and (bound <= 9.0 * unit).all()  # and one rounding of 3 d
    assert (sigma > unit).all() and (sigma < 5.0 * unit).all()
    (none,) = running_bound(jax.grad(product(1.0, 0.0)), (X,), dtype)
    assert (none < 5.0 * unit).all()


def test_it_is_the_identity_and_a_batch_of_it_is_one():
    rows = jnp.stack([jnp.asarray(X, jnp.float32)] * 2)
    assert (np.asarray(jax.vmap(product(1.0, 5.0))(rows)) == 3.0 * X.sum()).all()
    with_own = lambda x: observed.bind(x, 0.0 * x, 0.0 * x)
    assert (jax.jit(jax.vmap(with_own))(rows) == rows).all()
