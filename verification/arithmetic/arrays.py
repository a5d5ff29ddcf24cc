"""Arrays of numbers of any kind: what moves entries, adds them or multiplies matrices.

A primitive that only moves entries is run on the entries' positions, and the positions then
pick from the operands laid end to end: one rule serves every arithmetic, and its transpose.
"""

from collections.abc import Callable
from math import prod

import numpy as np

from ..vocabulary import Undecided
from . import namespaces
from .interpreter import is_plain
from .moves import MOVES, carried, picked


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
        if len(operands) == 1:  # of a long array one row is read at each step of a loop
            return box(MOVES[name](box(operands[0]), **params))
        values, positions = moved(name, operands, params)
        pool = np.concatenate([v.ravel() for v in values])
        return box(pool[positions])

    return rule


def moved(name: str, operands, params) -> tuple[list, np.ndarray]:
    """The operands that are moved, and for each entry of the output its place among theirs."""
    data = carried(name, len(operands))
    if name == "gather" and is_plain(operands[1]):  # of a large table, few places are asked for
        return [operands[0]], picked(operands[0].shape, operands[1], **params)
    offset, ids = 0, list(operands)
    for i in data:
        ids[i] = np.arange(offset, offset + operands[i].size).reshape(operands[i].shape)
        offset += operands[i].size
    if not all(is_plain(v) for i, v in enumerate(operands) if i not in data):
        raise Undecided(f"{name} picks by what is not decided")
    return [operands[i] for i in data], np.asarray(MOVES[name](*ids, **params))


# --- sums ----------------------------------------------------------------------------------


def reduce_sum(x, axes, **_):
    return (
        box(x.sum(axis=tuple(axes)))
        if x.size
        else box(np.zeros(x.shape, int).sum(axis=tuple(axes)))
    )


def cumsum(x, axis, reverse, **_):
    return namespaces.cumsum(x, axis, reverse)


def scatter_add(x, indices, updates, **params):
    return namespaces.scatter_sum(x, indices, updates, params)


# --- products ------------------------------------------------------------------------------


def dot_general(matmul: Callable) -> Callable:
    """The rule of dot_general, given a product of two matrices."""

    def rule(a, b, dimension_numbers, **_):
        (contract_a, contract_b), (batch_a, batch_b) = dimension_numbers
        a3, free_a = matrices(a, batch_a, contract_a, contract_last=True)
        b3, free_b = matrices(b, batch_b, contract_b, contract_last=False)
        batch = tuple(a.shape[i] for i in batch_a)
        products = [matmul(x, y) for x, y in zip(a3, b3, strict=True)]
        out = np.empty((len(products), a3.shape[1], b3.shape[2]), object)
        for k, product in enumerate(products):
            out[k] = product
        return out.reshape(batch + free_a + free_b)

    return rule


def matrices(x, batch, contract, contract_last: bool):
    """x as a stack of matrices (batch, free, contracted), or with the last two swapped."""
    free = [i for i in range(x.ndim) if i not in (*batch, *contract)]
    inner = [*free, *contract] if contract_last else [*contract, *free]
    count = lambda axes: prod(x.shape[i] for i in axes)
    sizes = (count(free), count(contract)) if contract_last else (count(contract), count(free))
    stack = x.transpose([*batch, *inner]).reshape(count(batch), *sizes)
    return stack, tuple(x.shape[i] for i in free)


STRUCTURE = {name: move(name) for name in MOVES} | {
    "reduce_sum": reduce_sum,
    "cumsum": cumsum,
    "scatter-add": scatter_add,
}
