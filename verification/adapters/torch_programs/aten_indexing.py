"""ATen's indexing by arrays of indices and of masks: index, gather, scatter, put, take, embeddings.

Masks must be known while the program is traced: they say how large the result is.
"""

import jax
import jax.numpy as jnp
import numpy as np

from .aten_arithmetic import is_integer
from .aten_reductions import norm


def place(indices, x) -> tuple:
    """PyTorch's list, in which None is a whole axis, as JAX's; a mask by its places."""
    found = []
    for one in indices:
        if one is None:
            found.append(slice(None))
        elif jnp.asarray(one).dtype == bool:
            found += list(np.nonzero(np.asarray(one)))
        else:
            found.append(one)
    return tuple(found) if found else (slice(None),) * x.ndim


def put(x, indices, values, accumulate=False, unsafe=False):
    at = jnp.asarray(x).at[place(indices, x)]
    return at.add(values) if accumulate else at.set(values)


def masked(x, mask):
    """The entries under a mask, in one row."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    places = np.flatnonzero(np.broadcast_to(np.asarray(mask), shape))
    return jnp.ravel(jnp.broadcast_to(x, shape))[places]


def masked_scattered(x, mask, src):
    """The entries under a mask are those of src, in order."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    order = jnp.cumsum(jnp.ravel(jnp.broadcast_to(mask, shape))) - 1
    return jnp.where(mask, jnp.ravel(src)[jnp.maximum(order, 0)].reshape(shape), x)


def along(x, dim, index):
    """The places x[..., index, ...] of gather and scatter, one index array for each axis."""
    grids = [
        np.arange(n).reshape([-1 if k == axis else 1 for k in range(index.ndim)])
        for axis, n in enumerate(index.shape)
    ]
    grids[dim % index.ndim] = index
    return tuple(jnp.broadcast_to(jnp.asarray(g), index.shape) for g in grids)


def with_axes(f):
    """A line of (x, dim, index, ...) for numbers too: they are rows of one."""

    def line(x, dim, index, *more, **named):
        if x.ndim and index.ndim:
            return f(x, dim, index, *more, **named)
        more = [jnp.reshape(m, (1,)) if hasattr(m, "ndim") and not m.ndim else m for m in more]
        found = f(jnp.atleast_1d(x), dim, jnp.atleast_1d(index), *more, **named)
        return jnp.reshape(found, index.shape if f is gathered else x.shape)

    return line


def gathered(x, dim, index, sparse_grad=False):
    if index.size == 0:
        return jnp.zeros(index.shape, x.dtype)
    return x[along(x, dim, index)]


def source(src, index):
    """The entries of src that index has a place for."""
    if not hasattr(src, "ndim") or src.ndim == 0:
        return src
    return src[tuple(slice(0, n) for n in index.shape)]


def scattered(x, dim, index, src, reduce=None):
    at = x.at[along(x, dim, index)]
    kinds = {None: at.set, "add": at.add, "multiply": at.multiply}
    return kinds[reduce](source(src, index))


def scatter_added(x, dim, index, src):
    return x.at[along(x, dim, index)].add(source(src, index))


REDUCED = {  # name -> the combination, and what it starts from where x is left out
    "sum": ("add", 0.0),
    "prod": ("multiply", 1.0),
    "mean": ("add", 0.0),
    "amax": ("max", -np.inf),
    "amin": ("min", np.inf),
}


def reduced(x, at, src, reduce, include_self, ones):
    """x combined with src at the places of `at`; the mean counts what was combined."""
    kind, empty = REDUCED[reduce]
    counts = at(jnp.zeros(x.shape)).add(ones)
    start = x if include_self else jnp.where(counts > 0, jnp.asarray(empty, x.dtype), x)
    found = start * factors(x, at, src) if kind == "multiply" else getattr(at(start), kind)(src)
    if reduce != "mean":
        return found
    counts = jnp.maximum(counts + include_self, 1)
    return jnp.floor_divide(found, counts) if is_integer(x) else found / counts


def factors(x, at, src):
    """Of each entry of x the product of what lands there, a row of src and ones for each.

    A scatter that multiplies has no slope in JAX where two land at one place.
    """
    places = at(jnp.arange(x.size).reshape(x.shape)).get().ravel()
    landed = places == jnp.arange(x.size)[:, None]
    ones = jnp.ones((), src.dtype)
    return jnp.prod(jnp.where(landed, src.ravel(), ones), axis=1).reshape(x.shape)


def scatter_reduced(x, dim, index, src, reduce, include_self=True):
    places, src = along(x, dim, index), source(src, index)
    return reduced(x, lambda v: v.at[places], src, reduce, include_self, jnp.ones(index.shape))


def index_reduced(x, dim, index, src, reduce, include_self=True):
    at = lambda v: v.at[rows(v, dim, index)]
    return reduced(x, at, src, reduce, include_self, jnp.ones(src.shape))


def rows(x, dim, index) -> tuple:
    return (slice(None),) * (dim % x.ndim) + (index,)


def with_rows(f):
    """A line of (x, dim, index, ...) where whole rows move; a number is a row of one."""

    def line(x, dim, index, *more, **named):
        if x.ndim:
            return f(x, dim, jnp.atleast_1d(index), *more, **named)
        more = [jnp.reshape(m, (1,)) if hasattr(m, "ndim") else m for m in more]
        found = f(jnp.reshape(x, (1,)), 0, jnp.atleast_1d(index), *more, **named)
        return jnp.reshape(found, ())

    return line


