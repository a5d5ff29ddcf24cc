"""Values with error bounds: how they move and compare, whatever the format."""

from typing import NamedTuple

import ml_dtypes
import numpy as np

from ..vocabulary import Undecided
from .arrays import MOVES
from .interpreter import is_plain


class Format(NamedTuple):
    """A floating-point format: unit roundoff, smallest normal number, largest number."""

    name: str
    unit: float
    tiny: float
    largest: float


def format_of(dtype: str) -> Format:
    info = ml_dtypes.finfo(dtype)
    return Format(dtype, float(info.eps) / 2, float(info.smallest_normal), float(info.max))


class Bounded:
    """A value, and a bound on |computed - exact|, entry by entry."""

    __slots__ = ("error", "value")

    def __init__(self, value, error):
        self.value = np.asarray(value, np.float64)
        self.error = np.broadcast_to(np.asarray(error, np.float64), self.value.shape)

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)


class Predicate(NamedTuple):
    """A comparison, and whether rounding could not have turned it."""

    value: np.ndarray
    sure: np.ndarray

    @property
    def shape(self):
        return self.value.shape


def times(a, b):
    """a b, with 0 times infinity 0: an exact zero has no error to hand on."""
    with np.errstate(invalid="ignore"):
        product = a * b
    return np.where((a == 0) | (b == 0), 0.0, product)


def dot(a, b, dimension_numbers):
    """A general product of two float arrays, axes as in dot_general."""
    (contract_a, contract_b), (batch_a, batch_b) = dimension_numbers
    if not batch_a:
        return np.tensordot(a, b, (contract_a, contract_b))
    axes_a = list(range(a.ndim))
    axes_b = list(range(a.ndim, a.ndim + b.ndim))
    for i, j in zip((*contract_a, *batch_a), (*contract_b, *batch_b), strict=True):
        axes_b[j] = axes_a[i]
    free = lambda axes, taken: [axis for i, axis in enumerate(axes) if i not in taken]
    out = [axes_a[i] for i in batch_a]
    out += free(axes_a, (*contract_a, *batch_a)) + free(axes_b, (*contract_b, *batch_b))
    return np.einsum(a, axes_a, b, axes_b, out)


def move(name: str):
    """Values and bounds move alike."""

    def rule(*operands, **params):
        if not any(isinstance(v, Bounded) for v in operands):
            part = lambda k: MOVES[name](
                *(v[k] if isinstance(v, Predicate) else v for v in operands), **params
            )
            return Predicate(np.asarray(part(0)), np.asarray(part(1)))
        offset, ids, pool = 0, [], []
        for v in operands:
            if isinstance(v, Bounded):
                ids.append(np.arange(offset, offset + v.size).reshape(v.shape))
                offset += v.size
                pool.append(v)
            else:
                ids.append(v)
        places = np.asarray(MOVES[name](*ids, **params))
        flat = lambda arrays: np.concatenate([a.ravel() for a in arrays])[places]
        return Bounded(flat([v.value for v in pool]), flat([v.error for v in pool]))

    return rule


def _compare(holds):
    def rule(x, y, **_):
        sure = (np.abs(x.value - y.value) > x.error + y.error) | ((x.error == 0) & (y.error == 0))
        return Predicate(np.asarray(holds(x.value, y.value)), np.asarray(sure))

    return rule


def _truth(p) -> Predicate:
    return p if isinstance(p, Predicate) else Predicate(p, np.ones(np.shape(p), bool))


def _and(p, q):
    p, q = _truth(p), _truth(q)
    sure = (p.sure & q.sure) | (p.sure & ~p.value) | (q.sure & ~q.value)
    return Predicate(p.value & q.value, sure)


def _not(p):
    return Predicate(~p.value, p.sure)


def select(which, *cases):
    """Where rounding may have turned the predicate, either case may come out."""
    if is_plain(which):
        return move("select_n")(which, *cases)
    index = np.broadcast_to(which.value, cases[0].shape).astype(int)
    value = np.choose(index, [c.value for c in cases])
    error = np.choose(index, [c.error for c in cases])
    reach = np.max([np.abs(c.value - value) + c.error for c in cases], axis=0)
    return Bounded(value, np.where(which.sure, error, reach))


def decide(predicate):
    if isinstance(predicate, Predicate) and not np.all(predicate.sure):
        raise Undecided("a comparison within rounding steers a branch or a loop")
    value = predicate.value if isinstance(predicate, Predicate) else predicate
    return np.asarray(value)[()]


COMPARISONS = {
    "lt": _compare(np.less),
    "gt": _compare(np.greater),
    "le": _compare(np.less_equal),
    "ge": _compare(np.greater_equal),
    "eq": _compare(np.equal),
    "ne": _compare(np.not_equal),
    "and": _and,
    "or": lambda p, q: _not(_and(_not(_truth(p)), _not(_truth(q)))),
    "not": _not,
    "is_finite": lambda x, **_: Predicate(np.isfinite(x.value), np.ones(x.shape, bool)),
}
