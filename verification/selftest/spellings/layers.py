"""Layers: dense, attention, a recurrent cell, and uses of one array in any order."""

import jax
import jax.numpy as jnp
import numpy as np

from ...inputs import draws
from .losses import at_once as logs
from .losses import rows, softmax
from .spelling import Spelled, torch_of


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


def at_once(x, w, b, dy):
    return dy @ w.T, (x[:, :, None] * dy[:, None, :]).sum(0), dy.sum(axis=0)


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
    "all at once": at_once,
    "PyTorch": torch_of(lambda x, w, b: x @ w + b, (0, 1, 2)),
    "JAX": by_jax(affine, 0, 1, 2),
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
by_logs = lambda s: np.exp(logs(s))
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


def of_reals(*shapes, high=4.0):
    """Arguments of these shapes, evenly in log size."""
    return lambda rng: tuple(draws.reals(rng, *shape, high=high) for shape in shapes)


LAYERS = {
    "affine": Spelled(affine, of_reals((6, 4), (4, 3), (3,)), DENSE, (0, 1, 2), (1.0, 64.0)),
    "attention without a mask": Spelled(
        attention, of_reals((3, 5), (4, 5), (4, 2)), ATTENTION, (0, 1, 2), (1.0, 4.0)
    ),
    "recurrent": Spelled(
        recurrent, of_reals((4, 5, 2), (2, 3), (3, 3), high=1.5), RECURRENT, (1, 2), (1.0, 4.0)
    ),
    "uses of one array": Spelled(uses, lambda rng: (rng.normal(size=6),), USES, scales=(1.0, 16.0)),
    "length": Spelled(size, of_reals((4, 5)), LENGTH, scales=(1.0, 64.0)),
}
