"""Layers that move numbers: convolution, pooling, embedding, dropout, and nothing at all."""

import jax
import jax.numpy as jnp
import numpy as np

from .spelling import Spelled, derived, jax_of, torch_of

STRIDE = 2  # of the convolution and of the pooling
KEEP = 0.7  # of dropout
padded = lambda x: np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
inside = lambda x: x[:, 1:-1, 1:-1]


def windows(x, w):
    """What every output reads: (batch, rows, columns, taps down, taps across, in)."""
    seen = np.lib.stride_tricks.sliding_window_view(padded(x), w.shape[:2], (1, 2))
    return np.moveaxis(seen[:, ::STRIDE, ::STRIDE], 3, -1)


def shifts(x, w, dy):
    """One tap after the other: a slice of the input, and a slice that is added to."""
    big, dx, dw = padded(x), padded(0 * x), np.zeros_like(w)
    rows = dy.reshape(-1, dy.shape[-1])
    for u, v in np.ndindex(w.shape[:2]):
        here = np.s_[
            :,
            u : u + STRIDE * dy.shape[1] - 1 : STRIDE,
            v : v + STRIDE * dy.shape[2] - 1 : STRIDE,
        ]
        dw[u, v] = big[here].reshape(-1, x.shape[-1]).T @ rows
        dx[here] += dy @ w[u, v].T
    return inside(dx), dw


def image_to_columns(x, w, dy):
    """One matrix product each way; columns go back by adding where they came from."""
    seen, flat = windows(x, w), w.reshape(-1, w.shape[-1])
    dw = (seen.reshape(-1, len(flat)).T @ dy.reshape(-1, dy.shape[-1])).reshape(w.shape)
    columns, dx = (dy @ flat.T).reshape(seen.shape), padded(0 * x)
    for i, j in np.ndindex(dy.shape[1:3]):
        top, left = STRIDE * i, STRIDE * j
        dx[:, top : top + w.shape[0], left : left + w.shape[1]] += columns[:, i, j]
    return inside(dx), dw


def by_einsum(x, w, dy):
    dw = np.einsum("bijuvc,bijo->uvco", windows(x, w), dy)
    return flipped(x, w, dy)[0], dw


def flipped(x, w, dy):
    """dx is a correlation of the spread cotangent with the kernel turned around."""
    high, wide = w.shape[:2]
    shape = (len(x), x.shape[1] + high + 1, x.shape[2] + wide + 1, dy.shape[-1])
    spread = np.zeros(shape, x.dtype)
    spread[
        :,
        high - 1 : high - 1 + STRIDE * dy.shape[1] : STRIDE,
        wide - 1 : wide - 1 + STRIDE * dy.shape[2] : STRIDE,
    ] = dy
    around = np.lib.stride_tricks.sliding_window_view(spread, (high, wide), (1, 2))
    dx = np.tensordot(around, w[::-1, ::-1], ((3, 4, 5), (3, 0, 1)))
    return inside(dx), np.tensordot(windows(x, w), dy, ((0, 1, 2), (0, 1, 2)))


def loops(x, w, dy):
    """Number by number, as in C."""
    big, dx, dw = padded(x), padded(0 * x), np.zeros_like(w)
    for b, i, j, u, v in np.ndindex(*dy.shape[:3], *w.shape[:2]):
        at = b, STRIDE * i + u, STRIDE * j + v
        for c, o in np.ndindex(w.shape[2:]):
            dw[u, v, c, o] += big[at][c] * dy[b, i, j, o]
            dx[at][c] += w[u, v, c, o] * dy[b, i, j, o]
    return inside(dx), dw


def examples(x, w, dy):
    """Summed example by example, the last first."""
    parts = [shifts(a[None], w, d[None]) for a, d in zip(x, dy, strict=True)]
    return np.concatenate([dx for dx, _ in parts]), sum(dw for _, dw in parts[::-1])


def torch_convolution(x, w, b):
    import torch  # pyright: ignore[reportMissingImports]

    turned = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1)
    return torch.nn.functional.conv2d(*turned, b, STRIDE, 1).permute(0, 2, 3, 1)


def convolution(x, w, b):
    names = ("NHWC", "HWIO", "NHWC")
    sides = ((1, 1), (1, 1))
    y = jax.lax.conv_general_dilated(x, w, (STRIDE, STRIDE), sides, dimension_numbers=names)
    return y + b[None, None, None]


def with_bias(pull, total=lambda dy: dy.sum((0, 1, 2))):
    return lambda x, w, b, dy: (*pull(x, w, dy), total(dy))


CONVOLUTION = {
    "shifts": with_bias(shifts),
    "im2col": with_bias(image_to_columns, lambda dy: dy.reshape(-1, dy.shape[-1]).sum(0)),
    "einsum": with_bias(by_einsum, lambda dy: np.einsum("bijo->o", dy)),
    "kernel turned around": with_bias(flipped),
    "loops": with_bias(loops, lambda dy: sum(dy.reshape(-1, dy.shape[-1]))),
    "examples": with_bias(examples, lambda dy: sum(d.sum((0, 1)) for d in dy)),
    "PyTorch": torch_of(torch_convolution, (0, 1, 2)),
    "JAX": jax_of(convolution, (0, 1, 2)),
}


def pooled(x):
    return np.lib.stride_tricks.sliding_window_view(x, 3, 1)[:, ::STRIDE]


def by_argmax(x, dy):
    dx, first = np.zeros_like(x), pooled(x).argmax(-1)
    for b, i in np.ndindex(dy.shape):
        dx[b, STRIDE * i + first[b, i]] += dy[b, i]
    return dx


