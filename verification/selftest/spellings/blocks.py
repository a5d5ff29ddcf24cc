"""Blocks that use one array more than once: heads of attention, a residual, tied weights."""

import jax
import jax.numpy as jnp
import numpy as np

from .layers import apart, by_logs, flash, inner, plain
from .losses import softmax
from .spelling import Spelled, derived, jax_of, torch_of

HEADS = 2


def masked(probabilities):
    """Scores that are not seen are so small that their share is 0."""
    return lambda s, mask: probabilities(np.where(mask, s, s.dtype.type(-1e4)))


def multiplied(s, mask):
    e = np.exp(s - s.max(-1, keepdims=True)) * mask
    return e / e.sum(-1, keepdims=True)


def head(probabilities, pull):
    def gradient(q, k, v, mask, do):
        root = q.dtype.type(q.shape[-1] ** 0.5)
        p = probabilities(q @ np.swapaxes(k, -1, -2) / root, mask)
        ds = pull(p, do @ np.swapaxes(v, -1, -2), do, p @ v) / root
        turned = lambda a: np.swapaxes(a, -1, -2)
        return ds @ k, turned(ds) @ q, turned(p) @ do, p @ v

    return gradient


def alone(of_head):
    return lambda q, k, v, mask, do: of_head(q, k, v, mask, do)[:3]


def torch_attention(q, k, v, mask):
    s = q @ k.T / q.shape[-1] ** 0.5
    return s.masked_fill(~mask, -float("inf")).softmax(-1) @ v


def attention(q, k, v, mask):
    s = jnp.where(mask, q @ k.T / q.shape[-1] ** 0.5, -1e4)
    return jax.nn.softmax(s, -1) @ v


ATTENTION = {
    "p (dp - p . dp)": alone(head(masked(softmax), inner)),
    "do . o": alone(head(masked(softmax), flash)),
    "p dp - p (p . dp)": alone(head(masked(softmax), apart)),
    "by logarithms": alone(head(masked(by_logs), flash)),
    "a mask of factors": alone(head(multiplied, inner)),
    "without the maximum": alone(head(masked(plain), inner)),
    "PyTorch": torch_of(torch_attention, (0, 1, 2)),
    "JAX": jax_of(attention, (0, 1, 2)),
}


def at_once(of_head):
    """All heads as one array, heads first."""
    cut = lambda x: np.swapaxes(x.reshape(len(x), HEADS, -1), 0, 1)
    join = lambda x: np.swapaxes(x, 0, 1).reshape(x.shape[1], -1)

    def gradient(params, x, mask, dy):
        q, k, v = (cut(x @ w) for w in params[:3])
        *pulled, o = of_head(q, k, v, mask, cut(dy @ params.o.T))
        dq, dk, dv = map(join, pulled)
        dx = dq @ params.q.T + dk @ params.k.T + dv @ params.v.T
        return type(params)(x.T @ dq, x.T @ dk, x.T @ dv, join(o).T @ dy), dx

    return gradient


def one_by_one(of_head, order=1):
    """A loop over heads; what each has of x is added up in that order."""

    def gradient(params, x, mask, dy):
        size = params.q.shape[1] // HEADS
        weights = [np.zeros_like(w) for w in params]
        dx = np.zeros_like(x)
        for h in range(HEADS)[::order]:
            at = slice(h * size, (h + 1) * size)
            q, k, v = (x @ w[:, at] for w in params[:3])
            *pulled, o = of_head(q, k, v, mask, dy @ params.o[at].T)
            for w, dw, d in list(zip(params, weights, pulled, strict=False))[::order]:
                dw[:, at] = x.T @ d
                dx = dx + d @ w[:, at].T
            weights[3][at] = o.T @ dy
        return type(params)(*weights), dx

    return gradient


def torch_heads(params, x, mask):
    cut = lambda a: a.reshape(len(x), HEADS, -1).transpose(0, 1)
    q, k, v = (cut(x @ w) for w in params[:3])
    s = q @ k.transpose(1, 2) / q.shape[-1] ** 0.5
    p = s.masked_fill(~mask, -float("inf")).softmax(-1)
    return (p @ v).transpose(0, 1).reshape(len(x), -1) @ params.o


def torch_fused(params, x, mask):
    import torch  # pyright: ignore[reportMissingImports]

    cut = lambda a: a.reshape(len(x), HEADS, -1).transpose(0, 1)
    q, k, v = (cut(x @ w) for w in params[:3])
    o = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    return o.transpose(0, 1).reshape(len(x), -1) @ params.o


