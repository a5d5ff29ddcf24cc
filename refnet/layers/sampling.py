"""A draw that a gradient goes through: the noise comes in, mean and spread are learned."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def gaussian_sample(
    mean: Float[Array, "*s"], log_variance: Float[Array, "*s"], noise: Float[Array, "*s"]
) -> Float[Array, "*s"]:
    """z = m + e^(v/2) noise, noise from N(0, 1): a draw from N(m, e^v).

    Pullback of dz: dm = dz, dv = e^(v/2) noise dz / 2.  Kingma & Welling 2014, section 2.4.
    """
    return mean + jnp.exp(0.5 * log_variance) * noise
