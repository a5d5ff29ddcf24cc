"""How factorisations and solves round: as those of a matrix that is a little off.

A backward-stable algorithm answers F(A + E) exactly, or nearly so, with E of a few units of

    Cholesky          |L| |L^T|                LU, of ordered rows    |L| |U|
    triangular solve  |T|                      tridiagonal solve      |L| |U| <= 3 |T|, about
    QR                |a_j|_2 by columns       eigh, svd              |A|_2

times a count of operations, and orthonormal vectors are off by as many units of 1 besides
(Higham 2002, theorems 10.3, 9.3, 8.5, 19.4; LAPACK Users' Guide 4.7).
What E does to an output is F's own derivative, which is measured: the difference of F at A and a
little beside it, in every entry.  That is the condition of this matrix, entry by entry.

    running bound     count u size, through |dF|, beside what the operands are off by
    random rounding   F of the operand's draws, each with an E of its own, of u size / sqrt 3
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...vocabulary import NoRule
from ..bounded import Bounded, rounded, times
from ..formats import Format
from ..namespaces import is_traced
from ..samples import Samples, sampled
from . import floats
from .batches import RANKS

Array = Any
STEP = 2.0**-26  # of a difference, relative to the largest entry
MOST = 2**22  # float numbers of all differences: beyond, no running bound


class Stable(NamedTuple):
    """One primitive: its outputs, and the backward error that it may have in each operand."""

    function: Callable  # (gauge, *operands, **params) -> outputs, of many matrices
    sizes: Callable  # (operands, outputs) -> the unit of E in each operand, 0 for none
    count: Callable  # the number of units, from the shape of the first operand
    gauge: Callable = lambda *operands, **params: None  # what fixes signs and orders
    orthonormal: tuple[int, ...] = ()  # outputs that are the product of rotations, off by a few u


def turn(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


# --- values in one gauge ---------------------------------------------------------------------


def _like(vectors: Array, wanted: Array) -> Array:
    """The signs of columns that bring them nearer to those that are wanted."""
    return np.where((vectors * wanted).sum(-2, keepdims=True) < 0, -1.0, 1.0)


def _eigh(gauge, x, *, lower, **_):
    vectors, values = floats.eigh(floats.symmetric(x, lower))
    return vectors * _like(vectors, gauge), values


def _svd(gauge, x, *, compute_uv, full_matrices, **_):
    s, u, vt = floats.svd(x)
    if not compute_uv:
        return (s,)
    if full_matrices and x.shape[-2] != x.shape[-1]:
        raise NoRule("of a full svd of no square matrix, what completes a basis is not unique")
    sign = _like(turn(vt), turn(gauge))
    return s, u * sign, vt * turn(sign)


def _qr(gauge, x, *, full_matrices, pivoting=False, **_):
    if pivoting or (full_matrices and x.shape[-2] > x.shape[-1]):
        raise NoRule("of a full or a pivoted QR factorisation no rounding is known")
    q, r = floats.qr(x)
    sign = np.where(_diagonal(r) * gauge < 0, -1.0, 1.0)
    return q * sign[..., None, :], r * sign[..., :, None]


def _lu(gauge, x, **_):
    return (floats.lu_in_order(x, np.broadcast_to(gauge, x.shape[:-1])),)


def _diagonal(x: Array) -> Array:
    return np.diagonal(x, axis1=-2, axis2=-1)


# --- units of backward errors ----------------------------------------------------------------


def _of_cholesky(operands, outs):
    size = abs(outs[0])
    return [size @ turn(size)]


def _of_lu(operands, outs):
    packed, k = outs[0], min(outs[0].shape[-2:])
    low = abs(np.tril(packed[..., :k], -1)) + np.eye(packed.shape[-2], k)
    size = low @ abs(np.triu(packed[..., :k, :]))
    back = np.argsort(floats.orders(operands[0]), axis=-1)
    return [np.take_along_axis(size, back[..., None], -2)]


def _of_first(operands, outs):
    first, *others = operands
    return [abs(first), *([0.0] * len(others))]


def _of_diagonals(operands, outs):
    """|L| |U|, which is three times the entries at most where no rows need be exchanged."""
    *three, b = operands
    most = np.max([abs(x) for x in three], axis=(0, -1))[..., None]
    return [np.broadcast_to(most, x.shape) for x in three] + [0.0]


def _of_columns(operands, outs):
    (x,) = operands
    return [np.broadcast_to(np.sqrt(np.square(x).sum(-2, keepdims=True)), x.shape)]


def _of_norm(operands, outs):
    (x,) = operands
    return [np.broadcast_to(np.sqrt(np.square(x).sum((-2, -1), keepdims=True)), x.shape)]


def _smaller(shape) -> int:
    return min(shape[-2:])


def _both(shape) -> int:
    return shape[-1] + shape[-2]


TABLE = {
    "cholesky": Stable(lambda _, x, **__: floats.cholesky(x), _of_cholesky, lambda s: s[-1] + 1),
    "lu": Stable(_lu, _of_lu, _smaller, lambda x, **_: floats.orders(x)),
    "triangular_solve": Stable(
        lambda _, a, b, **how: (floats.triangular_solve(a, b, **how),), _of_first, _smaller
    ),
    "tridiagonal_solve": Stable(
        lambda _, *parts, **how: (floats.tridiagonal_solve(*parts, **how),),
        _of_diagonals,
        lambda s: 5,
    ),
    "qr": Stable(_qr, _of_columns, _both, lambda x, **_: _diagonal(floats.qr(x)[1]), (0,)),
    "eigh": Stable(
        _eigh,
        _of_norm,
        _both,
        lambda x, lower, **_: floats.eigh(floats.symmetric(x, lower))[0],
        (0,),
    ),
    "svd": Stable(_svd, _of_norm, _both, lambda x, **_: floats.svd(x)[2], (1, 2)),
}


# --- the rules -------------------------------------------------------------------------------


def bounded(name: str, target: Format, *operands: Bounded, **params):
    """Values and running bounds of every output."""
    if is_traced(*(x.value for x in operands)):
        raise NoRule(f"many cases at once have no rule for {name!r}")
    stable, values = TABLE[name], [x.value for x in operands]
    with np.errstate(all="ignore"):
        function = partial(stable.function, stable.gauge(*values, **params), **params)
        outs = tuple(function(*values))
        units = target.unit * stable.count(values[0].shape)
        sizes = stable.sizes(values, outs)
        off = [x.error + units * size for x, size in zip(operands, sizes, strict=True)]
        moved = _through(function, name, values, outs, off)
        for k in stable.orthonormal[: len(outs) - 1]:
            moved[k] += units
        made = [
            rounded(target, v, np.where(np.isnan(m), np.inf, m), exact=(v == 0) & (m == 0))
            for v, m in zip(outs, moved, strict=True)
        ]
    return _whole(name, values, made)


def _through(function: Callable, name: str, values: list, outs: tuple, off: list) -> list:
    """Sum over all entries of |dF / d entry| times what it is off by."""
    ranks = RANKS[name][1]
    count = [
        int(np.prod(v.shape[v.ndim - r :], dtype=int)) for v, r in zip(values, ranks, strict=True)
    ]
    if sum(count) * sum(o.size for o in outs) > MOST:
        return [np.full(o.shape, np.inf) for o in outs]
    total = [np.zeros(o.shape) for o in outs]
    for i, (x, rank, n) in enumerate(zip(values, ranks, count, strict=True)):
        inner = x.shape[x.ndim - rank :]
        step = STEP * (np.max(abs(x), initial=0.0) or 1.0)
        rows = np.eye(n).reshape(n, *(1,) * (x.ndim - rank), *inner)
        beside = [np.broadcast_to(v, (n, *v.shape)) for v in values]
        beside[i] = x + step * rows
        flat = np.moveaxis(off[i].reshape(*x.shape[: x.ndim - rank], n), -1, 0)
        for k, (there, here) in enumerate(zip(function(*beside), outs, strict=True)):
            errors = flat.reshape(*flat.shape, *(1,) * (here.ndim + 1 - flat.ndim))
            total[k] += times(abs(there - here) / step, errors).sum(0)
    return total


def drawn(name: str, noise, *operands: Samples, **params):
    """Values and draws of every output."""
    stable, operands = TABLE[name], tuple(map(sampled, operands))
    values = [x.value for x in operands]
    with np.errstate(all="ignore"):
        function = partial(stable.function, stable.gauge(*values, **params), **params)
        outs = tuple(function(*values))
        unit = noise.target.unit * (stable.count(values[0].shape) / 3) ** 0.5
        sizes = stable.sizes(values, outs)
        rows = [
            noise.rows(x.rows) + unit * size * noise.draw(x.value)
            for x, size in zip(operands, sizes, strict=True)
        ]
        draws = function(*rows)
        made = []
        for k, (value, row) in enumerate(zip(outs, draws, strict=True)):
            draw = noise.draw(value)
            turned = unit if k in stable.orthonormal else 0.0
            row = row + (noise.target.unit / 3**0.5 * row + turned) * draw
            made.append(Samples(value, noise.settle(row, draw)))
    return _whole(name, values, made)


def _whole(name: str, values: list, made: list):
    """The outputs as the primitive has them."""
    if name != "lu":
        return tuple(made) if len(RANKS[name][0]) > 1 else made[0]
    flat = values[0].reshape(-1, *values[0].shape[-2:])
    found = [floats.lu_with_pivots(m)[1:] for m in flat]
    batch = values[0].shape[:-2]
    pivots, orders = (
        np.array(part, np.int32).reshape(*batch, -1) for part in zip(*found, strict=True)
    )
    return made[0], pivots, orders


BOUNDED = {name: partial(bounded, name) for name in TABLE}
DRAWN = {name: partial(drawn, name) for name in TABLE}
