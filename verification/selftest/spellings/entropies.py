"""Losses that are a mean of numbers: binary cross-entropies, Huber's loss and the hinge."""

import jax
import jax.numpy as jnp
import numpy as np

from .activations import expit, logistic, stable
from .spelling import Spelled, derived, jax_of, torch_of

DELTA = 1.3  # of Huber's loss


def logit(a):
    from scipy.special import logit

    return logit(a)


def pair(of_a, of_y):
    """Slopes by the probability and by the label, each entry over the number of entries."""
    return lambda a, y: (of_a(a, y) / a.size, of_y(a) / a.size)


def over_both(a, y):
    return (a - y) / (a * (1 - a))


def log_odds(a):
    return np.log(1 - a) - np.log(a)


def each(of_two):
    """A loop over numbers, as in C."""

    def gradient(a, y):
        n = a.dtype.type(a.size)
        pairs = [of_two(p, q) for p, q in zip(a.flat, y.flat, strict=True)]
        return tuple(np.array(d).reshape(a.shape) / n for d in zip(*pairs, strict=True))

    return gradient


def torch_entropy(a, y):
    return -(y * a.log() + (1 - y) * (-a).log1p()).mean()


def entropy(a, y):
    return -jnp.mean(y * jnp.log(a) + (1 - y) * jnp.log(1 - a))


CHANCES = {
    "(a - y) / (a (1 - a))": pair(over_both, log_odds),
    "two fractions": pair(
        lambda a, y: (1 - y) / (1 - a) - y / a, lambda a: np.log1p(-a) - np.log(a)
    ),
    "two fractions, the first first": pair(
        lambda a, y: -y / a + (1 - y) / (1 - a), lambda a: -(np.log(a) - np.log1p(-a))
    ),
    "one after the other": pair(lambda a, y: (a - y) / a / (1 - a), lambda a: np.log((1 - a) / a)),
    "two reciprocals": pair(
        lambda a, y: (a - y) * (1 / a) * (1 / (1 - a)), lambda a: -np.log(a / (1 - a))
    ),
    "SciPy": pair(over_both, lambda a: -logit(a)),
    "loop": each(lambda a, y: (over_both(a, y), np.log(1 - a) - np.log(a))),
    "PyTorch": torch_of(torch_entropy, (0, 1)),
    "JAX": jax_of(entropy, (0, 1)),
}


def residual(of_both):
    return lambda z, y: (of_both(z, y) / z.size, -z / z.size)


def torch_logits(z, y):
    import torch  # pyright: ignore[reportMissingImports]

    softplus = lambda x: torch.logaddexp(x, 0 * x)
    return ((1 - y) * softplus(z) + y * softplus(-z)).mean()


def logits_loss(z, y):
    return jnp.mean(-y * jax.nn.log_sigmoid(z) - (1 - y) * jax.nn.log_sigmoid(-z))


LOGITS = {
    "s(z) - y": residual(lambda z, y: logistic(z) - y),
    "stable s(z) - y": residual(lambda z, y: stable(z) - y),
    "SciPy, s(z) - y": residual(lambda z, y: expit(z) - y),
    "(1 - y) - s(-z)": residual(lambda z, y: (1 - y) - logistic(-z)),
    "(1 - y) s(z) - y s(-z)": residual(lambda z, y: (1 - y) * logistic(z) - y * logistic(-z)),
    "the same, stable": residual(lambda z, y: (1 - y) * stable(z) - y * stable(-z)),
    "the same, SciPy": residual(lambda z, y: (1 - y) * expit(z) - y * expit(-z)),
    "fractions": residual(lambda z, y: (1 - y) / (1 + np.exp(-z)) - y / (1 + np.exp(z))),
    "times 1 / n": lambda z, y: tuple(
        d * z.dtype.type(1 / z.size) for d in ((1 - y) * expit(z) - y * expit(-z), -z)
    ),
    "loop": each(lambda z, y: ((1 - y) * logistic(z) - y * logistic(-z), -z)),
    "PyTorch": torch_of(torch_logits, (0, 1)),
    "JAX": jax_of(logits_loss, (0, 1)),
}


def both(of_error):
    """Minus what the prediction has goes to the target."""

    def gradient(p, t):
        d = of_error(p - t) / p.size
        return d, -d

    return gradient


def held(e):
    return np.clip(e, -e.dtype.type(DELTA), e.dtype.type(DELTA))


def torch_huber(p, t):
    import torch  # pyright: ignore[reportMissingImports]

    return torch.nn.functional.huber_loss(p, t, delta=DELTA)


def huber(p, t):
    e = p - t
    size = abs(e)
    small = 0.5 * jnp.minimum(size, DELTA) ** 2
    return jnp.mean(small + DELTA * (size - jnp.minimum(size, DELTA)))


HUBER = {
    "clip": both(held),
    "where": both(
        lambda e: np.where(abs(e) <= e.dtype.type(DELTA), e, e.dtype.type(DELTA) * np.sign(e))
    ),
    "least size times sign": both(lambda e: np.minimum(abs(e), e.dtype.type(DELTA)) * np.sign(e)),
    "two maxima": both(
        lambda e: np.maximum(np.minimum(e, e.dtype.type(DELTA)), -e.dtype.type(DELTA))
    ),
    "masks": both(lambda e: e * (abs(e) <= DELTA) + DELTA * np.sign(e) * (abs(e) > DELTA)),
    "each apart": lambda p, t: (held(p - t) / p.size, held(t - p) / p.size),
    "times 1 / n": lambda p, t: (
        (d := held(p - t) * p.dtype.type(1 / p.size)),
        d * p.dtype.type(-1),
    ),
    "PyTorch": torch_of(torch_huber, (0, 1)),
    "JAX": jax_of(huber, (0, 1)),
}


def torch_hinge(s, t):
    return (1 - t * s).clamp(min=0).mean()


HINGE = {
    "t s < 1": lambda s, t: np.where(t * s < 1, -t / s.size, 0 * t),
    "1 - t s > 0": lambda s, t: -t * (1 - t * s > 0) / s.size,
    "from the output": lambda s, t: -t * (np.maximum(1 - t * s, 0) > 0).astype(s.dtype) / s.size,
    "rows of a margin": lambda s, t: np.stack(
        [-b * (a * b < 1) * s.dtype.type(1 / s.size) for a, b in zip(s, t, strict=True)]
    ),
    "sign": lambda s, t: -t * (np.sign(1 - t * s) + 1) / 2 / s.size,
    "s t against t^2": lambda s, t: np.where(s * t < t * t, -t, 0 * t) / s.size,
    "PyTorch": torch_of(torch_hinge),
    "JAX": jax_of(lambda s, t: jnp.mean(jnp.maximum(0, 1 - t * s))),
}

ENTROPIES: dict[str, Spelled] = {
    "binary_cross_entropy": derived("binary_cross_entropy", CHANCES, scales=(1.0,)),
    "binary_cross_entropy_with_logits": derived(
        "binary_cross_entropy_with_logits", LOGITS, scales=(0.25, 1.0)
    ),
    "huber": derived("huber", HUBER, scales=(1.0, 16.0)),
    "hinge": derived("hinge", HINGE, scales=(1.0, 16.0)),
}