def heads(params, x, mask):
    cut = lambda a: a.reshape(len(x), HEADS, -1)
    q, k, v = (cut(x @ w) for w in params[:3])
    s = jnp.einsum("thd,shd->hts", q, k) / q.shape[-1] ** 0.5
    p = jax.nn.softmax(jnp.where(mask[None], s, -1e4), -1)
    return jnp.einsum("hts,shd->thd", p, v).reshape(len(x), -1) @ params.o


MULTI_HEAD = {
    "all heads, p (dp - p . dp)": at_once(head(masked(softmax), inner)),
    "all heads, do . o": at_once(head(masked(softmax), flash)),
    "all heads, by logarithms": at_once(head(masked(by_logs), apart)),
    "all heads, a mask of factors": at_once(head(multiplied, inner)),
    "all heads, without the maximum": at_once(head(masked(plain), flash)),
    "heads one by one": one_by_one(head(masked(softmax), inner)),
    "heads one by one, last first": one_by_one(head(masked(softmax), flash), -1),
    "PyTorch": torch_of(torch_heads, (0, 1)),
    "PyTorch, fused": torch_of(torch_fused, (0, 1)),
    "JAX": jax_of(heads, (0, 1)),
}
SLOPES = {
    "1 - a^2": lambda z: 1 - np.tanh(z) ** 2,
    "(1 - a) (1 + a)": lambda z: (1 - np.tanh(z)) * (1 + np.tanh(z)),
    "sech^2": lambda z: 1 / np.cosh(z) ** 2,
}


def residual(slope, first):
    def gradient(layer, x, dy):
        dz = slope(x @ layer.w + layer.b) * dy
        long = dz @ layer.w.T
        return type(layer)(x.T @ dz, dz.sum(0)), dy + long if first else long + dy

    return gradient


def residual_by_rows(layer, x, dy):
    w, b, dx = 0 * layer.w, 0 * layer.b, dy.copy()
    for k in range(len(x)):
        dz = (1 - np.tanh(x[k] @ layer.w + layer.b) ** 2) * dy[k]
        w, b = w + np.outer(x[k], dz), b + dz
        for j in range(len(dz)):
            dx[k] += layer.w[:, j] * dz[j]
    return type(layer)(w, b), dx


def residual_matrix(layer, x, dy):
    """dx = dy (1 + diag(slope) w'), the Jacobian of the block."""
    slope = 1 - np.tanh(x @ layer.w + layer.b) ** 2
    jacobian = np.eye(len(layer.w), dtype=x.dtype) + slope[:, :, None] * layer.w.T
    dz = slope * dy
    dx = np.einsum("bj,bji->bi", dy, jacobian)
    return type(layer)(np.einsum("bi,bj->ij", x, dz), dz.sum(0)), dx


RESIDUAL = {
    f"{who}{', the long way first' * (1 - first)}": residual(slope, first)
    for who, slope in SLOPES.items()
    for first in (1, 0)
} | {
    "row by row": residual_by_rows,
    "Jacobian": residual_matrix,
    "PyTorch": torch_of(lambda layer, x: x + (x @ layer.w + layer.b).tanh(), (0, 1)),
    "JAX": jax_of(lambda layer, x: x + jnp.tanh(x @ layer.w + layer.b[None]), (0, 1)),
}


def tied(slope, add):
    def gradient(w, x, dy):
        z = x @ w
        dz = slope(z) * (dy @ w)
        return add(x, dz, dy, np.tanh(z)), dz @ w.T

    return gradient


TIED_SUMS = {
    "": lambda x, dz, dy, a: x.T @ dz + dy.T @ a,
    ", decoder first": lambda x, dz, dy, a: (a.T @ dy).T + (dz.T @ x).T,
    ", one product": lambda x, dz, dy, a: np.concatenate([x, dy]).T @ np.concatenate([dz, a]),
    ", examples": lambda x, dz, dy, a: sum(
        np.outer(x[k], dz[k]) + np.outer(dy[k], a[k]) for k in range(len(x))
    ),
}
TIED = {
    f"{who}{how}": tied(slope, add)
    for who, slope in SLOPES.items()
    for how, add in TIED_SUMS.items()
} | {
    "PyTorch": torch_of(lambda w, x: (x @ w).tanh() @ w.T, (0, 1)),
    "JAX": jax_of(lambda w, x: jnp.tanh(x @ w) @ w.T, (0, 1)),
}

BLOCKS: dict[str, Spelled] = {
    "attention": derived("attention", ATTENTION, scales=(1.0, 4.0)),
    "multi_head_attention": derived(
        "multi_head_attention", MULTI_HEAD, scales=(1.0, 2.0), scaled=(1,)
    ),
    "residual_block": derived("residual_block", RESIDUAL, scales=(1.0, 4.0), scaled=(1,)),
    "tied_autoencoder": derived("tied_autoencoder", TIED, scales=(1.0, 4.0), scaled=(1,)),
}
