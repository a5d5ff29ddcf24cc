"""Losses, softmax and its relatives: fused, composed, and by other libraries."""

import jax
import jax.numpy as jnp
import numpy as np

from ...inputs import draws
from .activations import expit, logistic, stable
from .spelling import Spelled, derived, torch_of


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def shifted(z):
    """log-softmax by the largest and the sum, one after the other."""
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def at_once(z):
    """log-softmax by one number, log sum e^z, taken off."""
    top = z.max(-1, keepdims=True)
    return z - (top + np.log(np.exp(z - top).sum(-1, keepdims=True)))


def by_scipy(name):
    def call(z, **how):
        import scipy.special

        return getattr(scipy.special, name)(z, **how)

    return call


def one_pair(z, y, weight):
    return (logistic(z) - y) * weight


def rows(of_row):
    """A loop over examples."""

    def gradient(*args):
        return np.stack([of_row(*row) for row in zip(*args, strict=True)])

    return gradient


def jacobian(p, dp):
    return (np.diag(p) - np.outer(p, p)) @ dp


SOFTMAX = {
    "p (dp - p . dp)": lambda z, dp: (p := softmax(z)) * (dp - (p * dp).sum(-1, keepdims=True)),
    "p dp - p (p . dp)": lambda z, dp: (p := softmax(z)) * dp - p * (p * dp).sum(-1, keepdims=True),
    "Jacobian": rows(lambda z, dp: jacobian(softmax(z), dp)),
    "einsum": lambda z, dp: (p := softmax(z)) * (dp - np.einsum("bi,bi->b", p, dp)[:, None]),
    "by e": lambda z, dp: (
        (e := np.exp(z))
        / (s := e.sum(-1, keepdims=True))
        * (dp - (e * dp).sum(-1, keepdims=True) / s)
    ),
    "by log-softmax": lambda z, dp: (
        (p := np.exp(at_once(z))) * (dp - (p * dp).sum(-1, keepdims=True))
    ),
    "by log-softmax, shifted": lambda z, dp: (
        (p := np.exp(shifted(z))) * (dp - (p * dp).sum(-1, keepdims=True))
    ),
    "SciPy": lambda z, dp: (
        (p := by_scipy("softmax")(z, axis=-1)) * (dp - (p * dp).sum(-1, keepdims=True))
    ),
    "PyTorch": torch_of(lambda z: z.softmax(-1)),
    "PyTorch, composed": torch_of(lambda z: z.exp() / z.exp().sum(-1, keepdim=True)),
    "JAX": lambda z, dp: jax.vjp(jax.nn.softmax, jnp.asarray(z))[1](jnp.asarray(dp))[0],
}
LOG_SOFTMAX = {
    "g - p sum g": lambda z, g: g - softmax(z) * g.sum(-1, keepdims=True),
    "g - e^a sum g": lambda z, g: g - np.exp(at_once(z)) * g.sum(-1, keepdims=True),
    "g - e^a sum g, shifted": lambda z, g: g - np.exp(shifted(z)) * g.sum(-1, keepdims=True),
    "row by row": rows(lambda z, g: (np.eye(len(z), dtype=z.dtype) - softmax(z)[:, None]) @ g),
    "SciPy": lambda z, g: (
        g - np.exp(by_scipy("log_softmax")(z, axis=-1)) * g.sum(-1, keepdims=True)
    ),
    "PyTorch": torch_of(lambda z: z.log_softmax(-1)),
    "PyTorch, composed": torch_of(lambda z: z - z.logsumexp(-1, keepdim=True)),
    "JAX": lambda z, g: jax.vjp(jax.nn.log_softmax, jnp.asarray(z))[1](jnp.asarray(g))[0],
}
LOG_SUM_EXP = {
    "p": lambda z, d: softmax(z) * d[:, None],
    "e^(z - a)": lambda z, d: np.exp(z - np.log(np.exp(z).sum(-1, keepdims=True))) * d[:, None],
    "e^(z - a), SciPy": lambda z, d: (
        np.exp(z - by_scipy("logsumexp")(z, axis=-1, keepdims=True)) * d[:, None]
    ),
    "e over its sum": lambda z, d: np.exp(z) * (d / np.exp(z).sum(-1))[:, None],
    "SciPy": lambda z, d: by_scipy("softmax")(z, axis=-1) * d[:, None],
    "PyTorch": torch_of(lambda z: z.logsumexp(-1)),
    "row by row": rows(lambda z, d: d * softmax(z)),
    "JAX": lambda z, d: jax.vjp(lambda x: jax.nn.logsumexp(x, -1), jnp.asarray(z))[1](
        jnp.asarray(d)
    )[0],
}


