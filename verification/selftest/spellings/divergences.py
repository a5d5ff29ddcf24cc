"""Divergences and contrasts from logits: fused, composed, row by row, and by other libraries."""

import jax
import jax.numpy as jnp
import numpy as np

from .losses import LOG_SOFTMAX, at_once, by_scipy, shifted, softmax
from .losses import composed as through_probabilities
from .spelling import Spelled, derived, jax_of, torch_of

torch = lambda: __import__("torch")


def composed(by_jax, by_torch, argnums):
    """One formula, twice: JAX's and PyTorch's own derivatives of it."""
    return {
        "JAX, composed": jax_of(by_jax, argnums),
        "PyTorch, composed": torch_of(by_torch, argnums),
    }


centre = lambda p, r: p * (r - (p * r).sum(-1, keepdims=True))


def divergence(log):
    def gradient(p, q):
        a, b = log(p), log(q)
        n = p.dtype.type(len(p))
        return centre(np.exp(a), a - b) / n, (np.exp(b) - np.exp(a)) / n

    return gradient


KL = {
    "P (r - sum P r)": lambda p, q: (
        centre(softmax(p), np.log(softmax(p)) - np.log(softmax(q))) / len(p),
        (softmax(q) - softmax(p)) / len(p),
    ),
    "by log-softmax": divergence(at_once),
    "by log-softmax, shifted": divergence(shifted),
    "row by row": lambda p, q: tuple(
        np.stack(part) / p.dtype.type(len(p))
        for part in zip(
            *(
                (centre(softmax(a), at_once(a) - at_once(b)), softmax(b) - softmax(a))
                for a, b in zip(p, q, strict=True)
            ),
            strict=True,
        )
    ),
    "P / n first": lambda p, q: (
        softmax(p) / len(p) * (r := at_once(p) - at_once(q))
        - softmax(p) * (softmax(p) / len(p) * r).sum(-1, keepdims=True),
        softmax(q) / len(p) - softmax(p) / len(p),
    ),
    "PyTorch": torch_of(
        lambda p, q: torch().nn.functional.kl_div(
            q.log_softmax(-1), p.log_softmax(-1), reduction="batchmean", log_target=True
        ),
        (0, 1),
    ),
    **composed(
        lambda p, q: jnp.mean(
            jnp.sum(jax.nn.softmax(p) * (jax.nn.log_softmax(p) - jax.nn.log_softmax(q)), -1)
        ),
        lambda p, q: (p.softmax(-1) * (p.log_softmax(-1) - q.log_softmax(-1))).sum(-1).mean(),
        (0, 1),
    ),
}
E = 0.15  # of smoothing
hot = lambda z, k: np.eye(z.shape[-1], dtype=z.dtype)[k]
soft = lambda z, k: z.dtype.type(1 - E) * hot(z, k) + z.dtype.type(E / z.shape[-1])
SMOOTHED = {
    "(p - t) / n": lambda z, k: (softmax(z) - soft(z, k)) / len(z),
    "p / n - t / n": lambda z, k: softmax(z) / len(z) - soft(z, k) / len(z),
    "hard and even": lambda z, k: (
        ((1 - E) * (softmax(z) - hot(z, k)) + E * (softmax(z) - z.dtype.type(1 / z.shape[-1])))
        / len(z)
    ),
    "through probabilities": lambda z, k: through_probabilities(z, soft(z, k)),
    "by log-softmax": lambda z, k: (np.exp(at_once(z)) - soft(z, k)) / len(z),
    "SciPy": lambda z, k: (by_scipy("softmax")(z, axis=-1) - soft(z, k)) / len(z),
    "PyTorch": torch_of(
        lambda z, k: torch().nn.functional.cross_entropy(z, k.long(), label_smoothing=E)
    ),
    "JAX, composed": lambda z, k: jax.grad(
        lambda x: -jnp.mean(jnp.sum(jnp.asarray(soft(z, k)) * jax.nn.log_softmax(x), -1))
    )(jnp.asarray(z)),
}
C = 0.5  # temperature


def contrast(shares, order=lambda d, q, k: (d @ k / C, d.T @ q / C)):
    return lambda q, k: order((shares(q @ k.T / C) - np.eye(len(q), dtype=q.dtype)) / len(q), q, k)


INFO_NCE = {
    "(p - I) k / c": contrast(softmax),
    "by log-softmax": contrast(lambda s: np.exp(at_once(s))),
    "k / c first": contrast(softmax, lambda d, q, k: (d @ (k / C), (q.T / C @ d).T)),
    "einsum": contrast(
        softmax,
        lambda d, q, k: (np.einsum("ij,jk->ik", d, k) / C, np.einsum("ij,ik->jk", d, q) / C),
    ),
    "SciPy": contrast(lambda s: by_scipy("softmax")(s, axis=-1)),
    "PyTorch": torch_of(
        lambda q, k: torch().nn.functional.cross_entropy(q @ k.T / C, torch().arange(len(q))),
        (0, 1),
    ),
    **composed(
        lambda q, k: -jnp.mean(jnp.diagonal(jax.nn.log_softmax(q @ k.T / C))),
        lambda q, k: -(q @ k.T / C).log_softmax(-1).diagonal().mean(),
        (0, 1),
    ),
}

DIVERGENCES: dict[str, Spelled] = {
    "log_softmax": derived("log_softmax", LOG_SOFTMAX, scales=(1.0, 8.0)),
    "kl_divergence": derived("kl_divergence", KL, scales=(0.5, 2.0)),
    "smoothed_cross_entropy": derived("smoothed_cross_entropy", SMOOTHED, scales=(1.0, 8.0)),
    "info_nce": derived("info_nce", INFO_NCE, scales=(0.5, 2.0)),
}
