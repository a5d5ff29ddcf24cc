"""A course's network whose bias gradient is averaged once too often, to be found and shown.

The forward pass is the textbook's, written out, so that a line of it can be pointed at; the
backward pass is that of adapters/course_network.py, with the mistake.
"""

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from ..adapters import course_network


def loss(parameters, x, labels):
    hidden = jnp.tanh(x @ parameters["W1"] + parameters["b1"][None, :])
    scores = hidden @ parameters["W2"] + parameters["b2"][None, :]
    log_p = scores - logsumexp(scores, axis=1, keepdims=True)
    return -jnp.mean(log_p[jnp.arange(x.shape[0]), labels])


def averaged(parameters, x, labels):
    """The mistake: a mean over the batch where the sum belongs."""
    right = course_network.backward(parameters, x, labels)
    return right | {"b1": right["b1"] / x.shape[0]}


def sample(rng: np.random.Generator) -> tuple:
    parameters = {
        "W1": rng.normal(size=(5, 6)) / 2,
        "b1": rng.normal(size=6),
        "W2": rng.normal(size=(6, 3)) / 2,
        "b2": rng.normal(size=3),
    }
    return parameters, rng.normal(size=(8, 5)), rng.integers(0, 3, size=8)
