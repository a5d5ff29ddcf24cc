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
    "in a loop": lambda x: lax.fori_loop(0, 2, lambda _, c: c * lax.stop_gradient(c), x),
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


def test_a_right_slope_is_correct_where_the_rest_is_proven_and_undecided_where_it_is_not():
    around = lambda x: lax.fori_loop(0, 1, lambda _, c: STILL["hidden"](c), x)
    sample = lambda rng: (rng.normal(size=3),)
    for of, verdict in ((STILL["hidden"], "correct"), (around, "undecided")):
        own = jax_function.derivative(of)
        found = vf.validate(own, of=of, args=sample, cases=1, edges="none")
        assert str(found.verdict) == verdict, str(found)
    assert "held still" in found.reason


def test_a_slope_through_what_is_held_still_is_wrong():
    of, moved = STILL["hidden"], lambda x, d: d * (np.sin(x) + x * np.cos(x))
    found = vf.validate(moved, of, lambda rng: (rng.normal(size=3),), cases=1, edges="none")
    assert str(found.verdict) == "wrong", str(found)