def added_at(x, dy):
    dx, rows = np.zeros_like(x), np.arange(len(x))[:, None]
    np.add.at(dx, (rows, pooled(x).argmax(-1) + STRIDE * np.arange(dy.shape[1])), dy)
    return dx


def by_mask(x, dy):
    """Entries that are the largest, and equal shares of ties, of which there are none."""
    seen, dx = pooled(x), np.zeros_like(x)
    won = (seen == seen.max(-1, keepdims=True)).astype(x.dtype)
    won = won / won.sum(-1, keepdims=True) * dy[..., None]
    for k in range(3):
        dx[:, k : k + STRIDE * dy.shape[1] - 1 : STRIDE] += won[..., k]
    return dx


def by_sorting(x, dy):
    """Indices of the largest are those that sorting puts last; one row of zeros for each."""
    last = np.argsort(pooled(x), -1)[..., -1] + STRIDE * np.arange(dy.shape[1])
    return (np.eye(x.shape[1], dtype=x.dtype)[last] * dy[..., None]).sum(1)


def compared(x, dy):
    """Each entry asks the windows that it is in, the later first."""
    top, dx = pooled(x).max(-1), np.zeros_like(x)
    for k in range(x.shape[1]):
        for i in reversed(range(dy.shape[1])):
            if STRIDE * i <= k < STRIDE * i + 3:
                dx[:, k] += np.where(x[:, k] == top[:, i], dy[:, i], 0 * dy[:, i])
    return dx


def torch_pool(x):
    import torch  # pyright: ignore[reportMissingImports]

    return torch.nn.functional.max_pool1d(x[:, None], 3, STRIDE)[:, 0]


def pool(x):
    return jnp.stack([x[:, 2 * i : 2 * i + 3].max(1) for i in range((x.shape[1] - 1) // 2)], 1)


POOLING = {
    "argmax, loop": by_argmax,
    "argmax, add.at": added_at,
    "mask": by_mask,
    "sorted": by_sorting,
    "compared": compared,
    "PyTorch": torch_of(torch_pool),
    "PyTorch, unfolded": torch_of(lambda x: x.unfold(1, 3, STRIDE).amax(-1)),
    "JAX": jax_of(pool),
}


def by_adding(table, rows, dy):
    out = np.zeros_like(table)
    np.add.at(out, rows, dy)
    return out


def by_loop(order):
    def gradient(table, rows, dy):
        out = np.zeros_like(table)
        for k in range(len(rows))[::order]:
            out[rows[k]] += dy[k]
        return out

    return gradient


def by_row(table, rows, dy):
    return np.stack([dy[rows == r].sum(0) for r in range(len(table))])


def counted(table, rows, dy):
    columns = [np.bincount(rows, column, len(table)) for column in dy.T]
    return np.stack(columns, 1).astype(table.dtype)


EMBEDDING = {
    "add.at": by_adding,
    "loop": by_loop(1),
    "loop, last first": by_loop(-1),
    "one-hot": lambda table, rows, dy: np.eye(len(table), dtype=dy.dtype)[rows].T @ dy,
    "einsum": lambda table, rows, dy: np.einsum(
        "kr,kn->rn", np.eye(len(table), dtype=dy.dtype)[rows], dy
    ),
    "row by row": by_row,
    "bincount": counted,
    "PyTorch": torch_of(
        lambda table, rows: __import__("torch").nn.functional.embedding(rows.long(), table)
    ),
    "JAX": jax_of(lambda table, rows: jnp.take(table, rows, axis=0)),
}
kept = lambda mask, dy: mask.astype(dy.dtype)
DROPOUT = {
    "where": lambda x, mask, dy: np.where(mask, dy / dy.dtype.type(KEEP), 0 * dy),
    "m dy / q": lambda x, mask, dy: mask * dy / dy.dtype.type(KEEP),
    "(m / q) dy": lambda x, mask, dy: kept(mask, dy) / dy.dtype.type(KEEP) * dy,
    "times 1 / q": lambda x, mask, dy: kept(mask, dy) * (dy * dy.dtype.type(1 / KEEP)),
    "written in": lambda x, mask, dy: np.divide(
        dy, dy.dtype.type(KEEP), out=np.zeros_like(dy), where=mask
    ),
    "loop": lambda x, mask, dy: np.array(
        [d / d.dtype.type(KEEP) if m else 0 * d for d, m in zip(dy.flat, mask.flat, strict=True)]
    ).reshape(dy.shape),
    "PyTorch": torch_of(lambda x, mask: x * mask / KEEP),
    "JAX": jax_of(lambda x, mask: jnp.where(mask, x, 0) / KEEP),
}
IDENTITY = {
    "da": lambda z, da: da,
    "copy": lambda z, da: da.copy(),
    "times 1": lambda z, da: np.ones_like(z) * da,
    "loop": lambda z, da: np.array(list(da.flat)).reshape(da.shape),
    "matrix": lambda z, da: da @ np.eye(z.shape[-1], dtype=z.dtype),
    "where": lambda z, da: np.where(np.isfinite(z), da, da),
    "PyTorch": torch_of(lambda z: z.clone()),
    "JAX": jax_of(lambda z: z),
}

PLACES: dict[str, Spelled] = {
    "conv2d": derived("conv2d", CONVOLUTION, scales=(1.0, 64.0)),
    "max_pool": derived("max_pool", POOLING, scales=(1.0, 64.0)),
    "embedding": derived("embedding", EMBEDDING, scales=(1.0, 64.0)),
    "dropout": derived("dropout", DROPOUT, scales=(1.0, 64.0)),
    "identity": derived("identity", IDENTITY, scales=(1.0, 64.0)),
}
