"""Likelihoods: -log p(t), where the network says the parameters of p."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .shapes import Scalar, same_shape

LOG_2_PI = 1.8378770664093453


def gaussian_likelihood(
    mean: Float[Array, "*s"],
    log_variance: Float[Array, "*t"],
    target: Float[Array, "*u"],
) -> Scalar:
    """mean of (v + (t - m)^2 e^-v + log 2 pi) / 2:  -log of the density N(m, e^v) at t.

    Slopes: (m - t) e^-v / n in m, (1 - (t - m)^2 e^-v) / (2 n) in v.  Nix & Weigend 1994.
    """
    same_shape("gaussian_likelihood", mean=mean, target=target)
    same_shape("gaussian_likelihood", mean=mean, log_variance=log_variance)
    error = target - mean
    return 0.5 * (jnp.mean(log_variance + error * error * jnp.exp(-log_variance)) + LOG_2_PI)


def poisson_likelihood(log_rate: Float[Array, "*s"], count: Float[Array, "*t"]) -> Scalar:
    """mean of e^z - k z:  -log of the chance of k at the rate e^z, but for log k!.

    Slope in z: (e^z - k) / n.  Nelder & Wedderburn 1972.
    """
    same_shape("poisson_likelihood", log_rate=log_rate, count=count)
    return jnp.mean(jnp.exp(log_rate) - count * log_rate)
