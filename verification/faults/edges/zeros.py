"""No number at one zero: a factor recovered by dividing what it was multiplied by out again."""

import jax
import jax.numpy as jnp
import numpy as np

from ...vocabulary import Verdict
from .edge_fault import EdgeFault, normal


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def phi(x):
    return np.exp(-x * x / 2) * x.dtype.type(1 / np.sqrt(2 * np.pi))


def big_phi(x):
    from scipy.special import ndtr

    return ndtr(x)


def silu_slope(x, s):
    return s + x * s * sigmoid(-x)


def gelu_slope(x, share):
    return share + x * phi(x)


def mish_slope(x, t):
    return t + x * (1 - t) * (1 + t) * sigmoid(x)


def divided_out(y, x):
    """The other factor of y = x f(x)."""
    return y / x


def without(x):
    """The product of all entries but each."""
    return np.array([np.prod(np.delete(x, k)) for k in range(x.size)], x.dtype)


def products_after(x, g):
    """The derivative of running products: of y_i in x_k the product of the others up to i."""
    n, out = x.size, np.zeros_like(x)
    for k in range(n):
        for i in range(k, n):
            out[k] += g[i] * np.prod(np.delete(x[: i + 1], k))
    return out


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def mish(x):
    return x * jnp.tanh(jax.nn.softplus(x))


def huber(r):
    return jnp.where(jnp.abs(r) < 1.0, 0.5 * r * r, jnp.abs(r) - 0.5)


def fault(name, of, right, wrong, sample=None) -> EdgeFault:
    return EdgeFault(name, of, right, wrong, sample or normal(6), Verdict.REJECTED)


FAULTS = (
    fault(
        "silu from its output",
        jax.nn.silu,
        lambda x, g: g * silu_slope(x, sigmoid(x)),
        lambda x, g: g * silu_slope(x, divided_out(x * sigmoid(x), x)),
    ),
    fault(
        "gelu from its output",
        gelu,
        lambda x, g: g * gelu_slope(x, big_phi(x)),
        lambda x, g: g * gelu_slope(x, divided_out(x * big_phi(x), x)),
    ),
    fault(
        "mish from its output",
        mish,
        lambda x, g: g * mish_slope(x, np.tanh(softplus(x))),
        lambda x, g: g * mish_slope(x, divided_out(x * np.tanh(softplus(x)), x)),
    ),
    fault(
        "product over the entry",
        jnp.prod,
        without,
        lambda x: np.prod(x) / x,
        normal(4),
    ),
    fault(
        "running products over the entry",
        jnp.cumprod,
        products_after,
        lambda x, g: np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x,
        normal(4),
    ),
    fault(
        "x |x| over |x|",
        lambda x: x * jnp.abs(x),
        lambda x, g: g * 2 * np.abs(x),
        lambda x, g: g * 2 * x * x / np.abs(x),
    ),
    fault(
        "a cube over its root",
        lambda x: x * x * x,
        lambda x, g: g * 3 * x * x,
        lambda x, g: g * 3 * (x * x * x) / x,
    ),
    fault(
        "softsign from its output",
        lambda x: x / (1.0 + jnp.abs(x)),
        lambda x, g: g / (1 + np.abs(x)) ** 2,
        lambda x, g: g * (x / (1 + np.abs(x)) / x) ** 2,
    ),
    fault(
        "relu as output over input",
        lambda x: jnp.maximum(x, 0.0),
        lambda x, g: g * (x > 0),
        lambda x, g: g * (np.maximum(x, 0) / x),
    ),
    fault(
        "leaky relu as output over input",
        lambda x: jnp.where(x > 0.0, x, 0.1 * x),
        lambda x, g: g * np.where(x > 0, x.dtype.type(1), x.dtype.type(0.1)),
        lambda x, g: g * (np.where(x > 0, x, x.dtype.type(0.1) * x) / x),
    ),
    fault(
        "huber as a square over its root",
        huber,
        lambda r, g: g * np.clip(r, -1, 1),
        lambda r, g: g * np.where(np.abs(r) < 1, r * r / r, np.sign(r)),
    ),
    fault(
        "x tanh x from its output",
        lambda x: x * jnp.tanh(x),
        lambda x, g: g * (np.tanh(x) + x / np.cosh(np.minimum(np.abs(x), 80)) ** 2),
        lambda x, g: g * (divided_out(x * np.tanh(x), x) + x * (1 - np.tanh(x) ** 2)),
    ),
)
