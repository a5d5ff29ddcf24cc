"""Initialisers: (key, shape, dtype) -> weights, shape (in, out).  What they set is the variance."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Weights = Float[Array, "inputs outputs"]
Initializer = Callable[..., Weights]


def zeros(key: Key[Array, ""], shape: tuple[int, int], dtype=jnp.float32) -> Weights:
    """0 everywhere.  Hidden units then stay equal for ever: for biases and counterexamples."""
    del key
    return jnp.zeros(shape, dtype)


def glorot(key: Key[Array, ""], shape: tuple[int, int], dtype=jnp.float32) -> Weights:
    """Uniform, variance 2 / (in + out).  For tanh and sigmoid.  Glorot & Bengio 2010, eq. 16."""
    return _uniform(key, shape, dtype, variance=2.0 / sum(shape))


def he(key: Key[Array, ""], shape: tuple[int, int], dtype=jnp.float32) -> Weights:
    """Normal, variance 2 / in.  For ReLU and its kin.  He et al. 2015, eq. 10."""
    return _normal(key, shape, dtype, variance=2.0 / shape[0])


def lecun(key: Key[Array, ""], shape: tuple[int, int], dtype=jnp.float32) -> Weights:
    """Normal, variance 1 / in.  LeCun et al. 1998, Efficient BackProp, eq. 16."""
    return _normal(key, shape, dtype, variance=1.0 / shape[0])


def _uniform(key, shape, dtype, variance: float) -> Weights:
    limit = (3.0 * variance) ** 0.5
    return jax.random.uniform(key, shape, dtype, -limit, limit)


def _normal(key, shape, dtype, variance: float) -> Weights:
    return jax.random.normal(key, shape, dtype) * variance**0.5


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "glorot": glorot,
    "he": he,
    "lecun": lecun,
}
