"""What only moves entries: NumPy functions of the operands and parameters of a primitive.

They are run on the entries themselves (integers, booleans) or on the entries' positions, so that
one rule serves every arithmetic.  Where an index is outside, or two updates meet, no entry is
guessed: Undecided.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.lax import GatherScatterMode

from ..vocabulary import NoRule, Undecided

# --- places: where a gather picks from, where a scatter lands --------------------------------


class Layout(NamedTuple):
    """How index vectors and windows name the entries of an operand; axes as in XLA's gather."""

    window_axes: tuple[int, ...]  # of the picked or updating array: those that run in the window
    thin: tuple[int, ...]  # operand axes in which a window is one entry thick, and left out
    indexed: tuple[int, ...]  # operand axis that each component of an index vector starts
    batch: tuple[int, ...]  # operand axes that run with ...
    index_batch: tuple[int, ...]  # ... these axes of the indices


def places(shape, indices, layout: Layout, sizes, mode) -> np.ndarray:
    """The flat position in an operand of `shape` of every entry of a gather's result.

    -1 for every entry of a window that is not wholly inside, unless mode says CLIP.
    """
    starts, indices = np.zeros((len(shape), *indices.shape[:-1]), int), indices.astype(int)
    starts[list(layout.indexed)] = np.moveaxis(indices, -1, 0)
    for axis, along in zip(layout.batch, layout.index_batch, strict=True):
        count = indices.shape[along]
        starts[axis] = np.arange(count).reshape([-1] + [1] * (indices.ndim - 2 - along))
    room = np.subtract(shape, sizes).reshape(-1, *(1,) * (indices.ndim - 1))
    if mode == GatherScatterMode.CLIP:
        starts = np.clip(starts, 0, room)
    outside = ((starts < 0) | (starts > room)).any(axis=0)
    runs = [axis for axis in range(len(shape)) if axis not in (*layout.thin, *layout.batch)]
    strides = np.cumprod([1, *shape[:0:-1]], dtype=int)[::-1]
    flat = np.tensordot(strides, starts, 1) if len(shape) else np.zeros(outside.shape, int)
    for axis in runs:
        flat = flat[..., None] + strides[axis] * np.arange(sizes[axis])
    flat = np.where(outside.reshape(outside.shape + (1,) * len(runs)), -1, flat)
    rest = [axis for axis in range(flat.ndim) if axis not in layout.window_axes]
    return flat.transpose(np.argsort([*rest, *layout.window_axes]))


def landing(shape, indices, update_shape, params) -> np.ndarray:
    """Where in the flat operand each update of a scatter lands; -1 where it is dropped."""
    d = params["dimension_numbers"]
    batch = tuple(map(int, d.operand_batching_dims))
    layout = Layout(
        d.update_window_dims,
        d.inserted_window_dims,
        d.scatter_dims_to_operand_dims,
        batch,
        tuple(map(int, d.scatter_indices_batching_dims)),
    )
    runs = [i for i in range(len(shape)) if i not in (*d.inserted_window_dims, *batch)]
    sizes = np.ones(len(shape), int)
    sizes[runs] = [update_shape[i] for i in d.update_window_dims]
    into = places(shape, indices, layout, sizes, params["mode"]).ravel()
    if params["mode"] == GatherScatterMode.PROMISE_IN_BOUNDS and (into < 0).any():
        raise Undecided("an index that was promised to be inside is outside")
    return into


def picked(shape, indices, dimension_numbers, slice_sizes, mode, **_) -> np.ndarray:
    """Where in the flat operand each entry of a gather's result is."""
    d = dimension_numbers
    layout = Layout(
        d.offset_dims,
        d.collapsed_slice_dims,
        d.start_index_map,
        tuple(map(int, d.operand_batching_dims)),
        tuple(map(int, d.start_indices_batching_dims)),
    )
    at = places(shape, indices, layout, slice_sizes, mode)
    if (at < 0).any():
        raise Undecided("an index is outside the array it picks from")
    return at


def _gather(x, indices, **params):
    return x.reshape(-1)[picked(x.shape, indices, **params)]


