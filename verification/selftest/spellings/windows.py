"""Layers of windows beside conv2d and max_pool: means, signals, transposed and in groups."""

import jax
import jax.numpy as jnp
import numpy as np

from .places import by_einsum, examples, flipped, image_to_columns, loops, shifts, with_bias
from .spelling import Spelled, derived, jax_of, torch_of

STRIDE, WINDOW, GROUPS = 2, 3, 2

# --- the mean of a window -----------------------------------------------------------------------


def third(dy):
    return dy / dy.dtype.type(WINDOW)


def shares(x, dy):
    dx = np.zeros_like(x)
    for k in range(WINDOW):
        dx[:, k : k + STRIDE * dy.shape[1] - 1 : STRIDE] += third(dy)
    return dx


def by_window(x, dy):
    dx = np.zeros_like(x)
    for i in range(dy.shape[1]):
        dx[:, STRIDE * i : STRIDE * i + WINDOW] += third(dy[:, i : i + 1])
    return dx


def by_matrix(x, dy):
    reads = np.zeros((x.shape[1], dy.shape[1]), x.dtype)
    for i in range(dy.shape[1]):
        reads[STRIDE * i : STRIDE * i + WINDOW, i] = third(np.ones((), x.dtype))
    return dy @ reads.T


def added_at(x, dy):
    dx, places = np.zeros_like(x), STRIDE * np.arange(dy.shape[1])
    for k in range(WINDOW):
        np.add.at(dx.T, places + k, third(dy).T)
    return dx


def by_entry(x, dy):
    """Every entry asks the windows that it is in."""
    inside = lambda k, i: STRIDE * i <= k < STRIDE * i + WINDOW
    columns = [
        sum((third(dy[:, i]) for i in range(dy.shape[1]) if inside(k, i)), 0 * dy[:, 0])
        for k in range(x.shape[1])
    ]
    return np.stack(columns, 1)


def torch_mean(x):
    import torch  # pyright: ignore[reportMissingImports]

    return torch.nn.functional.avg_pool1d(x[:, None], WINDOW, STRIDE)[:, 0]