def composed(z, y):
    p = softmax(z)
    dp = -y / p / len(z)
    return p * (dp - (p * dp).sum(-1, keepdims=True))


def by_log(z, y):
    g = -y / len(z)
    return g - np.exp(at_once(z)) * g.sum(-1, keepdims=True)


CROSS_ENTROPY = {
    "(p - y) / n": lambda z, y: (softmax(z) * y.sum(-1, keepdims=True) - y) / len(z),
    "p / n - y / n": lambda z, y: softmax(z) * y.sum(-1, keepdims=True) / len(z) - y / len(z),
    "(p - y) times 1 / n": lambda z, y: (
        (softmax(z) * y.sum(-1, keepdims=True) - y) * z.dtype.type(1 / len(z))
    ),
    "composed": composed,
    "by log-softmax": by_log,
    "example by example": lambda z, y: np.stack(
        [(softmax(a) * b.sum() - b) / a.dtype.type(len(z)) for a, b in zip(z, y, strict=True)]
    ),
    "SciPy": lambda z, y: (by_scipy("softmax")(z, axis=-1) * y.sum(-1, keepdims=True) - y) / len(z),
    "PyTorch": torch_of(lambda z, y: -(y * z.log_softmax(-1)).sum() / len(z)),
    "JAX": lambda z, y: jax.grad(lambda x: -jnp.mean(jnp.sum(y * jax.nn.log_softmax(x), -1)))(
        jnp.asarray(z)
    ),
}


def minus_one_hot(p, labels):
    p = np.array(p)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


INTEGERS = {
    "p[k] -= 1": lambda z, k: minus_one_hot(softmax(z), k),
    "one-hot": lambda z, k: (softmax(z) - np.eye(z.shape[-1], dtype=z.dtype)[k]) / len(z),
    "by log-softmax": lambda z, k: minus_one_hot(np.exp(at_once(z)), k),
    "composed": lambda z, k: composed(z, np.eye(z.shape[-1], dtype=z.dtype)[k]),
    "SciPy": lambda z, k: minus_one_hot(by_scipy("softmax")(z, axis=-1), k),
    "PyTorch": torch_of(lambda z, k: __import__("torch").nn.functional.cross_entropy(z, k.long())),
    "JAX": lambda z, k: jax.grad(
        lambda x: -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), jnp.asarray(k)[:, None], 1))
    )(jnp.asarray(z)),
}


def through_probability(z, y):
    """(a - y) / (a (1 - a)) times a (1 - a), with a kept."""
    a = logistic(z)
    slope = a * (1 - a)
    return (a - y) / slope * slope / z.size