def _scatter(x, indices, updates, update_jaxpr=None, **params):
    if update_jaxpr is not None:
        raise NoRule("no arithmetic has a rule for a scatter that applies a function")
    if isinstance(indices, Tracer):
        raise Undecided("where an update is written depends on an argument")
    into = landing(x.shape, np.asarray(indices), updates.shape, params)
    kept = into >= 0
    if np.unique(into[kept]).size < kept.sum():
        raise Undecided("two updates are written to one place: which one stays is not said")
    return _written(x.reshape(-1), into[kept], updates.reshape(-1)[kept]).reshape(x.shape)


def _written(x, where, update):
    """x with the entries at `where` replaced, in NumPy or in JAX."""
    if isinstance(x, jax.Array) or isinstance(update, jax.Array):
        return jnp.asarray(x).at[where].set(update)
    out = np.array(x)
    out[where] = update
    return out


# --- moves -----------------------------------------------------------------------------------


def _reshape(x, new_sizes, dimensions=None, **_):
    return (x if dimensions is None else x.transpose(dimensions)).reshape(new_sizes)


def _broadcast(x, shape, broadcast_dimensions, **_):
    axes = [1] * len(shape)
    for axis, size in zip(broadcast_dimensions, x.shape, strict=True):
        axes[axis] = size
    return np.broadcast_to(x.reshape(axes), shape)


def _slice(x, start_indices, limit_indices, strides, **_):
    strides = strides or (1,) * x.ndim
    return x[tuple(map(slice, start_indices, limit_indices, strides))]


def _pad(x, value, padding_config, **_):
    """Entries are spread apart first; then the edges grow, or are cut where they are negative."""
    for axis, (low, high, inner) in enumerate(padding_config):
        x = np.moveaxis(_padded(np.moveaxis(x, axis, 0), value, low, high, inner), 0, axis)
    return x


def _padded(x, value, low, high, inner):
    """Along the first axis."""
    size = int(len(x) + max(len(x) - 1, 0) * inner)
    full = lambda count: np.full((int(count), *x.shape[1:]), value, x.dtype)
    spread = full(size)
    spread[:: inner + 1] = x
    kept = spread[max(-low, 0) : max(size + min(high, 0), 0)]
    return np.concatenate([full(max(low, 0)), kept, full(max(high, 0))])


def _corner(shape, starts, sizes) -> tuple:
    if any(isinstance(s, Tracer) for s in starts):
        raise Undecided("where a slice begins depends on an argument")
    starts = [int(np.clip(int(s), 0, n - k)) for s, n, k in zip(starts, shape, sizes, strict=True)]
    return tuple(slice(s, s + k) for s, k in zip(starts, sizes, strict=True))


def _dynamic_update(x, update, *starts, **_):
    return _written(x, _corner(x.shape, starts, update.shape), update)


def _select(which, *cases):
    index = np.broadcast_to(which, cases[0].shape).astype(int)
    return np.take_along_axis(np.stack(cases), index[None], 0)[0]  # np.choose takes 32 at most


MOVES = {
    "reshape": _reshape,
    "squeeze": lambda x, dimensions, **_: x.squeeze(tuple(dimensions)),
    "transpose": lambda x, permutation, **_: x.transpose(permutation),
    "rev": lambda x, dimensions, **_: np.flip(x, dimensions),
    "copy": lambda x, **_: x,
    "copy_p": lambda x, **_: x,
    "reduce_precision": lambda x, **_: x,
    "convert_element_type": lambda x, **_: x,
    "sharding_constraint": lambda x, **_: x,
    "broadcast_in_dim": _broadcast,
    "slice": _slice,
    "concatenate": lambda *xs, dimension, **_: np.concatenate(xs, dimension),
    "stack": lambda *xs, axis, **_: np.stack(xs, axis),
    "tile": lambda x, reps, **_: np.tile(x, reps),
    "gather": _gather,
    "scatter": _scatter,
    "pad": _pad,
    "dynamic_slice": lambda x, *starts, slice_sizes, **_: x[_corner(x.shape, starts, slice_sizes)],
    "dynamic_update_slice": _dynamic_update,
    "select_n": _select,
}
STEERING = {"select_n": 0, "gather": 1, "scatter": 1}  # operand that picks, and is not picked


def carried(name: str, count: int) -> list[int]:
    """The operands whose entries are moved; the others, of `count` in all, say where."""
    if name in ("dynamic_slice", "dynamic_update_slice"):
        return [0] if name == "dynamic_slice" else [0, 1]
    return [i for i in range(count) if i != STEERING.get(name)]
