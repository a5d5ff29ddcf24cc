"""Norms of examples and of batches: the variance in one pass or two, and by every rule."""

import jax.numpy as jnp
import numpy as np

from .layers import by_jax
from .spelling import derived, torch_of

EPS = 1e-3


def layer_norm(x, g, b):
    c = x - x.mean(-1, keepdims=True)
    return g[None, :] * c / jnp.sqrt((c * c).mean(-1, keepdims=True) + EPS) + b[None, :]


def mean(x, axis=-1):
    return x.mean(axis, keepdims=True)


def normed(x, axis=-1):
    """Two passes: the mean, then the mean of squares around it."""
    c = x - mean(x, axis)
    r = 1 / np.sqrt(mean(c * c, axis) + x.dtype.type(EPS))
    return c * r, r


def normed_at_once(x, axis=-1):
    """One pass: the mean, and the mean of squares less its square."""
    m = mean(x, axis)
    r = 1 / np.sqrt(mean(x * x, axis) - m * m + x.dtype.type(EPS))
    return (x - m) * r, r


def pulled_norm(h, r, dh, axis=-1):
    return r * (dh - mean(dh, axis) - h * mean(dh * h, axis))


def norm_by(forward, pull=pulled_norm, axis=-1):
    def gradient(x, g, b, dy):
        h, r = forward(x, axis)
        over = tuple(i for i in range(x.ndim) if i != x.ndim - 1)
        return pull(h, r, dy * g, axis), (dy * h).sum(over), dy.sum(over)

    return gradient


def by_sums(h, r, dh, axis):
    """r / n (n dh - sum dh - h sum dh h)."""
    n = h.dtype.type(h.shape[axis])
    total = lambda x: x.sum(axis, keepdims=True)
    return r / n * (n * dh - total(dh) - h * total(dh * h))


def by_variance(h, r, dh, axis):
    """Through the variance and the mean, one after the other, as papers print it."""
    n, c = h.dtype.type(h.shape[axis]), h / r
    dvar = (dh * c).sum(axis, keepdims=True) * r.dtype.type(-0.5) * r**3
    dmean = -(dh * r).sum(axis, keepdims=True) + dvar * (-2 * c).sum(axis, keepdims=True) / n
    return dh * r + dvar * 2 * c / n + dmean / n


def by_deviation(h, r, dh, axis):
    """Through the deviation, then the mean of what is left taken off."""
    dc = r * (dh - h * mean(h * dh, axis))
    return dc - mean(dc, axis)


def layer_norms(axis, torch):
    return {
        "two passes": norm_by(normed, axis=axis),
        "one pass": norm_by(normed_at_once, axis=axis),
        "sums": norm_by(normed, by_sums, axis),
        "one pass, sums": norm_by(normed_at_once, by_sums, axis),
        "by the variance": norm_by(normed, by_variance, axis),
        "by the deviation": norm_by(normed, by_deviation, axis),
        "PyTorch": torch_of(torch, (0, 1, 2)),
    }


def torch_norm(axis):
    def function(x, g, b):
        c = x - x.mean(axis, keepdim=True)
        return g * c / ((c * c).mean(axis, keepdim=True) + EPS).sqrt() + b

    return function


def root_mean_square(x):
    return 1 / np.sqrt(mean(x * x) + x.dtype.type(EPS))


def rms_norm(x, g):
    return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + EPS) * g[None, :]


def pulled_rms(x, g, dy):
    r = root_mean_square(x)
    h, dh = x * r, dy * g
    return r * (dh - h * mean(h * dh)), (h * dy).sum(0)


def cubed_rms(x, g, dy):
    r, dh = root_mean_square(x), dy * g
    return r * dh - x * r**3 * mean(x * dh), (x * r * dy).sum(0)


def divided_rms(x, g, dy):
    s = np.sqrt(mean(x * x) + x.dtype.type(EPS))
    dh = dy * g
    return (dh - x * mean(x * dh) / (s * s)) / s, (dy * x / s).sum(0)


