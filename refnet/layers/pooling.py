"""Pooling: the largest entry of each window, or the mean of its entries."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped


def max_pool(
    x: Float[Array, "..."], window: int = 2, stride: int | None = None, axes=(1, 2)
) -> Float[Array, "..."]:
    """y_i = max of x[s i], ..., x[s i + window - 1] along each axis; s is `window` if unsaid.

    Pullback: the largest entry has it all; entries that tie share alike, axis by axis.
    Raises ValueError where a window does not fit.  Boureau, Ponce & LeCun 2010.
    """
    for axis in axes:
        x = jnp.max(windows(x, window, stride or window, axis), axis=0)
    return x


def avg_pool(
    x: Float[Array, "..."], window: int = 2, stride: int | None = None, axes=(1, 2)
) -> Float[Array, "..."]:
    """y_i = mean of x[s i], ..., x[s i + window - 1] along each axis; s is `window` if unsaid.

    Pullback: every entry of a window has 1 / window of it.  Raises ValueError where a window does
    not fit.  LeCun et al. 1998, section II.
    """
    for axis in axes:
        x = jnp.mean(windows(x, window, stride or window, axis), axis=0)
    return x


def windows(
    x: Shaped[Array, "..."], window: int, stride: int, axis: int
) -> Shaped[Array, "window ..."]:
    """Entry k of every window, k first."""
    size = x.shape[axis]
    if window < 1 or stride < 1 or window > size:
        raise ValueError(
            f"window, stride are {window}, {stride} along an axis of {size}; "
            "at least 1 of each is wanted, and a window that fits"
        )
    last = stride * ((size - window) // stride) + 1
    steps = lambda k: (slice(None),) * (axis % x.ndim) + (slice(k, k + last, stride),)
    return jnp.stack([x[steps(k)] for k in range(window)])