def taken_at(x, indices):
    """x[indices]; a constant x that is looked up by numbers of the program is an array of JAX."""
    places = place(indices, x)
    is_traced = any(isinstance(one, jax.Array) for one in places)
    return (jnp.asarray(x) if is_traced else x)[places]


def embedded(w, indices, padding_idx=-1, scale=False, sparse=False):
    """Rows of w; PyTorch gives the row of the padding no slope, as its documentation says."""
    w = by_frequency(w, indices) if scale else w
    if padding_idx < 0:
        return w[indices]
    is_padding = (indices == padding_idx)[..., None]
    return jnp.where(is_padding, jax.lax.stop_gradient(w[padding_idx]), w[indices])


def by_frequency(w, indices):
    """w, whose rows have a slope that is divided by how often they are looked up.

    That is not the slope of w, but what PyTorch documents for scale_grad_by_freq.
    """
    times = jnp.zeros(w.shape[0], w.dtype).at[jnp.ravel(indices)].add(1)
    still = jax.lax.stop_gradient(w)
    return still + (w - still) / jnp.maximum(times, 1)[:, None]


def embedding_bag(
    weight, indices, offsets, scale=False, mode=0, sparse=False, samples=None, last=False, pad=-1
):
    """Sums (0), means (1) or maxima (2) of rows; bag k begins at offsets[k]."""
    bags = np.asarray(offsets)[: len(offsets) - last]
    weight = by_frequency(weight, indices) if scale else weight
    spans = zip(bags, [*bags[1:], len(indices)], strict=True)
    return jnp.stack([bag(weight, indices, samples, mode, pad, *pair) for pair in spans])


def bag(weight, indices, samples, mode, pad, low, high):
    found = weight[indices[low:high]]
    if high == low:
        return jnp.zeros(weight.shape[1:], weight.dtype)
    kept = (indices[low:high] != pad)[:, None]
    found = found if samples is None else found * samples[low:high, None]
    if mode == 2:
        return jnp.max(jnp.where(kept, found, -jnp.inf), 0)
    total = jnp.sum(jnp.where(kept, found, 0), 0)
    return total if mode == 0 else total / jnp.maximum(jnp.sum(kept), 1)


def renormed(w, indices, max_norm, norm_type):
    """w, whose rows that are looked up are at most max_norm long."""
    sizes = norm(w, norm_type, -1, True)
    is_seen = jnp.zeros(w.shape[0], bool).at[jnp.ravel(indices)].set(True)[:, None]
    return jnp.where(is_seen & (sizes > max_norm), w * (max_norm / (sizes + 1e-7)), w)


def segment_reduced(x, reduce, *, lengths=None, offsets=None, axis=0, unsafe=False, initial=None):
    """Of consecutive rows, as long as `lengths` says."""
    ends = np.asarray(offsets) if lengths is None else np.cumsum([0, *np.asarray(lengths)])
    first = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "max": -np.inf, "min": np.inf}[reduce]
    begin = jnp.broadcast_to(jnp.asarray(first if initial is None else initial), x.shape[1:])[None]
    kinds = {"sum": jnp.sum, "prod": jnp.prod, "mean": jnp.sum, "max": jnp.max, "min": jnp.min}
    parts = [x[low:high] for low, high in zip(ends, ends[1:], strict=False)]
    started = lambda part: jnp.concatenate([begin, part]) if initial is not None else part
    found = [kinds[reduce](started(part), 0) if len(part) else begin[0] for part in parts]
    if reduce == "mean":
        found = [x / max(len(part), 1) for x, part in zip(found, parts, strict=True)]
    return jnp.stack(found)


INDEXING = {
    "index": taken_at,
    "_unsafe_index": taken_at,
    "index_put": put,
    "_unsafe_index_put": put,
    "_index_put_impl": put,
    "masked_select": masked,
    "masked_scatter": masked_scattered,
    "gather": with_axes(gathered),
    "scatter": with_axes(scattered),
    "scatter_add": with_axes(scatter_added),
    "scatter_reduce": with_axes(scatter_reduced),
    "index_select": lambda x, dim, index: (
        jnp.take(x, jnp.atleast_1d(index), axis=dim) if x.ndim else x
    ),
    "index_add": with_rows(
        lambda x, dim, index, src, alpha=1: x.at[rows(x, dim, index)].add(alpha * src)
    ),
    "index_copy": with_rows(lambda x, dim, index, src: x.at[rows(x, dim, index)].set(src)),
    "index_fill": with_rows(lambda x, dim, index, value: x.at[rows(x, dim, index)].set(value)),
    "index_reduce": with_rows(index_reduced),
    "take": lambda x, index: jnp.ravel(x)[index],
    "put": lambda x, index, src, accumulate=False: put(
        jnp.ravel(x), [jnp.ravel(index)], jnp.ravel(src), accumulate
    ).reshape(x.shape),
    "embedding": embedded,
    "embedding_renorm": renormed,
    "_embedding_bag": embedding_bag,
    "_embedding_bag_forward_only": embedding_bag,
    "segment_reduce": segment_reduced,
}
