"""Layers: dense, norms, attention, a recurrent cell, and uses of one array in any order."""

import jax
import jax.numpy as jnp
import numpy as np

from ...inputs import draws
from .losses import rows, softmax
from .spelling import Spelled, derived, torch_of

EPS = 1e-3


def by_jax(function, *argnums):
    """JAX's own pullback of a function of arrays."""

    def gradient(*args):
        *inputs, above = map(jnp.asarray, args)
        pulled = jax.vjp(function, *inputs)[1](above)
        return tuple(pulled[i] for i in argnums)

    return gradient


def affine(x, w, b):
    return x @ w + b[None, :]


def outer_sum(x, w, dy):
    """Weights example by example, as a loop adds them up."""
    dw, db, dx = np.zeros_like(w), np.zeros_like(w[0]), np.zeros_like(x)
    for k in range(len(x)):
        dw += np.outer(x[k], dy[k])
        db += dy[k]
        dx[k] = w @ dy[k]
    return dx, dw, db


def entry_sums(x, w, dy):
    dw, dx = np.zeros_like(w), np.zeros_like(x)
    for k, i, j in np.ndindex(len(x), *w.shape):
        dw[i, j] += x[k, i] * dy[k, j]
        dx[k, i] += w[i, j] * dy[k, j]
    return dx, dw, dy.sum(0)


DENSE = {
    "matrices": lambda x, w, b, dy: (dy @ w.T, x.T @ dy, dy.sum(0)),
    "transposed": lambda x, w, b, dy: ((w @ dy.T).T, (dy.T @ x).T, np.ones_like(dy[:, 0]) @ dy),
    "einsum": lambda x, w, b, dy: (
        np.einsum("bj,ij->bi", dy, w),
        np.einsum("bi,bj->ij", x, dy),
        np.einsum("bj->j", dy),
    ),
    "outer products": lambda x, w, b, dy: outer_sum(x, w, dy),
    "backwards": lambda x, w, b, dy: (
        outer_sum(x[::-1], w, dy[::-1])[0][::-1],
        *outer_sum(x[::-1], w, dy[::-1])[1:],
    ),
    "loops": lambda x, w, b, dy: entry_sums(x, w, dy),
    "all at once": lambda x, w, b, dy: (
        dy @ w.T,
        (x[:, :, None] * dy[:, None, :]).sum(0),
        dy.sum(axis=0),
    ),
    "PyTorch": torch_of(lambda x, w, b: x @ w + b, (0, 1, 2)),
    "JAX": by_jax(affine, 0, 1, 2),
}


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


RMS = {
    "r (dh - h mean)": pulled_rms,
    "r^3": cubed_rms,
    "divided": divided_rms,
    "row by row": lambda x, g, dy: (
        np.concatenate([pulled_rms(a[None], g, b[None])[0] for a, b in zip(x, dy, strict=True)]),
        (x * root_mean_square(x) * dy).sum(0),
    ),
    "PyTorch": torch_of(
        lambda x, g: x * ((x * x).mean(-1, keepdim=True) + EPS).rsqrt() * g, (0, 1)
    ),
    "JAX": by_jax(rms_norm, 0, 1),
}


def attention(q, k, v):
    return jax.nn.softmax(q @ k.T / q.shape[-1] ** 0.5, -1) @ v


def attended(probabilities, pull):
    def gradient(q, k, v, do):
        root = q.dtype.type(q.shape[-1] ** 0.5)
        p = probabilities(q @ k.T / root)
        ds = pull(p, do @ v.T, do, p @ v) / root
        return ds @ k, ds.T @ q, p.T @ do

    return gradient


def flash(p, dp, do, o):
    """sum p dp is the row sum of do o."""
    return p * (dp - (do * o).sum(-1, keepdims=True))


inner = lambda p, dp, do, o: p * (dp - (p * dp).sum(-1, keepdims=True))
apart = lambda p, dp, do, o: p * dp - p * (p * dp).sum(-1, keepdims=True)
by_logs = lambda s: np.exp(
    s
    - s.max(-1, keepdims=True)
    - np.log(np.exp(s - s.max(-1, keepdims=True)).sum(-1, keepdims=True))
)
plain = lambda s: np.exp(s) / np.exp(s).sum(-1, keepdims=True)
ATTENTION = {
    "p (dp - p . dp)": attended(softmax, inner),
    "do . o": attended(softmax, flash),
    "p dp - p (p . dp)": attended(softmax, apart),
    "by logarithms": attended(by_logs, flash),
    "without the maximum": attended(plain, inner),
    "PyTorch": torch_of(lambda q, k, v: (q @ k.T / q.shape[-1] ** 0.5).softmax(-1) @ v, (0, 1, 2)),
    "JAX": by_jax(attention, 0, 1, 2),
}


def recurrent(x, u, w):
    h = jnp.zeros((x.shape[1], w.shape[0]), x.dtype)
    for row in x:
        h = jnp.tanh(row @ u + h @ w)
    return h


