"""Likelihoods, focal and triplet loss: by branches, entry by entry, and by other libraries."""

import jax
import jax.numpy as jnp
import numpy as np

from .activations import logistic, stable
from .divergences import composed, torch
from .losses import rows
from .spelling import Spelled, derived, jax_of, torch_of


def focal(chance):
    """With the chances s(u) and s(-u) of the right label and the other, u = +-z."""

    def gradient(z, y):
        sign = 2 * y - 1
        p, other = chance(sign * z), chance(-sign * z)
        return -sign * other**2 * (other - 2 * p * np.log(p)) / z.size

    return gradient


FOCAL = {
    "-q^2 (q - 2 p log p)": focal(logistic),
    "-q^2 (q - 2 p log p), stable": focal(stable),
    "-q^3 + 2 p q^2 log p": lambda z, y: (
        (s := 2 * y - 1)
        * (
            2 * logistic(s * z) * logistic(-s * z) ** 2 * np.log(logistic(s * z))
            - logistic(-s * z) ** 3
        )
        / z.size
    ),
    "by branches": lambda z, y: (
        np.where(
            y == 1,
            -(stable(-z) ** 2) * (stable(-z) - 2 * stable(z) * np.log(stable(z))),
            stable(z) ** 2 * (stable(z) - 2 * stable(-z) * np.log(stable(-z))),
        )
        / z.dtype.type(z.size)
    ),
    "row by row": lambda z, y: np.stack(
        [focal(logistic)(a, b) * z.dtype.type(len(a) / z.size) for a, b in zip(z, y, strict=True)]
    ),
    "by softplus": lambda z, y: (
        -(s := 2 * y - 1)
        * np.exp(-2 * np.logaddexp(0 * z, s * z))
        * (stable(-s * z) + 2 * stable(s * z) * np.logaddexp(0 * z, -s * z))
        / z.size
    ),
    "PyTorch, composed": torch_of(
        lambda z, y: (
            -((1 - (2 * y - 1).mul(z).sigmoid()) ** 2)
            * torch().nn.functional.logsigmoid((2 * y - 1) * z)
        ).mean()
    ),
    "JAX, composed": jax_of(
        lambda z, y: (
            -jnp.mean(jax.nn.sigmoid((1 - 2 * y) * z) ** 2 * jax.nn.log_sigmoid((2 * y - 1) * z))
        )
    ),
}


def gaussian(inverse, error=lambda e, w: e * w):
    def gradient(m, v, t):
        e, w = t - m, inverse(v)
        n = m.dtype.type(m.size)
        d = error(e, w) / n
        return -d, (1 - e * e * w) / (2 * n), d

    return gradient


GAUSSIAN = {
    "e^-v": gaussian(lambda v: np.exp(-v)),
    "1 / e^v": gaussian(lambda v: 1 / np.exp(v)),
    "by the deviation": gaussian(lambda v: (1 / np.exp(v / 2)) ** 2),
    "scaled error": lambda m, v, t: (
        -(z := (t - m) / np.exp(v / 2)) / np.exp(v / 2) / m.size,
        (1 - z * z) / (2 * m.size),
        z / np.exp(v / 2) / m.size,
    ),
    "row by row": lambda m, v, t: tuple(
        np.stack(part) * m.dtype.type(m.shape[1] / m.size)
        for part in zip(
            *(gaussian(lambda v: np.exp(-v))(*row) for row in zip(m, v, t, strict=True)),
            strict=True,
        )
    ),
    "PyTorch": torch_of(
        lambda m, v, t: torch().nn.functional.gaussian_nll_loss(m, t, v.exp(), eps=0.0), (0, 1, 2)
    ),
    **composed(
        lambda m, v, t: jnp.mean(v + (t - m) ** 2 / jnp.exp(v)) / 2,
        lambda m, v, t: (v + (t - m) ** 2 / v.exp()).mean() / 2,
        (0, 1, 2),
    ),
}
POISSON = {
    "(e^z - k) / n": lambda z, k: (np.exp(z) - k) / z.size,
    "e^z / n - k / n": lambda z, k: np.exp(z) / z.size - k / z.size,
    "-(k - e^z) / n": lambda z, k: -(k - np.exp(z)) / z.size,
    "times 1 / n": lambda z, k: (np.exp(z) - k) * z.dtype.type(1 / z.size),
    "loop": lambda z, k: np.array(
        [(np.exp(a) - b) / z.dtype.type(z.size) for a, b in zip(z.flat, k.flat, strict=True)]
    ).reshape(z.shape),
    "row by row": rows(lambda z, k: (np.exp(z) - k) / z.dtype.type(4 * z.size)),
    "PyTorch": torch_of(lambda z, k: torch().nn.functional.poisson_nll_loss(z, k)),
    "JAX, composed": jax_of(lambda z, k: jnp.mean(jnp.exp(z) - k * z)),
}


def bound(slope):
    def gradient(l, m, v):
        n = l.dtype.type(len(l))
        return np.full_like(l, 1 / n), -m / n, slope(v) / n

    return gradient