def mean(x):
    return jnp.stack([x[:, 2 * i : 2 * i + 3].mean(1) for i in range((x.shape[1] - 1) // 2)], 1)


MEANS = {
    "shares": shares,
    "window by window": by_window,
    "a matrix": by_matrix,
    "add.at": added_at,
    "entry by entry": by_entry,
    "PyTorch": torch_of(torch_mean),
    "PyTorch, unfolded": torch_of(lambda x: x.unfold(1, WINDOW, STRIDE).mean(-1)),
    "JAX": jax_of(mean),
}

# --- a signal -----------------------------------------------------------------------------------


def upright(pull):
    """A signal is an image of one column: padding beside it is read by no tap."""

    def gradient(x, w, b, dy):
        wide = np.pad(w[:, None], ((0, 0), (1, 0), (0, 0), (0, 0)))  # its tap at the left is 0
        dx, dw, db = pull(x[:, :, None], wide, b, dy[:, :, None])
        return dx[:, :, 0], dw[:, 1], db

    return gradient


def torch_signal(x, w, b):
    import torch  # pyright: ignore[reportMissingImports]

    turned = x.permute(0, 2, 1), w.permute(2, 1, 0)
    return torch.nn.functional.conv1d(*turned, b, STRIDE, 1).permute(0, 2, 1)


def signal(x, w, b):
    names = ("NWC", "WIO", "NWC")
    y = jax.lax.conv_general_dilated(x, w, (STRIDE,), ((1, 1),), dimension_numbers=names)
    return y + b[None, None]


OF_IMAGES = {
    "shifts": with_bias(shifts),
    "im2col": with_bias(image_to_columns),
    "einsum": with_bias(by_einsum),
    "kernel turned around": with_bias(flipped),
    "loops": with_bias(loops),
    "examples": with_bias(examples),
}
SIGNALS = {name: upright(pull) for name, pull in OF_IMAGES.items()} | {
    "PyTorch": torch_of(torch_signal, (0, 1, 2)),
    "JAX": jax_of(signal, (0, 1, 2)),
}

# --- transposed ---------------------------------------------------------------------------------


def around(dy):
    return np.pad(dy, ((0, 0), (1, 1), (1, 1), (0, 0)))


def seen(w, dy):
    """The cotangent wherever an input has written: (..., out, down, across)."""
    every = np.lib.stride_tricks.sliding_window_view(around(dy), w.shape[:2], (1, 2))
    return every[:, ::STRIDE, ::STRIDE]


def by_sums(x, w, dy):
    back = seen(w, dy)
    return np.einsum("bijouv,uvco->bijc", back, w), np.einsum("bijc,bijouv->uvco", x, back)


def by_products(x, w, dy):
    back = seen(w, dy)
    dw = np.tensordot(x, back, ((0, 1, 2), (0, 1, 2)))
    return np.tensordot(back, w, ((3, 4, 5), (3, 0, 1))), np.transpose(dw, (2, 3, 0, 1))


def tap_by_tap(x, w, dy, order=1):
    back, dx, dw = seen(w, dy), np.zeros_like(x), np.zeros_like(w)
    for u, v in list(np.ndindex(w.shape[:2]))[::order]:
        here = back[..., u, v]
        dx = dx + here @ w[u, v].T
        dw[u, v] = x.reshape(-1, x.shape[-1]).T @ here.reshape(-1, here.shape[-1])
    return dx, dw


def place_by_place(x, w, dy):
    back, dx, dw = around(dy), np.zeros_like(x), np.zeros_like(w)
    for b, i, j, u, v in np.ndindex(*x.shape[:3], *w.shape[:2]):
        d = back[b, STRIDE * i + u, STRIDE * j + v]
        dx[b, i, j] += w[u, v] @ d
        dw[u, v] += np.outer(x[b, i, j], d)
    return dx, dw


def last_tap_first(x, w, dy):
    return tap_by_tap(x, w, dy, -1)


def each_example(x, w, dy):
    parts = [by_sums(a[None], w, d[None]) for a, d in zip(x, dy, strict=True)]
    return np.concatenate([dx for dx, _ in parts]), sum(dw for _, dw in parts)


def torch_transpose(x, w, b):
    import torch  # pyright: ignore[reportMissingImports]

    turned = x.permute(0, 3, 1, 2), w.permute(2, 3, 0, 1)
    return torch.nn.functional.conv_transpose2d(*turned, b, STRIDE, 1).permute(0, 2, 3, 1)


def transpose(x, w, b):
    names, sides = ("NHWC", "HWIO", "NHWC"), ((1, 1), (0, 0))  # taps - 1 - padding
    y = jax.lax.conv_general_dilated(
        x, w[::-1, ::-1], (1, 1), sides, lhs_dilation=(STRIDE, STRIDE), dimension_numbers=names
    )
    return y + b[None, None, None]


TRANSPOSED = {
    "einsum": with_bias(by_sums),
    "tensordot": with_bias(by_products),
    "tap by tap": with_bias(tap_by_tap),
    "last tap first": with_bias(last_tap_first),
    "place by place": with_bias(place_by_place),
    "examples": with_bias(each_example),
    "PyTorch": torch_of(torch_transpose, (0, 1, 2)),
    "JAX": jax_of(transpose, (0, 1, 2)),
}

# --- in groups ----------------------------------------------------------------------------------


def in_groups(pull):
    def gradient(x, w, b, dy):
        cut = lambda a: np.split(a, GROUPS, -1)
        parts = [pull(*part) for part in zip(*map(cut, (x, w, b, dy)), strict=True)]
        return tuple(np.concatenate(each, -1) for each in zip(*parts, strict=True))

    return gradient


def torch_groups(x, w, b):
    import torch  # pyright: ignore[reportMissingImports]

    turned = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1)
    y = torch.nn.functional.conv2d(*turned, b, STRIDE, 1, groups=GROUPS)
    return y.permute(0, 2, 3, 1)


def groups(x, w, b):
    names, sides = ("NHWC", "HWIO", "NHWC"), ((1, 1), (1, 1))
    y = jax.lax.conv_general_dilated(
        x, w, (STRIDE, STRIDE), sides, dimension_numbers=names, feature_group_count=GROUPS
    )
    return y + b[None, None, None]


GROUPED = {name: in_groups(pull) for name, pull in OF_IMAGES.items()} | {
    "PyTorch": torch_of(torch_groups, (0, 1, 2)),
    "JAX": jax_of(groups, (0, 1, 2)),
}
WINDOWS: dict[str, Spelled] = {
    "avg_pool": derived("avg_pool", MEANS, scales=(1.0, 64.0)),
    "conv1d": derived("conv1d", SIGNALS, scales=(1.0, 64.0)),
    "conv2d_transpose": derived("conv2d_transpose", TRANSPOSED, scales=(1.0, 64.0)),
    "grouped_conv2d": derived("grouped_conv2d", GROUPED, scales=(1.0, 64.0)),
}
