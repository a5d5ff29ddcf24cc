"""Room for every right spelling of a function, and for no wrong one."""

import jax
import jax.numpy as jnp
import numpy as np

from verification.measurement.spelled import budget_spelled, float64_values
from verification.oracles import ball
from verification.oracles.question import ask

POINT = (np.array([0.3, -1.2]),)


def loss(x):
    return jnp.sum(x**2)


def longer(x):  # the same slopes, with more roundings
    return jnp.sum((x * 3.0 + x) * (x / 4.0))


def other(x):
    return jnp.sum(x**2 * 1.5 + 1e3 * x)


def test_a_right_spelling_widens_the_budget_and_a_wrong_one_does_not():
    truth = ball.gradient(ask(loss, POINT))
    own, wide, same = (
        budget_spelled(truth, [jax.grad(loss), *map(jax.grad, more)], POINT, "float32", (0,))
        for more in ((), (longer,), (other,))
    )
    assert (wide.allowed[0] > own.allowed[0]).all()
    np.testing.assert_array_equal(same.allowed[0], own.allowed[0])


def test_a_spelling_is_traced_once_for_all_points_of_a_shape():
    """A Hessian of a loop in Python took seconds to trace, at every case."""
    traced = []

    def counted(x):
        traced.append(1)
        return longer(x)

    gradients = [jax.grad(loss), jax.grad(counted)]
    for k in range(3):
        point = (POINT[0] + k,)
        truth = ball.gradient(ask(loss, point))
        found = budget_spelled(truth, gradients, point, "float32", (0,))
        own = budget_spelled(truth, gradients[:1], point, "float32", (0,))
        assert (found.allowed[0] > own.allowed[0]).all()
    assert len(traced) == 1
    float64_values(gradients[1], POINT, False)  # which is asked as it stands
    assert len(traced) == 2
