"""Arrays of numbers of any kind: what moves entries, adds them or multiplies matrices.

A primitive that only moves entries is run on the entries' positions, and the positions then
pick from the operands laid end to end: one rule serves every arithmetic, and its transpose.
"""

from collections.abc import Callable

import jax
import numpy as np
from jax import lax

from ..vocabulary import Undecided
from .interpreter import is_plain


def box(value) -> np.ndarray:
    """An object array, also where NumPy would hand out the bare entry of a 0-d one."""
    if isinstance(value, np.ndarray):
        return value
    out = np.empty((), object)
    out[()] = value
    return out


def each(function: Callable) -> Callable:
    """Apply a rule for numbers to every entry of arrays (scalars stretch, as in a jaxpr)."""

    def rule(*arrays, **_):
        return box(np.frompyfunc(function, len(arrays), 1)(*arrays))

    return rule


def decided(predicate: Callable) -> Callable:
    """Apply a predicate of two answers to every entry: booleans that steer as in any program."""
    rule = each(predicate)
    return lambda *arrays, **params: rule(*arrays, **params).astype(bool)


def lifted(convert: Callable) -> Callable:
    """Carry a float array over, entry by entry."""
    ufunc = np.frompyfunc(convert, 1, 1)
    return lambda array: box(ufunc(np.asarray(array, np.float64)))


# --- moves ---------------------------------------------------------------------------------


def move(name: str) -> Callable:
    """The rule of a primitive that only moves entries."""

    def rule(*operands, **params):
        values, positions = moved(name, operands, params)
        pool = np.concatenate([v.ravel() for v in values])
        return box(pool[positions])

    return rule


def moved(name: str, operands, params) -> tuple[list, np.ndarray]:
    """The lifted operands, and for each entry of the output its place among their entries."""
    values = [v for v in operands if not is_plain(v)]
    offset, ids = 0, []
    for v in operands:
        if is_plain(v):
            ids.append(v)
        else:
            ids.append(np.arange(offset, offset + v.size).reshape(v.shape))
            offset += v.size
    with jax.enable_x64(True):
        return values, np.asarray(MOVES[name](*ids, **params))


def _broadcast(x, shape, broadcast_dimensions, **_):
    axes = [1] * len(shape)
    for axis, size in zip(broadcast_dimensions, x.shape, strict=True):
        axes[axis] = size
    return np.broadcast_to(x.reshape(axes), shape)


def _slice(x, start_indices, limit_indices, strides, **_):
    strides = strides or (1,) * x.ndim
    return x[tuple(map(slice, start_indices, limit_indices, strides))]


def _gather(x, indices, **params):
    picked = lax.gather_p.bind(x, indices, **{**params, "fill_value": -1})
    picked = np.asarray(picked)
    if (picked < 0).any():
        raise Undecided("an index is outside the array it picks from")
    return picked


def _pad(x, value, padding_config, **_):
    return lax.pad_p.bind(x, value, padding_config=padding_config)


def _select(which, *cases):
    return np.choose(np.broadcast_to(which, cases[0].shape).astype(int), cases)


MOVES = {
    "reshape": lambda x, new_sizes, **_: x.reshape(new_sizes),
    "squeeze": lambda x, dimensions, **_: x.squeeze(dimensions),
    "transpose": lambda x, permutation, **_: x.transpose(permutation),
    "rev": lambda x, dimensions, **_: np.flip(x, dimensions),
    "copy": lambda x, **_: x,
    "copy_p": lambda x, **_: x,
    "reduce_precision": lambda x, **_: x,
    "convert_element_type": lambda x, **_: x,
    "broadcast_in_dim": _broadcast,
    "slice": _slice,
    "concatenate": lambda *xs, dimension, **_: np.concatenate(xs, dimension),
    "stack": lambda *xs, axis, **_: np.stack(xs, axis),
    "tile": lambda x, reps, **_: np.tile(x, reps),
    "gather": _gather,
    "pad": _pad,
    "dynamic_slice": lambda x, *starts, **p: lax.dynamic_slice_p.bind(x, *starts, **p),
    "dynamic_update_slice": lambda *xs, **p: lax.dynamic_update_slice_p.bind(*xs, **p),
    "select_n": _select,
}


# --- sums ----------------------------------------------------------------------------------


def reduce_sum(x, axes, **_):
    return (
        box(x.sum(axis=tuple(axes)))
        if x.size
        else box(np.zeros(x.shape, int).sum(axis=tuple(axes)))
    )


def cumsum(x, axis, reverse, **_):
    flip = (lambda a: np.flip(a, axis)) if reverse else (lambda a: a)
    return flip(np.cumsum(flip(x), axis=axis))


def scatter_add(x, indices, updates, **params):
    out = x.copy()
    into = landing(x.shape, indices, updates.shape, params)
    np.add.at(out.reshape(-1), into[into >= 0], updates.ravel()[into >= 0])
    return out


def landing(shape, indices, update_shape, params) -> np.ndarray:
    """Where in the flat operand each update lands; -1 where it is dropped.

    The transpose of scatter-add picks from its cotangent: hand it the places as numbers.
    """

    def scatter(updates):
        params_ = {k: v for k, v in params.items() if k not in ("update_jaxpr", "update_consts")}
        numbers = params_.pop("dimension_numbers")
        zero = jax.numpy.zeros(shape, updates.dtype)
        return lax.scatter_add(zero, indices, updates, numbers, **params_)

    places = np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape)
    with jax.enable_x64(True):  # float32 could not count past 2^24 places
        _, pull = jax.vjp(scatter, jax.numpy.zeros(update_shape))
        return np.asarray(pull(jax.numpy.asarray(places))[0]).astype(int).ravel() - 1


# --- products ------------------------------------------------------------------------------


def dot_general(matmul: Callable) -> Callable:
    """The rule of dot_general, given a product of two matrices."""

    def rule(a, b, dimension_numbers, **_):
        (contract_a, contract_b), (batch_a, batch_b) = dimension_numbers
        a3, free_a = _matrices(a, batch_a, contract_a, contract_last=True)
        b3, free_b = _matrices(b, batch_b, contract_b, contract_last=False)
        batch = tuple(a.shape[i] for i in batch_a)
        products = [matmul(x, y) for x, y in zip(a3, b3, strict=True)]
        out = np.empty((len(products), a3.shape[1], b3.shape[2]), object)
        for k, product in enumerate(products):
            out[k] = product
        return out.reshape(batch + free_a + free_b)

    return rule


def _matrices(x, batch, contract, contract_last: bool):
    """x as a stack of matrices (batch, free, contracted), or with the last two swapped."""
    free = [i for i in range(x.ndim) if i not in (*batch, *contract)]
    inner = [*free, *contract] if contract_last else [*contract, *free]
    count = lambda axes: int(np.prod([x.shape[i] for i in axes], dtype=int))
    sizes = (count(free), count(contract)) if contract_last else (count(contract), count(free))
    stack = x.transpose([*batch, *inner]).reshape(count(batch), *sizes)
    return stack, tuple(x.shape[i] for i in free)


STRUCTURE = {name: move(name) for name in MOVES} | {
    "reduce_sum": reduce_sum,
    "cumsum": cumsum,
    "scatter-add": scatter_add,
}
