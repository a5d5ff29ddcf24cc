"""No output and no argument is a crash: integers, booleans, keys, None, empty arrays, strings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters import jax_function

KEY = jax.random.key(0)
vector = lambda rng: (rng.normal(size=3),)
FUNCTIONS = {
    "an index": (lambda x: (2.0 * x, jnp.argmax(x)), vector),
    "booleans": (lambda x: (x > 0.0, jnp.sin(x)), vector),
    "small integers": (lambda x: ((x > 0.0).astype(np.uint8), jnp.tanh(x)), vector),
    "a key": (lambda x: (2.0 * x, KEY), vector),
    "keys": (lambda x: (2.0 * x, {"next": jax.random.split(KEY)}), vector),
    "the key that it was given": (
        lambda x, k: (jnp.tanh(x), [k]),
        lambda rng: (rng.normal(size=3), jax.random.key(int(rng.integers(9)))),
    ),
    "nothing": (lambda x: (None, jnp.sin(x), (), {"k": None}), vector),
    "complex numbers": (lambda x: jnp.exp(jax.lax.complex(x, x)), vector),
    "an empty argument": (
        lambda x, e: 2.0 * x + e.sum(),
        lambda rng: (rng.normal(size=3), np.zeros((0, 2))),
    ),
    "a key among the arguments": (
        lambda x, k: x * jax.random.uniform(k, (3,), x.dtype),
        lambda rng: (rng.normal(size=3), jax.random.key(int(rng.integers(9)))),
    ),
    "a complex argument": (
        lambda z: jnp.abs(z),
        lambda rng: (rng.normal(size=2) + 1j * rng.normal(size=2),),
    ),
    "a name": (
        lambda x, n, how: n * (jnp.sin(x) if how == "sin" else x),
        lambda rng: (rng.normal(size=3), 3, "sin"),
    ),
    "a number": (lambda x: jnp.sin(x), lambda rng: (float(rng.normal()),)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_right_derivative_is_proven(name):
    of, sample = FUNCTIONS[name]
    asked = {"args": sample, "cases": 1, "edges": "none"}
    found = vf.validate(jax_function.derivative(of), of=of, **asked)
    assert found and found.oracle == "ball", found.reason
    wrong = jax_function.derivative(_doubled(of))
    assert str(vf.validate(wrong, of=of, **asked).verdict) == "wrong"


def _doubled(of):
    def doubled(*args):
        twice = lambda y: 2 * y if y.dtype.kind in "fc" else y
        return jax.tree.map(
            lambda y: y if jnp.issubdtype(y.dtype, jax.dtypes.extended) else twice(y), of(*args)
        )

    return doubled
