"""Networks that say again what they read, through fewer numbers: composition only."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .activations import softplus, tanh
from .initializers import Initializer, glorot
from .layers import Dense, gaussian_sample
from .losses import evidence_lower_bound
from .networks import init_mlp, mlp

Rows = Float[Array, "batch features"]


class Autoencoder(NamedTuple):
    """Two perceptrons.  Its gradient is an Autoencoder too."""

    encoder: tuple[Dense, ...]
    decoder: tuple[Dense, ...]


class Variational(NamedTuple):
    """What a variational autoencoder says of x, and the normal that its code was drawn from."""

    logits: Float[Array, "batch features"]
    mean: Float[Array, "batch latents"]
    log_variance: Float[Array, "batch latents"]


def autoencoder(params: Autoencoder, x: Rows, activation: Callable = tanh) -> Rows:
    """y = decoder(encoder(x)), the code between them linear.  Hinton & Salakhutdinov 2006."""
    return mlp(params.decoder, mlp(params.encoder, x, activation), activation)


def variational_autoencoder(
    params: Autoencoder, x: Rows, key: Key[Array, ""] | None = None, activation: Callable = tanh
) -> Variational:
    """m, v = encoder(x);  z = m + e^(v/2) noise;  logits = decoder(z).  Without a key, z = m.

    Kingma & Welling 2014.
    """
    m, v = jnp.split(mlp(params.encoder, x, activation), 2, axis=-1)
    noise = jnp.zeros_like(m) if key is None else jax.random.normal(key, m.shape, m.dtype)
    return Variational(mlp(params.decoder, gaussian_sample(m, v, noise), activation), m, v)


def variational_loss(said: Variational, x: Rows) -> Float[Array, ""]:
    """-evidence_lower_bound, l = sum (x log p + (1 - x) log(1 - p)), p = s(logits)."""
    z = said.logits
    log_likelihood = -jnp.sum((1.0 - x) * softplus(z) + x * softplus(-z), axis=-1)
    return -evidence_lower_bound(log_likelihood, said.mean, said.log_variance)


def init_autoencoder(
    key: Key[Array, ""],
    sizes: Sequence[int],
    variational: bool = False,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Autoencoder:
    """sizes from features to latents; the decoder has them the other way round.

    variational: the encoder has two outputs for each latent, mean and logarithm of the variance.
    """
    reads, says = jax.random.split(key)
    last = sizes[-1] * (2 if variational else 1)
    return Autoencoder(
        encoder=init_mlp(reads, (*sizes[:-1], last), weights, dtype),
        decoder=init_mlp(says, tuple(sizes)[::-1], weights, dtype),
    )
