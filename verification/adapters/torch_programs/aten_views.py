"""ATen's views, and what puts arrays together: entries are moved, never changed."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def sliced(x, dim=0, start=None, end=None, step=1):
    """x[start:end:step] along an axis, as Python counts."""
    places = [slice(None)] * x.ndim
    places[dim] = slice(start, end, step)
    return x[tuple(places)]


def expanded(x, size, implicit=False):
    """-1 stands for the size that is there."""
    lead = len(size) - x.ndim
    shape = [x.shape[k - lead] if n == -1 else n for k, n in enumerate(size)]
    return jnp.broadcast_to(x, shape)


def squeezed(x, dim=None):
    """Axes of size 1 alone."""
    if x.ndim == 0:
        return x
    chosen = range(x.ndim) if dim is None else dim if isinstance(dim, list | tuple) else [dim]
    return jnp.squeeze(x, tuple(k % x.ndim for k in chosen if x.shape[k] == 1))


def split_by(x, size, dim=0):
    """Parts of that size; the last may be smaller."""
    ends = range(size, x.shape[dim], size) if size else []
    return jnp.split(x, list(ends), dim)


def split_into(x, sizes, dim=0):
    return jnp.split(x, np.cumsum(sizes)[:-1].tolist(), dim)


def unfolded(x, dim, size, step):
    """Windows of an axis, as a last axis."""
    if x.ndim == 0:
        return x.reshape(1)[:size]
    starts = np.arange(0, x.shape[dim] - size + 1, step)
    windows = jnp.take(x, jnp.asarray(starts[:, None] + np.arange(size)), axis=dim)
    return jnp.moveaxis(windows, dim % x.ndim + 1, -1)


def constant_padded(x, pad, value=0.0):
    """Pairs from the last axis on; negative ones cut off."""
    pairs = [(0, 0, 0)] * x.ndim
    for k in range(len(pad) // 2):
        pairs[x.ndim - 1 - k] = (pad[2 * k], pad[2 * k + 1], 0)
    return lax.pad(x, jnp.asarray(value, x.dtype), pairs)


def padded(mode):
    """reflect, edge and wrap; negative ones cut off first."""

    def pad_by(x, pad):
        pairs = [(0, 0)] * x.ndim
        for k in range(len(pad) // 2):
            pairs[x.ndim - 1 - k] = (pad[2 * k], pad[2 * k + 1])
        cut = tuple(
            slice(max(-low, 0), n - max(-high, 0))
            for (low, high), n in zip(pairs, x.shape, strict=True)
        )
        return jnp.pad(x[cut], [(max(a, 0), max(b, 0)) for a, b in pairs], mode=mode)

    return pad_by


def diagonal(x, offset=0, dim1=0, dim2=1):
    return jnp.diagonal(x, offset, dim1, dim2)


def diagonal_embedded(x, offset=0, dim1=-2, dim2=-1):
    n = x.shape[-1] + abs(offset)
    rows = np.arange(x.shape[-1]) + max(-offset, 0)
    full = jnp.zeros((*x.shape[:-1], n, n), x.dtype).at[..., rows, rows + offset].set(x)
    return jnp.moveaxis(full, (-2, -1), (dim1, dim2))


def repeated(x, repeats):
    return jnp.tile(x, tuple(repeats))


def rolled(x, shifts, dims=()):
    shifts = shifts if isinstance(shifts, list | tuple) else [shifts]
    if not dims:
        return jnp.roll(jnp.ravel(x), shifts[0]).reshape(x.shape)
    return jnp.roll(x, tuple(shifts), tuple(dims)) if x.ndim else x


def joined(tensors, dim=0):
    """An empty row of no other shape is left out."""
    kept = [x for x in tensors if x.shape != (0,)] or tensors[:1]
    return jnp.concatenate(kept, dim)


def triangle(of):
    return lambda x, k=0: of(x, k)


def shaped(x, size, dtype=None):
    return jnp.reshape(x, tuple(size))


def select_scattered(x, src, dim, index):
    return x.at[(slice(None),) * (dim % x.ndim) + (index,)].set(src)


def slice_scattered(x, src, dim=0, start=None, end=None, step=1):
    return x.at[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)].set(src)


def diagonal_scattered(x, src, offset=0, dim1=0, dim2=1):
    moved = jnp.moveaxis(x, (dim1, dim2), (-2, -1))
    rows = np.arange(src.shape[-1]) + max(-offset, 0)
    return jnp.moveaxis(moved.at[..., rows, rows + offset].set(src), (-2, -1), (dim1, dim2))


same = lambda x, *_, **__: x
VIEWS = {
    "alias": same,
    "clone": same,
    "contiguous": same,
    "_to_copy": same,
    "detach": same,  # where the program itself says so the trace cuts it, see traced.py
    "_conj": lambda x: jnp.conj(x),
    "_conj_physical": lambda x: jnp.conj(x),
    "conj_physical": lambda x: jnp.conj(x),
    "resolve_conj": same,
    "resolve_neg": same,
    "_neg_view": lambda x: -x,
    "view": shaped,
    "view.dtype": lambda x, dtype: lax.bitcast_convert_type(x, dtype),
    "_unsafe_view": shaped,
    "reshape": shaped,
    "_reshape_alias": lambda x, size, stride: shaped(x, size),
    "permute": lambda x, dims: jnp.transpose(x, dims),
    "transpose": lambda x, a, b: jnp.swapaxes(x, a, b) if x.ndim else x,
    "t": lambda x: x.T,
    "numpy_T": lambda x: x.T,
    "expand": expanded,
    "unsqueeze": lambda x, dim: jnp.expand_dims(x, dim),
    "squeeze": squeezed,
    "select": lambda x, dim, index: lax.index_in_dim(x, index, dim, keepdims=False),
    "slice": sliced,
    "split": split_by,
    "split_with_sizes": split_into,
    "unsafe_split": split_by,
    "unsafe_split_with_sizes": split_into,
    "unbind": lambda x, dim=0: [
        lax.index_in_dim(x, k, dim, keepdims=False) for k in range(x.shape[dim])
    ],
    "unfold": unfolded,
    "diagonal": diagonal,
    "diag_embed": diagonal_embedded,
    "cat": joined,
    "stack": lambda tensors, dim=0: jnp.stack(tensors, dim),
    "repeat": repeated,
    "roll": rolled,
    "flip": lambda x, dims: jnp.flip(x, tuple(dims)) if dims else x,
    "rot90": lambda x, k=1, dims=(0, 1): jnp.rot90(x, k, tuple(dims)),
    "tril": triangle(jnp.tril),
    "triu": triangle(jnp.triu),
    "constant_pad_nd": constant_padded,
    "reflection_pad1d": padded("reflect"),
    "reflection_pad2d": padded("reflect"),
    "reflection_pad3d": padded("reflect"),
    "replication_pad1d": padded("edge"),
    "replication_pad2d": padded("edge"),
    "replication_pad3d": padded("edge"),
    "select_scatter": select_scattered,
    "slice_scatter": slice_scattered,
    "diagonal_scatter": diagonal_scattered,
    "real": lambda x: jnp.real(x),
    "imag": lambda x: jnp.imag(x),
    "view_as_real": lambda x: jnp.stack([jnp.real(x), jnp.imag(x)], -1),
    "view_as_complex": lambda x: lax.complex(x[..., 0], x[..., 1]),
    "complex": lambda x, y: lax.complex(x, y),
    "polar": lambda r, t: lax.complex(r * jnp.cos(t), r * jnp.sin(t)),
    "angle": lambda x: jnp.angle(x),
    "one_hot": lambda x, n=-1: jax.nn.one_hot(x, n, dtype=int),
}
