"""An overflow far from the draws, where the gradient itself is an ordinary number."""

import jax
import jax.numpy as jnp
import numpy as np

from ...vocabulary import Verdict
from . import zeros
from .edge_fault import EdgeFault, normal


def fault(name, of, right, wrong, sample=None, argnums: int | tuple[int, ...] = 0) -> EdgeFault:
    return EdgeFault(name, of, right, wrong, sample or normal(6), Verdict.INACCURATE, argnums)


def activation(name, of, right, wrong) -> EdgeFault:
    return fault(name, of, lambda x, g: g * right(x), lambda x, g: g * wrong(x))


def pair(rng):
    return rng.normal(size=5), rng.normal(size=5)


def labelled(rng):
    return rng.normal(size=6), rng.integers(2, size=6).astype(float)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def loose_softmax(x):
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def softmax_less(k):
    """Shares whose exponents are those less one entry, which is the largest at some draws."""

    def shares(x):
        e = np.exp(x - x[..., k, None])
        return e / e.sum(-1, keepdims=True)

    return shares


def pulled(p, g):
    return p * (g - (p * g).sum(-1, keepdims=True))


def one(x):
    return x.dtype.type(1)


def half(x):
    return x.dtype.type(0.5)


def loose_tanh(x):
    up, down = np.exp(x), np.exp(-x)
    return (up - down) / (up + down)


def selu_slope(x, below):
    return np.where(x > 0, x.dtype.type(SCALE), x.dtype.type(SCALE * ALPHA) * below)


ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
sech2 = lambda x: 1 / np.cosh(np.minimum(np.abs(x), 80)) ** 2
loose_sigmoid = lambda x: np.exp(x) / (1 + np.exp(x))


FAULTS = (
    activation(
        "elu by masks that are multiplied",
        jax.nn.elu,
        lambda x: np.where(x > 0, one(x), np.exp(np.minimum(x, 0))),
        lambda x: np.where(x > 0, one(x), 0 * x) + (x <= 0) * np.exp(x),
    ),
    activation(
        "selu by masks that are multiplied",
        jax.nn.selu,
        lambda x: selu_slope(x, np.exp(np.minimum(x, 0))),
        lambda x: selu_slope(x, np.exp(x) * (x <= 0)) + (x > 0) * 0 * np.exp(x),
    ),
    activation("softplus", jax.nn.softplus, zeros.sigmoid, loose_sigmoid),
    activation(
        "sigmoid",
        jax.nn.sigmoid,
        lambda x: zeros.sigmoid(x) * zeros.sigmoid(-x),
        lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
    ),
    activation(
        "silu",
        jax.nn.silu,
        lambda x: zeros.silu_slope(x, zeros.sigmoid(x)),
        lambda x: loose_sigmoid(x) + x * np.exp(x) / (1 + np.exp(x)) ** 2,
    ),
    activation(
        "tanh by exponentials",
        jnp.tanh,
        sech2,
        lambda x: 1 - loose_tanh(x) ** 2,
    ),
    activation(
        "logarithm of cosh",
        lambda x: jnp.logaddexp(x, -x),
        np.tanh,
        lambda x: np.sinh(x) / np.cosh(x),
    ),
    activation(
        "mish",
        zeros.mish,
        lambda x: zeros.mish_slope(x, np.tanh(zeros.softplus(x))),
        lambda x: zeros.mish_slope(x, ((1 + np.exp(x)) ** 2 - 1) / ((1 + np.exp(x)) ** 2 + 1)),
    ),
    fault(
        "softmax without its maximum",
        lambda x: jax.nn.softmax(x, axis=-1),
        lambda x, g: pulled(softmax(x), g),
        lambda x, g: pulled(loose_softmax(x), g),
        normal(3, 4),
    ),
    fault(
        "logarithm of a sum of exponentials",
        lambda x: jax.nn.logsumexp(x, axis=-1),
        lambda x, g: g[:, None] * softmax(x),
        lambda x, g: g[:, None] * loose_softmax(x),
        normal(3, 4),
    ),
    fault(
        "logarithm of a sum of exponentials less the first",
        jax.nn.logsumexp,
        softmax,
        softmax_less(0),
        normal(3),
    ),
    fault(
        "softmax less its last entry",
        jax.nn.softmax,
        lambda x, g: pulled(softmax(x), g),
        lambda x, g: pulled(softmax_less(-1)(x), g),
        normal(3),
    ),
    fault(
        "cross-entropy through logits",
        lambda x, y: jnp.sum(jax.nn.softplus(x) - y * x),
        lambda x, y: zeros.sigmoid(x) - y,
        lambda x, y: loose_sigmoid(x) - y,
        labelled,
    ),
    fault(
        "logarithm of two exponentials",
        jnp.logaddexp,
        lambda a, b, g: (g * zeros.sigmoid(a - b), g * zeros.sigmoid(b - a)),
        lambda a, b, g: (
            g * np.exp(a) / (np.exp(a) + np.exp(b)),
            g * np.exp(b) / (np.exp(a) + np.exp(b)),
        ),
        pair,
        (0, 1),
    ),
)