def by_rows(x, g, dy):
    parts = [pulled_rms(a[None], g, b[None]) for a, b in zip(x, dy, strict=True)]
    return np.concatenate([dx for dx, _ in parts]), (x * root_mean_square(x) * dy).sum(0)


def torch_rms(x, g):
    return x * ((x * x).mean(-1, keepdim=True) + EPS).rsqrt() * g


RMS = {
    "r (dh - h mean)": pulled_rms,
    "r^3": cubed_rms,
    "divided": divided_rms,
    "row by row": by_rows,
    "PyTorch": torch_of(torch_rms, (0, 1)),
    "JAX": by_jax(rms_norm, 0, 1),
}


def lengths(a):
    return np.sqrt((a * a).sum(-1, keepdims=True))


def over_lengths(a, b, dc):
    m, n, dc = lengths(a), lengths(b), dc[:, None]
    c = (a * b).sum(-1, keepdims=True) / (m * n)
    return (b / n - c * a / m) * dc / m, (a / m - c * b / n) * dc / n


def of_units(a, b, dc):
    """With both as unit vectors u, v: (v - (u . v) u) / |a|."""
    m, n, dc = lengths(a), lengths(b), dc[:, None]
    u, v = a / m, b / n
    c = (u * v).sum(-1, keepdims=True)
    return dc * (v - c * u) / m, dc * (u - c * v) / n


def by_cubes(a, b, dc):
    """b / (m n) - (a . b) a / (m^3 n)."""
    m, n, dc = lengths(a), lengths(b), dc[:, None]
    p = (a * b).sum(-1, keepdims=True)
    return dc * (b / (m * n) - p * a / (m**3 * n)), dc * (a / (m * n) - p * b / (m * n**3))


def by_squares(a, b, dc):
    """(b - a (a . b) / |a|^2) / (m n)."""
    aa, bb, ab = ((p * q).sum(-1, keepdims=True) for p, q in ((a, a), (b, b), (a, b)))
    d = dc[:, None] / np.sqrt(aa * bb)
    return d * (b - ab / aa * a), d * (a - ab / bb * b)


def projected(a, b, dc):
    """(1 - u u') v / |a|, row by row."""
    one = lambda p, q, d: (
        d
        * (
            (np.eye(len(p), dtype=p.dtype) - np.outer(p, p) / (p @ p))
            @ q
            / np.sqrt((p @ p) * (q @ q))
        )
    )
    pairs = list(zip(a, b, dc, strict=True))
    return np.stack([one(p, q, d) for p, q, d in pairs]), np.stack(
        [one(q, p, d) for p, q, d in pairs]
    )


def torch_cosine(a, b):
    import torch  # pyright: ignore[reportMissingImports]

    return torch.nn.functional.cosine_similarity(a, b)


def cosine(a, b):
    return (a * b).sum(-1) / jnp.linalg.norm(a, axis=-1) / jnp.linalg.norm(b, axis=-1)


COSINE = {
    "over lengths": over_lengths,
    "unit vectors": of_units,
    "cubes": by_cubes,
    "squares": by_squares,
    "a projection": projected,
    "PyTorch": torch_of(torch_cosine, (0, 1)),
    "PyTorch, composed": torch_of(
        lambda a, b: (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)), (0, 1)
    ),
    "JAX": by_jax(cosine, 0, 1),
}

NORMS = {
    "layer_norm": derived(
        "layer_norm",
        layer_norms(-1, torch_norm(-1)) | {"JAX": by_jax(layer_norm, 0, 1, 2)},
        scales=(1.0, 8.0),
    ),
    "batch_norm": derived("batch_norm", layer_norms(0, torch_norm(0)), scales=(1.0, 8.0)),
    "rms_norm": derived("rms_norm", RMS, scales=(1.0, 8.0)),
    "cosine_similarity": derived("cosine_similarity", COSINE, scales=(1.0, 64.0), scaled=(0, 1)),
}
