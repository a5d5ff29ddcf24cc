"""Layers in parts: norms of groups and of weights, shared keys, shares of one column."""

import jax
import jax.numpy as jnp
import numpy as np

from .blocks import head, masked, multiplied
from .layers import apart, by_logs, flash, inner, plain
from .losses import softmax
from .norms import (
    by_deviation,
    by_sums,
    by_variance,
    normed,
    normed_at_once,
    pulled_norm,
)
from .spelling import Spelled, derived, jax_of, torch_of

EPS = 1e-3
GROUPS, HEADS = 2, 4

# --- norms of groups ----------------------------------------------------------------------------


def grouped(forward, pull):
    def gradient(x, g, b, dy):
        batch, space, n = x.shape
        cut = lambda a: np.swapaxes(a.reshape(batch, space, GROUPS, -1), 1, 2).reshape(
            batch, GROUPS, -1
        )
        back = lambda a: np.swapaxes(a.reshape(batch, GROUPS, space, -1), 1, 2).reshape(x.shape)
        h, r = forward(cut(x))
        return back(pull(h, r, cut(dy * g), -1)), (dy * back(h)).sum((0, 1)), dy.sum((0, 1))

    return gradient


def torch_groups(x, g, b):
    import torch  # pyright: ignore[reportMissingImports]

    return torch.nn.functional.group_norm(x.permute(0, 2, 1), GROUPS, g, b, EPS).permute(0, 2, 1)


def groups(x, g, b):
    rows = x.reshape(len(x), x.shape[1], GROUPS, -1)
    c = rows - rows.mean((1, 3), keepdims=True)
    h = c / jnp.sqrt((c * c).mean((1, 3), keepdims=True) + EPS)
    return h.reshape(x.shape) * g[None, None] + b[None, None]


GROUP_NORM = {
    "two passes": grouped(normed, pulled_norm),
    "one pass": grouped(normed_at_once, pulled_norm),
    "sums": grouped(normed, by_sums),
    "one pass, sums": grouped(normed_at_once, by_sums),
    "by the variance": grouped(normed, by_variance),
    "by the deviation": grouped(normed, by_deviation),
    "PyTorch": torch_of(torch_groups, (0, 1, 2)),
    "JAX": jax_of(groups, (0, 1, 2)),
}

# --- batch norm in evaluation -------------------------------------------------------------------


def evaluated(root, slope, total=lambda a: a.sum(0)):
    """`root` is the deviation; `slope` has dx from dy, gain and deviation."""

    def gradient(norm, running, x, dy):
        s = root(running.variance + x.dtype.type(EPS))
        h = (x - running.mean) / s
        dx = slope(dy, norm.gain, s)
        spread = total(dx * h) / s * x.dtype.type(-0.5)
        dnorm = norm._replace(gain=total(dy * h), bias=total(dy))
        return dnorm, running._replace(mean=-total(dx), variance=spread), dx

    return gradient


ORDERS = {
    "dy g / s": lambda dy, g, s: dy * g / s,
    "dy (g / s)": lambda dy, g, s: dy * (g / s),
    "dy g (1 / s)": lambda dy, g, s: dy * g * (1 / s),
}
SUMS = {
    "": lambda a: a.sum(0),
    ", einsum": lambda a: np.einsum("bn->n", a),
}
EVALUATED = {
    f"{name}{how}": evaluated(np.sqrt, slope, total)
    for name, slope in ORDERS.items()
    for how, total in SUMS.items()
} | {
    "PyTorch": torch_of(
        lambda norm, running, x: (
            (x - running.mean) * (running.variance + EPS).rsqrt() * norm.gain + norm.bias
        ),
        (0, 1, 2),
    ),
    "JAX": jax_of(
        lambda norm, running, x: (
            (x - running.mean[None]) / jnp.sqrt(running.variance + EPS)[None] * norm.gain[None]
            + norm.bias[None]
        ),
        (0, 1, 2),
    ),
}

# --- norms of weights ---------------------------------------------------------------------------


def lengths(v):
    return np.sqrt((v * v).sum(0))


def by_units(v, g, dw):
    s = lengths(v)
    u = v / s
    dg = (u * dw).sum(0)
    return g / s * (dw - u * dg), dg


def by_cubes(v, g, dw):
    s, along = lengths(v), (v * dw).sum(0)
    return g * dw / s - g * v * along / s**3, along / s


def by_squares(v, g, dw):
    square, along = (v * v).sum(0), np.einsum("io,io->o", v, dw)
    s = np.sqrt(square)
    return g / s * (dw - v * (along / square)), along / s


def units_first(v, g, dw):
    """Through u: du = g dw, then at right angles."""
    s = lengths(v)
    u, du = v / s, g * dw
    return (du - u * (u * du).sum(0)) / s, (dw * u).sum(0)


def projected(v, g, dw):
    """(1 - u u') dw g / |v|, column by column."""
    dv, dg = np.zeros_like(v), np.zeros_like(g)
    for k in range(len(g)):
        s = np.sqrt(v[:, k] @ v[:, k])
        u = v[:, k] / s
        dv[:, k] = g[k] / s * ((np.eye(len(v), dtype=v.dtype) - np.outer(u, u)) @ dw[:, k])
        dg[k] = u @ dw[:, k]
    return dv, dg