LOGITS = {
    "s - y": lambda z, y: (logistic(z) - y) / z.size,
    "s - y, stable": lambda z, y: (stable(z) - y) / z.size,
    "times 1 / n": lambda z, y: one_pair(z, y, z.dtype.type(1 / z.size)),
    "(1 - y) s(z) - y s(-z)": lambda z, y: ((1 - y) * logistic(z) - y * logistic(-z)) / z.size,
    "s / n - y / n": lambda z, y: logistic(z) / z.size - y / z.size,
    "loop": lambda z, y: np.array(
        [(logistic(a) - b) / z.dtype.type(z.size) for a, b in zip(z.flat, y.flat, strict=True)]
    ).reshape(z.shape),
    "SciPy": lambda z, y: (expit(z) - y) / z.size,
    "PyTorch": torch_of(
        lambda z, y: __import__("torch").nn.functional.binary_cross_entropy_with_logits(z, y)
    ),
    "JAX": lambda z, y: jax.grad(lambda x: jnp.mean(jax.nn.softplus(x) - x * y))(jnp.asarray(z)),
}
CHANCE = {
    "(p - y) / (p (1 - p))": lambda p, y: (p - y) / (p * (1 - p)) / p.size,
    "-y / p + (1 - y) / (1 - p)": lambda p, y: (-y / p + (1 - y) / (1 - p)) / p.size,
    "(1 - y) / (1 - p) - y / p": lambda p, y: (
        ((1 - y) / (1 - p) - y / p) * p.dtype.type(1 / p.size)
    ),
    "(p - y) / p / (1 - p)": lambda p, y: (p - y) / p / (1 - p) / p.size,
    "loop": lambda p, y: np.array(
        [
            (a - b) / (a * (1 - a)) / p.dtype.type(p.size)
            for a, b in zip(p.flat, y.flat, strict=True)
        ]
    ).reshape(p.shape),
    "PyTorch": torch_of(lambda p, y: -(y * p.log() + (1 - y) * (1 - p).log()).mean()),
    "PyTorch, built in": torch_of(
        lambda p, y: __import__("torch").nn.functional.binary_cross_entropy(p, y)
    ),
    "JAX": lambda p, y: jax.grad(lambda x: -jnp.mean(y * jnp.log(x) + (1 - y) * jnp.log1p(-x)))(
        jnp.asarray(p)
    ),
}
both = lambda d: (d, -d)
MSE = {
    "2 (p - t) / n": lambda p, t: both(2 * (p - t) / p.size),
    "(p - t) times 2 / n": lambda p, t: both((p - t) * p.dtype.type(2 / p.size)),
    "(p - t) / (n / 2)": lambda p, t: both((p - t) / p.dtype.type(p.size / 2)),
    "(p - t) / n twice": lambda p, t: both((p - t) / p.size + (p - t) / p.size),
    "-2 (t - p) / n": lambda p, t: both(-2 * (t - p) / p.size),
    "each apart": lambda p, t: (
        2 / p.dtype.type(p.size) * (p - t),
        2 / p.dtype.type(p.size) * (t - p),
    ),
    "PyTorch": torch_of(lambda p, t: ((p - t) ** 2).mean(), (0, 1)),
    "JAX": lambda p, t: jax.grad(lambda a, b: jnp.mean((a - b) ** 2), (0, 1))(
        jnp.asarray(p), jnp.asarray(t)
    ),
}


def logits_and_labels(rng):
    return 3 * rng.normal(size=(3, 5)), rng.integers(0, 2, size=(3, 5)).astype(float)


def chances(rng):
    return rng.uniform(0.03, 0.97, size=(3, 5)), rng.uniform(0.0, 1.0, size=(3, 5))


def through_sigmoid(z, y):
    a = 1 / (1 + jnp.exp(-z))
    return -jnp.mean(y * jnp.log(a) + (1 - y) * jnp.log(1 - a))


def logits_loss(z, y):
    return jnp.mean(jax.nn.softplus(z) - z * y)


def chance_loss(p, y):
    return -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))


def cross_entropy(z, y):
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(z), -1))


LOSSES = {
    "softmax": derived("softmax", SOFTMAX, scales=(0.5, 8.0)),
    "log-softmax": Spelled(
        lambda z: jax.nn.log_softmax(z, -1),
        lambda rng: (draws.reals(rng, 4, 5),),
        LOG_SOFTMAX,
        scales=(1.0, 8.0),
    ),
    "log_sum_exp": derived("log_sum_exp", LOG_SUM_EXP, scales=(1.0, 4.0)),
    "softmax_cross_entropy": derived("softmax_cross_entropy", CROSS_ENTROPY, scales=(1.0, 8.0)),
    "softmax_cross_entropy_with_integer_labels": derived(
        "softmax_cross_entropy_with_integer_labels", INTEGERS, scales=(1.0, 8.0)
    ),
    "binary cross-entropy of logits": Spelled(
        logits_loss, logits_and_labels, LOGITS, scales=(1.0, 4.0)
    ),
    "binary cross-entropy through s": Spelled(
        through_sigmoid,
        logits_and_labels,
        LOGITS | {"through a": through_probability},
        scales=(0.5, 1.0),
    ),
    "binary cross-entropy": Spelled(chance_loss, chances, CHANCE, scales=(1.0,)),
    "mse": derived("mse", MSE, scales=(1.0, 64.0)),
}
