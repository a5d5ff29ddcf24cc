"""A cast is named as such, also of leaves with one entry, and not taken for a factor near one."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def forward(w, b, x):
    return jnp.sum(jnp.tanh(w * x + b))


def right(w, b, x):
    d = 1.0 - np.tanh(w * x + b) ** 2
    return np.sum(d * x), np.sum(d)


def sample(rng):
    return rng.normal(), rng.normal(), rng.normal(size=7)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_single_entries_tell_a_cast_over_all_cases(dtype):
    gradient = lambda *args: tuple(np.float64(np.dtype(dtype).type(g)) for g in right(*args))
    finding = vf.validate(gradient, of=forward, args=sample, argnums=(0, 1), cases=4)

    assert finding.verdict in ("wrong", "inaccurate")
    assert finding.explanation[0].kind == "cast" and dtype in finding.explanation[0].mistake


def test_a_factor_near_one_that_is_no_cast_is_spelled_out():
    gradient = lambda *args: tuple(g * (1.0 + 3e-8) for g in right(*args))
    said = vf.validate(gradient, of=forward, args=sample, argnums=(0, 1), cases=4).explanation

    assert said[0].fits and "1 + 3e-08 times" in said[0].mistake
