"""Layers that mix rows, draws or derivatives: graphs, equilibria, cross-attention, jets."""

import jax
import jax.numpy as jnp
import numpy as np

from .losses import softmax
from .spelling import Spelled, derived, jax_of, torch_of

# --- a draw ------------------------------------------------------------------------------------


def drawn(deviation, join):
    return lambda m, v, e, dz: (dz, join(deviation(v), e, dz))


half = lambda x: x * x.dtype.type(0.5)
DEVIATIONS = {
    "e^(v/2)": lambda v: np.exp(half(v)),
    "sqrt e^v": lambda v: np.sqrt(np.exp(v)),
}
JOINS = {
    "1/2 first": lambda d, e, dz: half(d) * e * dz,
    "1/2 last": lambda d, e, dz: half(dz * (e * d)),
}
DRAWS = {
    f"{who}, {how}": drawn(deviation, join)
    for who, deviation in DEVIATIONS.items()
    for how, join in JOINS.items()
} | {
    "PyTorch": torch_of(lambda m, v, e: m + (v / 2).exp() * e, (0, 1)),
    "JAX": jax_of(lambda m, v, e: m + jnp.exp(v / 2) * e, (0, 1)),
}

# --- a graph -----------------------------------------------------------------------------------


def mixed_first(layer, s, x, dy):
    h, dh = s @ x, dy @ layer.w.T
    return layer._replace(w=h.T @ dy, b=dy.sum(0)), dh @ x.T, s.T @ dh


def weights_first(layer, s, x, dy):
    """As if y were S (x w): the other way round, with the same values."""
    d = s.T @ dy
    return layer._replace(w=x.T @ d, b=dy.sum(0)), dy @ (x @ layer.w).T, d @ layer.w.T


def edge_by_edge(layer, s, x, dy):
    dlayer, ds, dx = mixed_first(layer, s, x, dy)
    dx = np.zeros_like(x)
    for i, j in np.ndindex(s.shape):
        dx[j] += s[i, j] * (dy[i] @ layer.w.T)
    return dlayer, ds, dx


def by_einsum(layer, s, x, dy):
    dh = np.einsum("io,ko->ik", dy, layer.w)
    dw = np.einsum("ij,jk,io->ko", s, x, dy)
    dx, ds = np.einsum("ij,ik->jk", s, dh), np.einsum("ik,jk->ij", dh, x)
    return layer._replace(w=dw, b=np.ones_like(dy[:, 0]) @ dy), ds, dx


GRAPHS = {
    "mixed first": mixed_first,
    "weights first": weights_first,
    "edge by edge": edge_by_edge,
    "einsum": by_einsum,
    "PyTorch": torch_of(lambda layer, s, x: s @ x @ layer.w + layer.b, (0, 1, 2)),
    "JAX": jax_of(lambda layer, s, x: s @ (x @ layer.w) + layer.b, (0, 1, 2)),
}

# --- an equilibrium ----------------------------------------------------------------------------
MANY = 24


def settled(solve, slope):
    def gradient(params, x, dz):
        z = np.zeros_like(dz)
        for _ in range(MANY):
            a = x @ params.u + z @ params.w + params.b
            z = np.tanh(a)
        dc = solve(slope(a, z), params.w, dz)
        return params._replace(u=x.T @ dc, w=z.T @ dc, b=dc.sum(0)), dc @ params.u.T

    return gradient


def step_by_step(s, w, dz):
    v = dz
    for _ in range(MANY):
        v = dz + (s * v) @ w.T
    return s * v


def summed(s, w, dz):
    """The terms of the series, one after the other."""
    term, total = s * dz, s * dz
    for _ in range(MANY):
        term = s * (term @ w.T)
        total = total + term
    return total


SLOPES = {
    "1 - z^2": lambda a, z: z.dtype.type(1) - z * z,
    "(1 - z) (1 + z)": lambda a, z: (z.dtype.type(1) - z) * (z.dtype.type(1) + z),
    "1 / cosh^2": lambda a, z: z.dtype.type(1) / np.cosh(a) ** 2,
}
EQUILIBRIA = {
    f"{how}, {who}": settled(solve, slope)
    for who, slope in SLOPES.items()
    for how, solve in {"steps": step_by_step, "series": summed}.items()
}

# --- cross-attention ---------------------------------------------------------------------------
HEADS = 2
apart = lambda a: np.moveaxis(a.reshape(len(a), HEADS, -1), 1, 0)
beside = lambda a: np.moveaxis(a, 0, 1).reshape(a.shape[1], -1)


