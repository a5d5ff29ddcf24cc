"""Dropout: a mask is drawn from a key, and what is kept is divided by the chance to be kept."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key


def dropout(
    x: Float[Array, "*shape"], mask: Bool[Array, "*shape"], keep: float = 0.5
) -> Float[Array, "*shape"]:
    """y = x / keep where the mask is true, 0 elsewhere: the mean over masks is x.

    Without a mask of `dropout_mask`, as in evaluation, leave it out.  Srivastava et al. 2014.
    """
    _chance(keep)
    return jnp.where(mask, x / keep, jnp.zeros_like(x))


def dropout_mask(
    key: Key[Array, ""], shape: tuple[int, ...], keep: float = 0.5
) -> Bool[Array, "..."]:
    """True with the chance `keep`, entry by entry."""
    _chance(keep)
    return jax.random.bernoulli(key, keep, shape)


def _chance(keep: float) -> None:
    if not 0.0 < keep <= 1.0:
        raise ValueError(f"keep is {keep!r}; dropout wants 0 < keep <= 1")
