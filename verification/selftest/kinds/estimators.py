"""Random estimates of gradients: six that are right on average, six that are not.

Each is small enough that its expectation is known in closed form, and that a bias of 1 % of the RMS
can be told from the variance by a few million answers.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ...judgement.estimator import validate_estimator
from .subject import Subject

BIAS, ERROR = 0.1, 1e-6  # of a corpus's question; benchmarks ask for less


def noise(like, key):
    return jax.random.normal(key, like.shape, like.dtype)


# --- E (mu + s e)^2 for a normal e ---------------------------------------------------------------


def mean_loss(mu, s):
    return jnp.sum(mu**2 + s**2)


def small(rng):
    return 0.5 + rng.random(2), 0.5 + 0.5 * rng.random(2)


def reparameterized(mu, s, key):
    e = noise(mu, key)
    return 2.0 * (mu + s * e), 2.0 * (mu + s * e) * e


def detached(mu, s, key):  # the sample is a constant: what flows through s is lost
    e = noise(mu, key)
    z = jax.lax.stop_gradient(mu + s * e)
    return 2.0 * z, jnp.zeros_like(s)


def scored(mu, s, key):  # a baseline that does not depend on the noise
    e = noise(mu, key)
    gain = (mu + s * e) ** 2 - mu**2 - s**2
    return gain * e / s, gain * (e * e - 1.0) / s


def scored_with_its_own_baseline(mu, s, key):  # the baseline is made of the same sample
    e = noise(mu, key)
    gain = (mu + s * e) ** 2 - mu**2 - s**2
    return (gain - 0.25 * gain) * e / s, (gain - 0.25 * gain) * (e * e - 1.0) / s


# --- E sum theta^2 z for z normal around theta: sampled, and in the integrand ---------------------


def both_ways(theta):
    return jnp.sum(theta**3)


def with_the_log_derivative(theta, key):
    e = 0.5 * noise(theta, key)
    z = theta + e
    return 2.0 * theta * z + theta**2 * e * e / 0.25


def without_the_log_derivative(theta, key):
    z = theta + 0.5 * noise(theta, key)
    return 2.0 * theta * z


# --- E t max(x/t + g) for Gumbel noise g: t log sum exp(x/t) --------------------------------------

TEMPERATURE = 0.7


def gumbel_loss(x):
    return TEMPERATURE * jax.nn.logsumexp(x / TEMPERATURE)


def chosen(x, key, temperature):
    found = jnp.argmax(x / temperature + jax.random.gumbel(key, x.shape, x.dtype))
    return jax.nn.one_hot(found, x.size, dtype=x.dtype)


def gumbel(x, key):
    return chosen(x, key, TEMPERATURE)


def gumbel_at_another_temperature(x, key):
    return chosen(x, key, 1.0)


# --- the gradient of sum (w - 1)^2 / 2, rounded to sixteenths -------------------------------------


def quantized_loss(w):
    return 0.5 * jnp.sum((w - 1.0) ** 2)


def rounded_at_random(w, key):
    scaled = 16.0 * (w - 1.0)
    low = jnp.floor(scaled)
    up = jax.random.uniform(key, w.shape, w.dtype) < scaled - low
    return (low + up.astype(w.dtype)) / 16.0


def rounded_to_even(w, key):
    return jnp.round(16.0 * (w - 1.0)) / 16.0


# --- E z^2 for z normal around mu, sampled from a wider normal around 0 ---------------------------


def importance_loss(mu):
    return jnp.sum(mu**2)


def weighted(mu, key):
    return _weighted(mu, key) * 2.0


def weights_not_normalized(mu, key):
    return _weighted(mu, key)


def _weighted(mu, key):
    z = 2.0 * noise(mu, key)
    return jnp.exp(z**2 / 8.0 - (z - mu) ** 2 / 2.0) * (z**2 - mu**2) * (z - mu)


class Pair(NamedTuple):
    """One estimate that is right on average, its biased twin, and what both are to be."""

    right: Callable
    biased: Callable
    of: Callable
    args: Callable
    argnums: int | tuple[int, ...] = 0


vector = lambda rng: (0.5 + rng.random(2),)
logits = lambda rng: (rng.normal(size=3),)
PAIRS = {
    "reparameterized": Pair(reparameterized, detached, mean_loss, small, (0, 1)),
    "score function": Pair(scored, scored_with_its_own_baseline, mean_loss, small, (0, 1)),
    "log-derivative": Pair(with_the_log_derivative, without_the_log_derivative, both_ways, vector),
    "Gumbel": Pair(gumbel, gumbel_at_another_temperature, gumbel_loss, logits),
    "stochastic rounding": Pair(rounded_at_random, rounded_to_even, quantized_loss, vector),
    "importance weights": Pair(weighted, weights_not_normalized, importance_loss, vector),
}


def judged(pair: Pair, estimate: Callable, **options):
    options = {"bias": BIAS, "error": ERROR, "cases": 1, "samples": 4_000_000, **options}
    return validate_estimator(estimate, pair.of, pair.args, argnums=pair.argnums, **options)


SUBJECTS = (
    *(Subject(n, True, partial(judged, pair, pair.right)) for n, pair in PAIRS.items()),
    *(
        Subject(f"{n}, biased", False, partial(judged, pair, pair.biased), "biased: on average")
        for n, pair in PAIRS.items()
    ),
)
