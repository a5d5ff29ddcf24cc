"""Networks of two layers, as courses write their passes back: every activation with every loss."""

from collections.abc import Callable
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

from .activations import expit, logistic, stable
from .losses import at_once, softmax
from .spelling import Spelled, torch_of

# --- activations: forward in JAX, and (forward, slope of (output, input)) by many ---------------

FUNCTIONS: dict[str, Callable] = {
    "sigmoid": lambda z: 1 / (1 + jnp.exp(-z)),
    "stable sigmoid": lambda z: jnp.where(
        z >= 0, 1 / (1 + jnp.exp(-abs(z))), jnp.exp(-abs(z)) / (1 + jnp.exp(-abs(z)))
    ),
    "logistic": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": lambda z: jnp.maximum(z, 0),
}
SIGMOIDS = {
    "h (1 - h)": (logistic, lambda h, z: h * (1 - h)),
    "h (1 - h), stable": (stable, lambda h, z: h * (1 - h)),
    "s(z) s(-z)": (logistic, lambda h, z: logistic(z) * logistic(-z)),
    "e^-z / (1 + e^-z)^2": (logistic, lambda h, z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "SciPy": (expit, lambda h, z: h * (1 - h)),
}
SLOPES = {
    "sigmoid": SIGMOIDS,
    "stable sigmoid": SIGMOIDS,
    "logistic": SIGMOIDS,
    "tanh": {
        "1 - h^2": (np.tanh, lambda h, z: 1 - h * h),
        "1 - h**2": (np.tanh, lambda h, z: 1 - np.power(h, 2)),
        "sech^2": (np.tanh, lambda h, z: 1 / np.cosh(z) ** 2),
        "(1 - h) (1 + h)": (np.tanh, lambda h, z: (1 - h) * (1 + h)),
    },
    "relu": {
        "z > 0": (lambda z: np.maximum(z, 0), lambda h, z: z > 0),
        "h > 0": (lambda z: np.maximum(z, 0), lambda h, z: (h > 0).astype(h.dtype)),
        "where": (
            lambda z: np.where(z > 0, z, 0 * z),
            lambda h, z: np.where(z > 0, 1 + 0 * z, 0 * z),
        ),
    },
}
TORCH = {
    "sigmoid": lambda z: z.sigmoid(),
    "stable sigmoid": lambda z: z.sigmoid(),
    "logistic": lambda z: 1 / (1 + (-z).exp()),
    "tanh": lambda z: z.tanh(),
    "relu": lambda z: z.relu(),
}

# --- losses: of the second layer's sums, in JAX, and what arrives there -------------------------

LOSSES: dict[str, Callable] = {
    "half squares of a sigmoid": lambda z, t: 0.5 * ((jax.nn.sigmoid(z) - t) ** 2).sum(),
    "mean squares": lambda z, t: ((z - t) ** 2).mean(),
    "softmax": lambda z, t: -(t * jax.nn.log_softmax(z)).sum(-1).mean(),
    "logits": lambda z, t: (jax.nn.softplus(z) - z * t).mean(),
}


def squares(z, t):
    o = stable(z)
    return (o - t) * o * (1 - o)


def squares_by_input(z, t):
    return (logistic(z) - t) * (logistic(z) * logistic(-z))


def cross_entropy(z, t):
    return (softmax(z) * t.sum(-1, keepdims=True) - t) / len(t)


def cross_entropy_by_logs(z, t):
    return (np.exp(at_once(z)) * t.sum(-1, keepdims=True) - t) * z.dtype.type(1 / len(t))


ARRIVING = {
    "half squares of a sigmoid": (squares, squares_by_input),
    "mean squares": (
        lambda z, t: 2 * (z - t) / t.size,
        lambda z, t: (z - t) * z.dtype.type(2 / t.size),
    ),
    "softmax": (cross_entropy, cross_entropy_by_logs),
    "logits": (lambda z, t: (logistic(z) - t) / t.size, lambda z, t: (stable(z) - t) / t.size),
}


def built_in(z, t):
    import torch  # pyright: ignore[reportMissingImports]

    return torch.nn.functional.binary_cross_entropy_with_logits(z, t)


TORCH_LOSSES = {
    "half squares of a sigmoid": lambda z, t: 0.5 * ((z.sigmoid() - t) ** 2).sum(),
    "mean squares": lambda z, t: ((z - t) ** 2).mean(),
    "softmax": lambda z, t: -(t * z.log_softmax(-1)).sum(-1).mean(),
    "logits": built_in,
}


def by_matrices(x, d1, h, d2):
    return x.T @ d1, d1.sum(0), h.T @ d2, d2.sum(0)


def by_examples(x, d1, h, d2):
    """Summed example by example, the last first."""
    parts = [by_matrices(*(a[k : k + 1] for a in (x, d1, h, d2))) for k in range(len(x))[::-1]]
    return tuple(sum(terms[1:], terms[0]) for terms in zip(*parts, strict=True))


def by_einsum(x, d1, h, d2):
    return np.einsum("bi,bj->ij", x, d1), d1.sum(0), np.einsum("bi,bj->ij", h, d2), d2.sum(0)


def passed_back(forward, slope, arriving, sums):
    """The textbook's pass: forward values are kept, and read on the way back."""

    def gradient(x, w1, b1, w2, b2, t):
        z = x @ w1 + b1
        h = np.asarray(forward(z), z.dtype)
        d2 = arriving(h @ w2 + b2, t)
        d1 = (d2 @ w2.T) * slope(h, z)
        return sums(x, d1, h, d2)

    return gradient


def network(activation: str, loss: str) -> Spelled:
    f, of, arriving = FUNCTIONS[activation], LOSSES[loss], ARRIVING[loss]
    sums = {"": by_matrices, ", by examples": by_examples, ", einsum": by_einsum}
    right: dict[str, Callable] = {
        f"{name}{how}{', second' * k}": passed_back(forward, slope, arriving[k], total)
        for (name, (forward, slope)), (how, total), k in product(
            SLOPES[activation].items(), sums.items(), (0, 1)
        )
    }
    torch_f, torch_loss = TORCH[activation], TORCH_LOSSES[loss]
    value = lambda x, w1, b1, w2, b2, t: of(f(x @ w1 + b1[None]) @ w2 + b2[None], t)
    in_torch = lambda x, w1, b1, w2, b2, t: torch_loss(torch_f(x @ w1 + b1) @ w2 + b2, t)
    right["PyTorch"] = torch_of(in_torch, (1, 2, 3, 4))
    right["JAX"] = lambda *args: jax.grad(value, (1, 2, 3, 4))(*map(jnp.asarray, args))
    return Spelled(value, weights, right, (1, 2, 3, 4), (1.0, 4.0))


def weights(rng):
    n = lambda *shape: rng.normal(size=shape)
    return n(5, 3), n(3, 4), n(4), n(4, 2), n(2), rng.uniform(0.1, 0.9, size=(5, 2))


NETWORKS = {f"{f}, {loss}": network(f, loss) for f, loss in product(FUNCTIONS, LOSSES)}
