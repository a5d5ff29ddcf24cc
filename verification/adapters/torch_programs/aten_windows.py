"""ATen's convolutions and poolings: windows with strides, padding and dilation.

x is (batch, channels, *sizes), or without a batch; every list has one number for each size.
"""

import itertools

import jax.numpy as jnp
import numpy as np
from jax import lax


def each(value, n):
    """One number for all axes, or one for each."""
    value = list(value) if isinstance(value, list | tuple) else [value]
    return value * n if len(value) == 1 else value


def convolution(x, w, bias, stride, padding, dilation, transposed, output_padding, groups, *_):
    """w is (out, in / groups, *kernel); of a transposed one (in, out / groups, *kernel)."""
    n = w.ndim - 2
    x, lead = (x[None], True) if x.ndim == n + 1 else (x, False)
    stride, dilation = each(stride, n), each(dilation, n)
    padding, more = each(padding, n), each(output_padding, n)
    reach = [d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=True)]
    pads = [(p, p) for p in padding]
    if transposed:
        pads = [(r - p, r - p + m) for r, p, m in zip(reach, padding, more, strict=True)]
        w = jnp.flip(w, tuple(range(2, w.ndim)))
        split = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
        w = jnp.swapaxes(split, 1, 2).reshape(-1, w.shape[0] // groups, *w.shape[2:])
    out = lax.conv_general_dilated(
        x,
        w,
        window_strides=[1] * n if transposed else stride,
        padding=pads,
        lhs_dilation=stride if transposed else [1] * n,
        rhs_dilation=dilation,
        feature_group_count=groups,
    )
    out = out if bias is None else out + bias.reshape(1, -1, *[1] * n)
    return out[0] if lead else out


def starts(length, kernel, stride, padding, dilation, ceil_mode):
    """Where the windows begin, from -padding on; none begins in the padding after the end."""
    room = length + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (count - 1) * stride >= length + padding:
        count -= 1
    return np.arange(count) * stride - padding


class Windows:
    """The windows of the last axes of x: their places, and which of those are in x."""

    def __init__(self, shape, kernel, stride, padding, dilation, ceil_mode):
        n = len(kernel)
        stride = each(stride, n) if stride else kernel
        self.sizes, self.kernel = tuple(shape[-n:]), kernel
        lists = self.sizes, kernel, stride, each(padding, n), each(dilation, n)
        rows = list(zip(*lists, strict=True))
        self.starts = [starts(*row, ceil_mode) for row in rows]
        self.padding, self.out = lists[3], tuple(len(s) for s in self.starts)
        self.axes = [
            s[:, None] + row[4] * np.arange(row[1])
            for s, row in zip(self.starts, rows, strict=True)
        ]

    def places(self):
        """The flat index of every entry of every window, and whether it is in x: (*out, k)."""
        grids, inside, n = [], True, len(self.axes)
        for k, axis in enumerate(self.axes):
            shape = [1] * (2 * n)
            shape[k], shape[n + k] = axis.shape
            grids.append(np.clip(axis, 0, self.sizes[k] - 1).reshape(shape))
            inside = inside & ((axis >= 0) & (axis < self.sizes[k])).reshape(shape)
        flat = np.ravel_multi_index(np.broadcast_arrays(*grids), self.sizes)
        return flat.reshape(*self.out, -1), np.broadcast_to(
            inside, [*self.out, *self.kernel]
        ).reshape(*self.out, -1)

    def counted(self):
        """Entries of each window in x and its padding, which is what count_include_pad counts."""
        counts = np.ones(())
        for s, k, p, size in zip(self.starts, self.kernel, self.padding, self.sizes, strict=True):
            counts = counts[..., None] * (np.minimum(s + k, size + p) - s)
        return counts

    def of(self, x, empty):
        """(..., *out, k); `empty` stands outside x."""
        flat, inside = self.places()
        rows = x.reshape(*x.shape[: x.ndim - len(self.sizes)], -1)
        found = rows[..., flat]
        return found if inside.all() else jnp.where(inside, found, jnp.asarray(empty, x.dtype))


def average_pool(n):
    def pool(x, kernel, stride=(), padding=0, ceil=False, include=True, divisor=None):
        windows = Windows(x.shape, each(kernel, n), stride, padding, 1, ceil)
        total = jnp.sum(windows.of(x, 0), -1)
        _, inside = windows.places()
        counts = windows.counted() if include else inside.sum(-1)
        return total / (counts if divisor is None else divisor)

    return pool


def max_pool(n):
    """Values, and the flat indices of the first largest entries."""

    def pool(x, kernel, stride=(), padding=0, dilation=1, ceil=False):
        windows = Windows(x.shape, each(kernel, n), stride, padding, dilation, ceil)
        found = windows.of(x, -np.inf)
        best = jnp.argmax(lax.stop_gradient(found), -1)
        flat = jnp.broadcast_to(windows.places()[0], found.shape)
        return jnp.max(found, -1), jnp.take_along_axis(flat, best[..., None], -1)[..., 0]

    return pool


def edges(length, out):
    """Where adaptive windows begin and end."""
    return [(k * length // out, -(-(k + 1) * length // out)) for k in range(out)]


def adaptive_average(n):
    def pool(x, out):
        for axis, size in zip(range(x.ndim - n, x.ndim), each(out, n), strict=True):
            cut = lambda low, high, x=x, axis=axis: lax.slice_in_dim(x, low, high, axis=axis)
            parts = [jnp.mean(cut(*e), axis) for e in edges(x.shape[axis], size)]
            x = jnp.stack(parts, axis)
        return x

    return pool


def adaptive_max(n):
    def pool(x, out):
        sizes, flat = x.shape[x.ndim - n :], np.arange(np.prod(x.shape[x.ndim - n :]))
        flat = flat.reshape(sizes)
        values, places = [], []
        cells = [edges(size, o) for size, o in zip(sizes, each(out, n), strict=True)]
        for cell in itertools.product(*cells):
            at = tuple(slice(low, high) for low, high in cell)
            part = x[(..., *at)].reshape(*x.shape[: x.ndim - n], -1)
            values.append(jnp.max(part, -1))
            places.append(jnp.asarray(flat[at].ravel())[jnp.argmax(lax.stop_gradient(part), -1)])
        shape = (*x.shape[: x.ndim - n], *each(out, n))
        return jnp.stack(values, -1).reshape(shape), jnp.stack(places, -1).reshape(shape)

    return pool


def spread(length, out, kernel, sample):
    """Where windows begin that lie apart by random steps; the last one ends with the axis."""
    step = (length - kernel) / (out - 1) if out > 1 else 0.0
    return [int((k + sample) * step) - int(sample * step) for k in range(out - 1)] + [
        length - kernel
    ]


def fractional_max(n):
    """Values, and flat indices; samples are (batch, channels, n), those of the last axis first."""

    def pool(x, kernel, out, samples):
        rows = x.reshape(-1, *x.shape[x.ndim - n :])
        order = [1, 0] if n == 2 else [0, 1, 2]
        each_row = np.asarray(samples).reshape(len(rows), n)[:, order]
        found = []
        for row, sample in zip(rows, each_row, strict=True):
            asked = zip(row.shape, out, kernel, sample, strict=True)
            begins = [spread(*one) for one in asked]
            axes = [np.add.outer(b, np.arange(k)) for b, k in zip(begins, kernel, strict=True)]
            grids = np.ix_(*[axis.ravel() for axis in axes])
            flat = np.ravel_multi_index(np.broadcast_arrays(*grids), row.shape)
            shape = [size for axis in axes for size in axis.shape]
            split = flat.reshape(shape).transpose([*range(0, 2 * n, 2), *range(1, 2 * n, 2)])
            places = split.reshape(*out, -1)
            seen = row.reshape(-1)[places]
            best = jnp.argmax(lax.stop_gradient(seen), -1)[..., None]
            found.append((jnp.max(seen, -1), jnp.take_along_axis(places, best, -1)[..., 0]))
        stack = lambda k: jnp.stack([one[k] for one in found])
        return tuple(stack(k).reshape(*x.shape[: x.ndim - n], *out) for k in (0, 1))

    return pool


def unpooled(n):
    """Each value at its index, zeros elsewhere."""

    def unpool(x, indices, size, *_):
        lead = x.shape[: x.ndim - n]
        flat = jnp.zeros((int(np.prod(lead)), int(np.prod(size))), x.dtype)
        rows = np.arange(flat.shape[0])[:, None]
        put = flat.at[rows, indices.reshape(flat.shape[0], -1)].set(x.reshape(flat.shape[0], -1))
        return put.reshape(*lead, *size)

    return unpool


WINDOWS = {
    "convolution": convolution,
    "_convolution": convolution,
    "avg_pool1d": average_pool(1),
    "avg_pool2d": average_pool(2),
    "avg_pool3d": average_pool(3),
    "max_pool2d_with_indices": max_pool(2),
    "max_pool3d_with_indices": max_pool(3),
    "_adaptive_avg_pool2d": adaptive_average(2),
    "_adaptive_avg_pool3d": adaptive_average(3),
    "adaptive_avg_pool1d": adaptive_average(1),
    "adaptive_max_pool2d": adaptive_max(2),
    "adaptive_max_pool3d": adaptive_max(3),
    "fractional_max_pool2d": fractional_max(2),
    "fractional_max_pool3d": fractional_max(3),
    "max_unpool2d": unpooled(2),
    "max_unpool3d": unpooled(3),
}