def crossed(cut, join, pull):
    def gradient(params, x, memory, mask, dy):
        q, k, v = cut(x @ params.q), cut(memory @ params.k), cut(memory @ params.v)
        scale = x.dtype.type(q.shape[-1] ** 0.5)
        s = np.where(mask[None], q @ np.swapaxes(k, 1, 2) / scale, x.dtype.type(-1e4))
        p, do = softmax(s), cut(dy @ params.o.T)
        ds = pull(p, do @ np.swapaxes(v, 1, 2)) / scale
        dq, dk, dv = map(join, (ds @ k, np.swapaxes(ds, 1, 2) @ q, np.swapaxes(p, 1, 2) @ do))
        weights = params._replace(
            q=x.T @ dq, k=memory.T @ dk, v=memory.T @ dv, o=join(p @ v).T @ dy
        )
        return weights, dq @ params.q.T, dk @ params.k.T + dv @ params.v.T

    return gradient


def columns_apart(a):
    return np.stack(np.split(a, HEADS, axis=1))


def columns_beside(a):
    return np.concatenate(list(a), axis=1)


PULLS = {
    "p (dp - p . dp)": lambda p, dp: p * (dp - (p * dp).sum(-1, keepdims=True)),
    "p dp - p (p . dp)": lambda p, dp: p * dp - p * (p * dp).sum(-1, keepdims=True),
}


def torch_cross(params, x, memory, mask):
    cut = lambda a: a.reshape(len(a), HEADS, -1).transpose(0, 1)
    q, k, v = cut(x @ params.q), cut(memory @ params.k), cut(memory @ params.v)
    s = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).masked_fill(~mask, -1e4)
    return (s.softmax(-1) @ v).transpose(0, 1).reshape(len(x), -1) @ params.o


def jax_cross(params, x, memory, mask):
    cut = lambda a: a.reshape(len(a), HEADS, -1)
    q, k, v = cut(x @ params.q), cut(memory @ params.k), cut(memory @ params.v)
    s = jnp.where(mask, jnp.einsum("thd,shd->hts", q, k) / q.shape[-1] ** 0.5, -1e4)
    return jnp.einsum("hts,she->the", jax.nn.softmax(s), v).reshape(len(x), -1) @ params.o


CROSSED = {
    f"{how}, {who}": crossed(cut, join, pull)
    for how, (cut, join) in {
        "moved axes": (apart, beside), "columns": (columns_apart, columns_beside)
    }.items()
    for who, pull in PULLS.items()
} | {"PyTorch": torch_of(torch_cross, (0, 1, 2)), "JAX": jax_of(jax_cross, (0, 1, 2))}  # fmt: skip

# --- derivatives carried forward ---------------------------------------------------------------


def jets(slope, order):
    def gradient(z, p, q, d):
        t, two = np.tanh(z), z.dtype.type(2)
        return order(slope(z, t), t, two, p, q, *d)

    return gradient


def collected(s, t, two, p, q, d0, d1, d2):
    ds = p * d1 + (q - two * t * p * p) * d2
    dt = d0 - two * s * p * p * d2
    return s * (dt - two * t * ds), s * d1 - two * two * s * t * p * d2, s * d2


def term_by_term(s, t, two, p, q, d0, d1, d2):
    dz = s * d0 - two * t * s * p * d1 - two * t * s * q * d2
    dz = dz + two * two * t * t * s * p * p * d2 - two * s * s * p * p * d2
    return dz, s * (d1 - two * two * t * p * d2), d2 * s


one = lambda z: z.dtype.type(1)
JET_SLOPES = {
    "1 - t^2": lambda z, t: one(z) - t * t,
    "1 / cosh^2": lambda z, t: one(z) / np.cosh(z) ** 2,
}


def torch_jet(z, p, q):
    t = z.tanh()
    s = 1 - t * t
    return t, s * p, s * (q - 2 * t * p * p)


def jax_jet(z, p, q):
    along = lambda p: lambda z: jax.jvp(jnp.tanh, (z,), (p,))[1]
    t, first = jax.jvp(jnp.tanh, (z,), (p,))
    bend = jax.jvp(along(p), (z,), (p,))[1]
    return t, first, bend + along(q)(z)


JETS = {
    f"{how}, {who}": jets(slope, order)
    for who, slope in JET_SLOPES.items()
    for how, order in {"collected": collected, "term by term": term_by_term}.items()
} | {"PyTorch": torch_of(torch_jet, (0, 1, 2)), "JAX": jax_of(jax_jet, (0, 1, 2))}

MIXING: dict[str, Spelled] = {
    "gaussian_sample": derived("gaussian_sample", DRAWS, scaled=(1,)),
    "graph_convolution": derived("graph_convolution", GRAPHS, scaled=(2,)),
    "deep_equilibrium": derived("deep_equilibrium", EQUILIBRIA, scaled=(1,)),
    "cross_attention": derived("cross_attention", CROSSED, scales=(1.0, 2.0), scaled=(1,)),
    "tanh_jet": derived("tanh_jet", JETS, scaled=(0,)),
}
