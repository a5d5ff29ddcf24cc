"""Convolution and pooling as patches: entries picked at static places, then products and sums."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jax import lax

from ..vocabulary import NoRule


def patches(x, axes, window, strides, padding, spread, gaps, fill: float):
    """The windows of x along `axes`: shape (*other axes, *window positions, entries of a window).

    x is first spread apart by `spread` (base dilation) and padded with `fill`; the entries of one
    window are `gaps` apart (window dilation).
    """
    if not len(axes):
        return lax.expand_dims(x, (x.ndim,))
    config = [(0, 0, 0)] * x.ndim
    for axis, (low, high), step in zip(axes, padding, spread, strict=True):
        config[axis] = (low, high, step - 1)
    x = x if not any(map(any, config)) else lax.pad(x, np.asarray(fill, x.dtype), config)
    others = [axis for axis in range(x.ndim) if axis not in axes]
    sizes = [x.shape[axis] for axis in axes]
    x = lax.transpose(x, [*others, *axes])
    x = lax.reshape(x, (*x.shape[: len(others)], int(np.prod(sizes))))
    return columns(x, _positions(sizes, window, strides, gaps))


def columns(x, at: np.ndarray):
    """x[..., at]."""
    last = x.ndim - 1
    numbers = lax.GatherDimensionNumbers(
        offset_dims=tuple(range(last)), collapsed_slice_dims=(last,), start_index_map=(last,)
    )
    thickness = (*x.shape[:-1], 1)
    return lax.gather(x, at[..., None], numbers, thickness, mode="clip")  # never outside


def _positions(sizes, window, strides, gaps) -> np.ndarray:
    """Flat positions in an array of `sizes`: (*window positions, entries of a window)."""
    spans = [(k - 1) * gap + 1 for k, gap in zip(window, gaps, strict=True)]
    counts = [
        max(0, (n - span) // step + 1) for n, span, step in zip(sizes, spans, strides, strict=True)
    ]
    column = lambda v: np.reshape(v, (-1, *(1,) * (len(counts) + 1)))
    first = np.indices(counts)[..., None] * column(strides)
    inner = np.indices(window).reshape(len(window), *(1,) * len(counts), -1) * column(gaps)
    pitch = np.cumprod([1, *sizes[:0:-1]], dtype=int)[::-1]
    return np.tensordot(pitch, first + inner, 1)


# --- convolution -----------------------------------------------------------------------------


def convolution(
    lhs,
    rhs,
    *,
    window_strides,
    padding,
    lhs_dilation,
    rhs_dilation,
    dimension_numbers,
    feature_group_count,
    batch_group_count,
    **_,
):
    """out[n, o, p] = sum over c, k of lhs[n, c, p stride + k gap] rhs[o, c, k], group by group.

    One of the two group counts is 1: feature groups part the channels of lhs, batch groups its
    batch; both part the channels of the result.
    """
    lhs = lax.transpose(lhs, dimension_numbers.lhs_spec)
    rhs = lax.transpose(rhs, dimension_numbers.rhs_spec)
    groups, window = max(feature_group_count, batch_group_count), rhs.shape[2:]
    axes = range(2, lhs.ndim)
    x = patches(lhs, axes, window, window_strides, padding, lhs_dilation, rhs_dilation, 0.0)
    rhs = lax.reshape(rhs, (*rhs.shape[:2], int(np.prod(window))))
    if groups == 1:
        out = lax.dot_general(rhs, x, (((1, 2), (1, x.ndim - 1)), ((), ())))
    else:
        parted = 1 if feature_group_count > 1 else 0
        x = lax.reshape(x, _part(x.shape, parted, groups))
        rhs = lax.reshape(rhs, _part(rhs.shape, 0, groups))
        out = lax.dot_general(rhs, x, (((2, 3), (2, x.ndim - 1)), ((0,), (parted,))))
        out = lax.reshape(out, (out.shape[0] * out.shape[1], *out.shape[2:]))
    out = lax.transpose(out, (1, 0, *range(2, out.ndim)))  # (batch, channels, *positions)
    return lax.transpose(out, np.argsort(dimension_numbers.out_spec))


def _part(shape, axis: int, groups: int) -> tuple[int, ...]:
    return (*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])


# --- pooling ---------------------------------------------------------------------------------


class Pool(NamedTuple):
    """Windows over an array: the axes that have any, and where their patches belong."""

    axes: list[int]
    parts: list[list]  # window, strides, padding, base dilation, window dilation along `axes`
    order: list[int]  # from (*other axes, *axes) back to the order of the array

    def patches(self, x, fill: float):
        window, strides, padding, spread, gaps = self.parts
        return patches(x, self.axes, window, strides, padding, spread, gaps, fill)

    def back(self, x):
        return lax.transpose(x, self.order)


def pool(
    window_dimensions, window_strides, padding, base_dilation=None, window_dilation=None
) -> Pool:
    ones, n = (1,) * len(window_dimensions), range(len(window_dimensions))
    ends = [tuple(map(int, ends)) for ends in padding]
    columns = [window_dimensions, window_strides, ends, base_dilation or ones]
    axes = [a for a in n if [column[a] for column in columns] != [1, 1, (0, 0), 1]]
    columns.append(window_dilation or ones)
    order = np.argsort([*(a for a in n if a not in axes), *axes]).tolist()
    return Pool(axes, [[column[a] for a in axes] for column in columns], order)


def reduce_window(reduce: Callable, fill: float) -> Callable:
    """The reduction of every window: `fill` changes nothing."""

    def rewrite(x, **params):
        windows = pool(**params)
        return windows.back(reduce(windows.patches(x, fill)))

    return rewrite


def first_largest(x):
    """Whether an entry is the first of the largest along the last axis; no entry is compared
    with itself."""
    last = x.ndim - 1
    if x.shape[last] < 2:
        return lax.full(x.shape, True)
    cut = lambda a, low, high: lax.slice_in_dim(a, low, high, axis=last)
    n, true = x.shape[last], lax.full((*x.shape[:last], 1), True)
    above = lax.gt(cut(x, 1, n), cut(lax.cummax(x, last), 0, n - 1))
    beyond = lax.ge(cut(x, 0, n - 1), cut(lax.cummax(x, last, reverse=True), 1, n))
    return lax.bitwise_and(
        lax.concatenate([true, above], last), lax.concatenate([beyond, true], last)
    )


def _chosen(windows: Pool, x, select_prim):
    """The patches' entries that max (ge) or min (le) pooling chooses: the first at a tie."""
    names = {"ge": 1, "le": -1}
    if select_prim.name not in names:
        raise NoRule(f"pooling that selects by {select_prim.name!r} is not known")
    found = windows.patches(x, -np.inf if select_prim.name == "ge" else np.inf)
    return first_largest(found if select_prim.name == "ge" else lax.neg(found))


