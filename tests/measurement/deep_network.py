"""Dense layers with norms: every layer multiplies the running bound, and not the error."""

import jax.numpy as jnp


def network(depth):
    def deep(w, x):
        for _ in range(depth):
            z = x @ w
            z = z - z.mean(-1, keepdims=True)
            x = z / jnp.sqrt((z * z).mean(-1, keepdims=True) + 0.01)
        return (jnp.tanh(x) ** 2).sum()

    return deep


def sample(rng):
    return rng.normal(size=(4, 4)), rng.normal(size=(1, 4))
