"""Losses of a difference: its square, or its square near 0 and its size far away."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .shapes import Scalar, same_shape


def mse(prediction: Float[Array, "*s"], target: Float[Array, "*t"]) -> Scalar:
    """mean (p - t)^2 over every entry.  Slope in p: 2 (p - t) / size."""
    same_shape("mse", prediction=prediction, target=target)
    error = prediction - target
    return jnp.mean(error * error)


def huber(prediction: Float[Array, "*s"], target: Float[Array, "*t"], delta: float = 1.0) -> Scalar:
    """mean of e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2), with e = p - t.

    Slope in p: e, held within +-delta, / size.  Raises ValueError for a delta that is not above 0.
    Huber 1964.
    """
    same_shape("huber", prediction=prediction, target=target)
    if not delta > 0.0:
        raise ValueError(f"delta is {delta!r}; huber wants delta > 0")
    return jnp.mean(huber_penalty(prediction - target, delta))


def huber_penalty(error: Float[Array, "*s"], delta: float) -> Float[Array, "*s"]:
    """e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2)."""
    size = jnp.abs(error)
    return jnp.where(size <= delta, 0.5 * error * error, delta * (size - 0.5 * delta))