BOUND = {
    "-expm1(v) / 2": bound(lambda v: -np.expm1(v) / 2),
    "(1 - e^v) / 2": bound(lambda v: (1 - np.exp(v)) / 2),
    "1/2 - e^v / 2": bound(lambda v: v.dtype.type(0.5) - np.exp(v) / 2),
    "-e^(v / 2) sinh(v / 2)": bound(lambda v: -np.exp(v / 2) * np.sinh(v / 2)),
    "example by example": lambda l, m, v: (
        np.full_like(l, 1 / l.dtype.type(len(l))),
        np.stack([-row / l.dtype.type(len(l)) for row in m]),
        np.stack([(1 - np.exp(row)) / l.dtype.type(2 * len(l)) for row in v]),
    ),
    "by the deviation": bound(lambda v: (1 - np.exp(v / 2) ** 2) / 2),
    **composed(
        lambda l, m, v: jnp.mean(l + jnp.sum(1 + v - m**2 - jnp.exp(v), -1) / 2),
        lambda l, m, v: (l + (1 + v - m**2 - v.exp()).sum(-1) / 2).mean(),
        (0, 1, 2),
    ),
}


def triplets(weigh):
    def gradient(a, p, q):
        d = ((a - p) ** 2).sum(-1) - ((a - q) ** 2).sum(-1)
        return weigh((d + 1 > 0)[:, None], a, p, q, a.dtype.type(len(a)))

    return gradient


TRIPLET = {
    "where": triplets(
        lambda on, a, p, q, n: tuple(np.where(on, 2 * d / n, 0 * d) for d in (q - p, p - a, a - q))
    ),
    "masks": triplets(
        lambda on, a, p, q, n: tuple(on * (2 * d) / n for d in (q - p, p - a, a - q))
    ),
    "apart": triplets(
        lambda on, a, p, q, n: (
            on * (2 * (a - p) - 2 * (a - q)) / n,
            on * -2 * (a - p) / n,
            on * 2 * (a - q) / n,
        )
    ),
    "2 / n first": triplets(
        lambda on, a, p, q, n: tuple(
            (on * (2 / n)).astype(a.dtype) * d for d in (q - p, p - a, a - q)
        )
    ),
    "chosen rows": lambda a, p, q: chosen_rows(a, p, q),
    "PyTorch, composed": torch_of(
        lambda a, p, q: (((a - p) ** 2).sum(-1) - ((a - q) ** 2).sum(-1) + 1).clamp(min=0).mean(),
        (0, 1, 2),
    ),
    "PyTorch, relu": torch_of(
        lambda a, p, q: (1 + ((a - p) ** 2 - (a - q) ** 2).sum(-1)).relu().mean(), (0, 1, 2)
    ),
    "JAX, composed": jax_of(
        lambda a, p, q: jnp.mean(
            jax.nn.relu(jnp.sum((a - p) ** 2, -1) - jnp.sum((a - q) ** 2, -1) + 1)
        ),
        (0, 1, 2),
    ),
}


def chosen_rows(a, p, q):
    """Only the examples inside the margin are looked at."""
    out = tuple(np.zeros_like(x) for x in (a, p, q))
    for i in range(len(a)):
        if ((a[i] - p[i]) ** 2).sum() - ((a[i] - q[i]) ** 2).sum() + 1 > 0:
            for d, row in zip(out, (q[i] - p[i], p[i] - a[i], a[i] - q[i]), strict=True):
                d[i] = 2 * row / a.dtype.type(len(a))
    return out


def shares(order):
    def gradient(p, t, w):
        e, total = p - t, w.sum()
        losses = (e * e).mean(-1)
        dp = order(e, w, total)
        return dp, -dp, (losses - (w * losses).sum() / total) / total

    return gradient


WEIGHTED = {
    "w / sum w first": shares(lambda e, w, total: 2 * e * (w / total)[:, None] / e.shape[1]),
    "2 / k first": shares(
        lambda e, w, total: e * e.dtype.type(2 / e.shape[1]) * w[:, None] / total
    ),
    "2 w / (k sum w)": shares(lambda e, w, total: e * (2 * w / (e.shape[1] * total))[:, None]),
    "einsum": shares(
        lambda e, w, total: np.einsum("ik,i->ik", e, 2 * w / total / e.dtype.type(e.shape[1]))
    ),
    "example by example": shares(
        lambda e, w, total: np.stack(
            [2 * a * b / (total * a.dtype.type(len(a))) for a, b in zip(e, w, strict=True)]
        )
    ),
    "diagonal": shares(lambda e, w, total: np.diag(w / total) @ e * e.dtype.type(2 / e.shape[1])),
    **composed(
        lambda p, t, w: jnp.sum(w * jnp.mean((p - t) ** 2, -1)) / jnp.sum(w),
        lambda p, t, w: (w * ((p - t) ** 2).mean(-1)).sum() / w.sum(),
        (0, 1, 2),
    ),
}
OBJECTIVES: dict[str, Spelled] = {
    "focal_loss": derived("focal_loss", FOCAL, scales=(0.5, 1.0)),
    "triplet": derived("triplet", TRIPLET, scales=(1.0, 8.0)),
    "gaussian_likelihood": derived("gaussian_likelihood", GAUSSIAN, scales=(0.5, 8.0)),
    "poisson_likelihood": derived("poisson_likelihood", POISSON, scales=(0.5, 1.5)),
    "weighted": derived("weighted", WEIGHTED, scales=(1.0, 8.0)),
    "evidence_lower_bound": derived("evidence_lower_bound", BOUND, scales=(1.0, 8.0)),
}
