"""The stated power is what is seen: just above it a fault is caught, at a tenth it is let go."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.vocabulary import Verdict


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_just_above_the_power_is_seen_and_a_tenth_is_not_called_wrong(
    verdict_of, of, points, dtype
):
    right = jax.jit(jax.grad(of))
    power = verdict_of(right, of, points, dtype).power["[0]"]

    def off_by(size):
        def gradient(w, x):
            g = np.array(right(w, x), np.float64)
            g[2] += size * np.sqrt(np.mean(g * g))
            return g

        return verdict_of(gradient, of, points, dtype).verdict

    assert off_by(1.01 * power) == Verdict.WRONG
    assert off_by(0.1 * power) == Verdict.CORRECT


def test_one_wrong_entry_is_seen_as_surely_among_many_as_among_few(verdict_of):
    of = lambda w: jnp.sum(jnp.tanh(w) ** 2)
    right = jax.jit(jax.grad(of))

    def wrong(w):
        return np.asarray(right(w)).astype(np.float32) * np.where(
            np.arange(w.size) == 4, 1.001, 1.0
        )

    for n in (10, 3000):
        w = np.float32(np.random.default_rng(n).normal(size=n))
        assert verdict_of(wrong, of, [(w,)], "float32").verdict == Verdict.WRONG
        assert verdict_of(right, of, [(w,)], "float32").verdict == Verdict.CORRECT