def through_time(slope, order):
    """Backpropagation through time; `order` is that in which the steps are added up."""

    def gradient(x, u, w, dh):
        states = [np.zeros((x.shape[1], w.shape[0]), x.dtype)]
        for row in x:
            states.append(np.tanh(row @ u + states[-1] @ w))
        dz = []
        for t in reversed(range(len(x))):
            dz.append(dh * slope(states[t + 1], x[t] @ u + states[t] @ w))
            dh = dz[-1] @ w.T
        steps = list(zip(reversed(range(len(x))), dz, strict=True))[::order]
        total = lambda terms: sum(terms[1:], terms[0])
        return total([x[t].T @ d for t, d in steps]), total([states[t].T @ d for t, d in steps])

    return gradient


def torch_recurrent(x, u, w):
    h = x[0] @ u * 0
    for row in x:
        h = (row @ u + h @ w).tanh()
    return h


from_state = lambda h, z: 1 - h * h
from_input = lambda h, z: 1 / np.cosh(z) ** 2
RECURRENT = {
    "1 - h^2": through_time(from_state, 1),
    "1 - h^2, first step first": through_time(from_state, -1),
    "sech^2": through_time(from_input, 1),
    "sech^2, first step first": through_time(from_input, -1),
    "(1 - h) (1 + h)": through_time(lambda h, z: (1 - h) * (1 + h), 1),
    "PyTorch": torch_of(torch_recurrent, (1, 2)),
    "JAX": by_jax(recurrent, 1, 2),
}


def uses(x):
    return jnp.concatenate([x, 2 * x, x * x, x])


def in_order(*places):
    def gradient(x, d):
        a, b, c, e = np.split(d, 4)
        parts = [a, 2 * b, 2 * x * c, e]
        total = parts[places[0]]
        for k in places[1:]:
            total = total + parts[k]
        return total

    return gradient


USES = {
    "first to last": in_order(0, 1, 2, 3),
    "last to first": in_order(3, 2, 1, 0),
    "middle first": in_order(1, 2, 0, 3),
    "two and two": lambda x, d: (d[:6] + 2 * d[6:12]) + (2 * x * d[12:18] + d[18:]),
    "stacked": lambda x, d: np.stack([d[:6], 2 * d[6:12], 2 * x * d[12:18], d[18:]]).sum(0),
    "x c twice": lambda x, d: d[:6] + d[6:12] + d[6:12] + x * d[12:18] + x * d[12:18] + d[18:],
    "PyTorch": torch_of(lambda x: __import__("torch").cat([x, 2 * x, x * x, x])),
    "JAX": by_jax(uses, 0),
}


def size(x):
    return jnp.sqrt(jnp.sum(x * x, -1))


LENGTH = {
    "x / |x|": lambda x, d: x / np.sqrt((x * x).sum(-1, keepdims=True)) * d[:, None],
    "d x / |x|": lambda x, d: d[:, None] * x / np.sqrt((x * x).sum(-1, keepdims=True)),
    "d / |x| first": lambda x, d: (d / np.sqrt((x * x).sum(-1)))[:, None] * x,
    "NumPy's norm": lambda x, d: x / np.linalg.norm(x, axis=-1, keepdims=True) * d[:, None],
    "hypot": rows(lambda x, d: d * x / np.hypot.reduce(x)),
    "PyTorch": torch_of(lambda x: x.norm(dim=-1)),
    "JAX": by_jax(size, 0),
}
vectors = lambda rng: (draws.reals(rng, 4, 5),)

LAYERS = {
    "dense": Spelled(
        affine,
        lambda rng: (draws.reals(rng, 6, 4), draws.reals(rng, 4, 3), draws.reals(rng, 3)),
        DENSE,
        (0, 1, 2),
        (1.0, 64.0),
    ),
    "layer_norm": derived(
        "layer_norm",
        layer_norms(-1, torch_norm(-1)) | {"JAX": by_jax(layer_norm, 0, 1, 2)},
        scales=(1.0, 8.0),
    ),
    "batch_norm": derived("batch_norm", layer_norms(0, torch_norm(0)), scales=(1.0, 8.0)),
    "rms norm": Spelled(
        rms_norm, lambda rng: (draws.reals(rng, 4, 5), draws.reals(rng, 5)), RMS, (0, 1), (1.0, 8.0)
    ),
    "attention": Spelled(
        attention,
        lambda rng: (draws.reals(rng, 3, 5), draws.reals(rng, 4, 5), draws.reals(rng, 4, 2)),
        ATTENTION,
        (0, 1, 2),
        (1.0, 4.0),
    ),
    "recurrent": Spelled(
        recurrent,
        lambda rng: (
            draws.reals(rng, 4, 5, 2),
            draws.reals(rng, 2, 3, high=1.5),
            draws.reals(rng, 3, 3, high=1.5),
        ),
        RECURRENT,
        (1, 2),
        (1.0, 4.0),
    ),
    "uses of one array": Spelled(uses, lambda rng: (rng.normal(size=6),), USES, scales=(1.0, 16.0)),
    "length": Spelled(size, vectors, LENGTH, scales=(1.0, 64.0)),
}
