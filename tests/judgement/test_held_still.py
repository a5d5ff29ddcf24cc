"""What holds a value still is no mistake because differences of values move it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import verification as vf
from verification.adapters import jax_function
from verification.judgement.held_still import holds_still

SHAPE = jax.ShapeDtypeStruct((3,), np.float64)
hidden = lambda x: jax.pure_callback(np.sin, SHAPE, x, vmap_method="sequential")
POINT = (np.array([0.3, -0.8, 1.2]),)
STILL = {
    "hidden": lambda x: x * hidden(lax.stop_gradient(x)),
    "plain": lambda x: x * lax.stop_gradient(jnp.sin(x)),
    "under jit": lambda x: x * jax.jit(lambda y: lax.stop_gradient(jnp.cos(y)))(x),
    "a draw": lambda x: jax.random.gamma(jax.random.key(0), jnp.exp(x)),
}


@jax.custom_jvp
def ruled(x):
    return jnp.sin(lax.stop_gradient(x))


ruled.defjvp(lambda xs, ds: (ruled(*xs), jnp.cos(xs[0]) * ds[0]))
MOVES = {
    "inside of a function with a rule": lambda x: 3.0 * ruled(x),
    "nothing is held": lambda x: x * jnp.sin(x),
    "what falls out": lambda x: jax.nn.logsumexp(x),
    "a constant": lambda x: x * lax.stop_gradient(jnp.arange(3.0)),
}


@pytest.mark.parametrize("name", STILL | MOVES)
def test_it_is_seen_whether_the_derivative_is_another(name):
    assert holds_still((STILL | MOVES)[name], POINT, (0,)) is (name in STILL)


@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16])
@pytest.mark.parametrize("name", ["plain", "what falls out"])
def test_a_narrow_format_is_no_sign_of_it(name, dtype):
    assert holds_still((STILL | MOVES)[name], (POINT[0].astype(dtype),), (0,)) is (name in STILL)


def test_a_right_slope_is_undecided_and_not_wrong():
    of, sample = STILL["hidden"], lambda rng: (rng.normal(size=3),)
    found = vf.validate(jax_function.derivative(of), of=of, args=sample, cases=1, edges="none")
    assert str(found.verdict) == "undecided" and "held still" in found.reason