def column_loop(v, g, dw):
    parts = [by_units(v[:, k : k + 1], g[k : k + 1], dw[:, k : k + 1]) for k in range(len(g))]
    return np.concatenate([dv for dv, _ in parts], 1), np.concatenate([dg for _, dg in parts])


WEIGHTS = {
    "unit vectors": by_units,
    "cubes": by_cubes,
    "squares": by_squares,
    "units first": units_first,
    "a projection": projected,
    "column by column": column_loop,
    "PyTorch": torch_of(lambda v, g: v / (v * v).sum(0).sqrt() * g, (0, 1)),
    "JAX": jax_of(lambda v, g: v / jnp.sqrt((v * v).sum(0))[None] * g[None], (0, 1)),
}

# --- shared keys --------------------------------------------------------------------------------


def sharing(of_head):
    """Keys and values repeated for the heads of their group, and summed over them."""

    def gradient(params, x, mask, dy):
        cut = lambda a, n: np.swapaxes(a.reshape(len(a), n, -1), 0, 1)
        join = lambda a: np.swapaxes(a, 0, 1).reshape(a.shape[1], -1)
        many = lambda w: np.repeat(cut(x @ w, GROUPS), HEADS // GROUPS, 0)
        one = lambda d: d[::2] + d[1::2]
        q = cut(x @ params.q, HEADS)
        do = cut(dy @ params.o.T, HEADS)
        dq, dk, dv, o = of_head(q, many(params.k), many(params.v), mask, do)
        dq, dk, dv = join(dq), join(one(dk)), join(one(dv))
        dx = dq @ params.q.T + dk @ params.k.T + dv @ params.v.T
        return type(params)(x.T @ dq, x.T @ dk, x.T @ dv, join(o).T @ dy), dx

    return gradient


def torch_shared(params, x, mask):
    cut = lambda a, n: a.reshape(len(x), n, -1).transpose(0, 1)
    q, k, v = cut(x @ params.q, HEADS), cut(x @ params.k, GROUPS), cut(x @ params.v, GROUPS)
    k, v = (a.repeat_interleave(HEADS // GROUPS, 0) for a in (k, v))
    s = q @ k.transpose(1, 2) / q.shape[-1] ** 0.5
    p = s.masked_fill(~mask, -float("inf")).softmax(-1)
    return (p @ v).transpose(0, 1).reshape(len(x), -1) @ params.o


def shared(params, x, mask):
    q = (x @ params.q).reshape(len(x), GROUPS, HEADS // GROUPS, -1)
    k, v = ((x @ w).reshape(len(x), GROUPS, -1) for w in params[1:3])
    s = jnp.einsum("tgnd,sgd->gnts", q, k) / q.shape[-1] ** 0.5
    p = jax.nn.softmax(jnp.where(mask[None, None], s, -1e4), -1)
    return jnp.einsum("gnts,sgd->tgnd", p, v).reshape(len(x), -1) @ params.o


SHARED = {
    "p (dp - p . dp)": sharing(head(masked(softmax), inner)),
    "do . o": sharing(head(masked(softmax), flash)),
    "p dp - p (p . dp)": sharing(head(masked(softmax), apart)),
    "by logarithms": sharing(head(masked(by_logs), flash)),
    "a mask of factors": sharing(head(multiplied, inner)),
    "without the maximum": sharing(head(masked(plain), inner)),
    "PyTorch": torch_of(torch_shared, (0, 1)),
    "JAX": jax_of(shared, (0, 1)),
}

# --- shares of one column -----------------------------------------------------------------------


def down(probabilities, pull):
    """Over the first axis: columns as rows, and back."""
    return lambda z, mask, dp: pull(probabilities(z.T, mask.T), dp.T, None, None).T


def jacobian(p, dp, *_):
    """(diag p - p p') dp, row by row."""
    rows = zip(p, dp, strict=True)
    return np.stack([(np.diag(a) - np.outer(a, a)) @ d for a, d in rows])


COLUMNS = {
    "p (dp - p . dp)": down(masked(softmax), inner),
    "p dp - p (p . dp)": down(masked(softmax), apart),
    "by logarithms": down(masked(by_logs), inner),
    "a mask of factors": down(multiplied, inner),
    "without the maximum": down(masked(plain), apart),
    "the matrix": down(masked(softmax), jacobian),
    "PyTorch": torch_of(lambda z, mask: z.masked_fill(~mask, -float("inf")).softmax(0)),
    "JAX": jax_of(lambda z, mask: jax.nn.softmax(jnp.where(mask, z, -1e4), 0)),
}
PARTS: dict[str, Spelled] = {
    "group_norm": derived("group_norm", GROUP_NORM, scales=(1.0, 8.0)),
    "batch_norm_eval": derived("batch_norm_eval", EVALUATED, scales=(1.0, 8.0), scaled=(2,)),
    "weight_norm": derived("weight_norm", WEIGHTS, scales=(1.0, 8.0)),
    "grouped_query_attention": derived(
        "grouped_query_attention", SHARED, scales=(1.0, 2.0), scaled=(1,)
    ),
    "masked_softmax": derived("masked_softmax", COLUMNS, scales=(1.0, 4.0)),
}
