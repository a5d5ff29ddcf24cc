"""Gradients by other people that lose digits, beside ones that keep them: what each is worth."""

import jax
import jax.numpy as jnp
import numpy as np


def gate_back(sigmoid):
    """dc, dz of s(z) c, as in an LSTM."""
    return lambda c, z, d: (d * sigmoid(z), d * c * sigmoid(z) * (1 - sigmoid(z)))


def two_over(x):
    return 1 - 2 / (np.exp(2 * x) + 1)


def by_tanh(z):
    return (1 + np.tanh(z / 2)) / 2


def by_quotient(z):
    return 1 / (1 + np.exp(-z))


def log_of_sum(x):
    return (jnp.logaddexp(x, -x) - jnp.log(jnp.asarray(2, x.dtype))).sum()


normal = lambda rng: (rng.normal(size=8),)
low = lambda rng: (rng.normal(size=8) - 5,)
closing = lambda rng: (rng.normal(size=8), rng.normal(size=8) - 5)
gated = lambda c, z: c * jax.nn.sigmoid(z)
log_cosh = lambda x: jnp.log(jnp.cosh(x)).sum()
slope_by_tanh = lambda z, d: d * by_tanh(z) * (1 - by_tanh(z))
both = {"argnums": (0, 1)}
narrow = {"dtype": "float32"}

# what is wanted, the gradient, the function, the sampler, and what else is asked
DIGITS = {
    "a gate nearly closed, by tanh": ("inaccurate", gate_back(by_tanh), gated, closing, both),
    "a gate nearly closed, by a quotient": (
        "correct",
        gate_back(by_quotient),
        gated,
        closing,
        both,
    ),
    "the slope of a gate, by tanh": ("correct", slope_by_tanh, jax.nn.sigmoid, low, narrow),
    "lost near 0": ("inaccurate", two_over, log_cosh, normal, narrow),
    "kept near 0": ("correct", np.tanh, log_cosh, normal, narrow),
    "lost by autodiff, too": ("correct", two_over, log_of_sum, normal, narrow),
    "a factor besides": ("wrong", lambda x: 1.001 * two_over(x), log_cosh, normal, {}),
}