def select_and_scatter_add(source, operand, *, select_prim, **params):
    """Every entry of source goes to the entry of its window that pooling has chosen."""
    windows = pool(**params)
    here = _chosen(windows, operand, select_prim)
    source = lax.transpose(source, np.argsort(windows.order))
    spread = lax.broadcast_in_dim(source, here.shape, range(source.ndim))
    spread = lax.select(here, spread, lax.full_like(spread, 0.0))
    return jax.linear_transpose(lambda x: windows.patches(x, 0.0), operand)(spread)[0]


def select_and_gather_add(tangents, operand, *, select_prim, **params):
    """The entry of tangents where pooling of operand has chosen, window by window.

    At a tie it is the first one's, as in select_and_scatter_add; XLA may take another one's.
    """
    windows = pool(**params)
    here, found = _chosen(windows, operand, select_prim), windows.patches(tangents, 0.0)
    picked = lax.select(here, found, lax.full_like(found, 0.0))
    return windows.back(lax.reduce_sum(picked, (picked.ndim - 1,)))


WINDOWS = {
    "conv_general_dilated": convolution,
    "reduce_window_sum": reduce_window(lambda x: lax.reduce_sum(x, (x.ndim - 1,)), 0.0),
    "reduce_window_max": reduce_window(lambda x: lax.reduce_max(x, (x.ndim - 1,)), -np.inf),
    "reduce_window_min": reduce_window(lambda x: lax.reduce_min(x, (x.ndim - 1,)), np.inf),
    "select_and_scatter_add": select_and_scatter_add,
    "select_and_gather_add": select_and_gather_add,
}
