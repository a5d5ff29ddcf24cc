"""Updates that meet on one place, products in groups, collectives under vmap, silent effects."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import verification as vf
from verification.adapters import jax_function

SEGMENTS = np.array([0, 0, 1, 1, 2, 0])
SIZES = np.array([2, 3], np.int32)  # one row belongs to no group


def told(x):
    jax.debug.callback(lambda v: None, x)
    return x * jnp.sin(x)


vector = lambda *shape: lambda rng: (rng.normal(size=shape),)
FUNCTIONS = {
    "segment_max": (lambda x: jax.ops.segment_max(x, SEGMENTS, 3), vector(6)),
    "segment_min": (lambda x: jax.ops.segment_min(x, SEGMENTS, 3), vector(6)),
    "windows that meet": (
        lambda x, u: jnp.asarray(x).at[np.array([[0], [2], [0]])].max(u),
        lambda rng: (rng.normal(size=(3, 2)), rng.normal(size=(3, 1, 2))),
    ),
    "ragged_dot": (
        lambda x, w: lax.ragged_dot(x, w, jnp.asarray(SIZES)),
        lambda rng: (rng.normal(size=(6, 3)), rng.normal(size=(2, 3, 4))),
    ),
    "psum under vmap": (
        lambda x: jax.vmap(lambda v: jnp.sin(v) * lax.psum(v, "i"), axis_name="i")(x),
        vector(4),
    ),
    "pmean of a matrix": (
        lambda x: jax.vmap(lambda v: v * lax.pmean(v * v, "i"), axis_name="i")(x),
        vector(3, 2),
    ),
    "a callback that tells": (told, vector(3)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_is_proven_and_a_mistake_of_a_percent_is_wrong(name):
    of, sample = FUNCTIONS[name]
    asked = {"args": sample, "cases": 1, "edges": "none"}
    right = vf.validate(jax_function.derivative(of), of=of, **asked)
    assert right and right.oracle == "ball", right.reason

    def mistaken(*args):
        *inputs, above = args
        (first, *_) = jax.vjp(of, *map(jnp.asarray, inputs))[1](jnp.asarray(above))
        return 1.01 * np.asarray(first)

    assert str(vf.validate(mistaken, of=of, argnums=0, **asked).verdict) == "wrong"


def test_updates_that_meet_are_the_largest_of_all():
    of, sample = FUNCTIONS["windows that meet"]
    args = sample(np.random.default_rng(0))
    expected = args[0].copy()
    for row, update in zip([0, 2, 0], args[1], strict=True):
        expected[row] = np.maximum(expected[row], update[0])
    assert np.array_equal(np.asarray(of(*map(jnp.asarray, args))), expected)
