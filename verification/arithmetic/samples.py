"""Numbers drawn several times, as random rounding leaves them: how they move and compare.

A number is a sample along a leading axis, in float64; sample 0 is never disturbed, and an axis
of length 1 says that all samples are alike.  A comparison is decided per sample, with deviations
WIDE times as large: a turn that one implementation in a thousand takes must be seen among few.
"""

from collections.abc import Callable

import numpy as np

from ..vocabulary import Undecided
from .arrays import MOVES, moved

WIDE = 4.0  # deviations in comparisons, over what they are


class Samples:
    """An array drawn several times: `value` has the samples along its first axis."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = np.asarray(value)

    shape = property(lambda self: self.value.shape[1:])
    ndim = property(lambda self: self.value.ndim - 1)
    size = property(lambda self: int(np.prod(self.shape, dtype=int)))

    def ravel(self) -> np.ndarray:
        return self.value.reshape(len(self.value), -1)


def decide(predicate):
    value = predicate.value if isinstance(predicate, Samples) else np.asarray(predicate)[None]
    if (value != value[:1]).any():
        raise Undecided("a comparison within rounding steers a branch or a loop")
    return value[0]


def level(*operands) -> list[np.ndarray]:
    """Sample arrays of one rank: scalars stretch, as in a jaxpr; plain arrays have one sample."""
    values = [x.value if isinstance(x, Samples) else np.asarray(x)[None] for x in operands]
    rank = max(v.ndim for v in values)
    return [v.reshape(v.shape + (1,) * (rank - v.ndim)) if v.ndim == 1 else v for v in values]


def move(name: str) -> Callable:
    """Positions pick from the samples laid end to end along the last axis."""

    def rule(*operands, **params):
        values, places = moved(name, operands, params)
        count = max(len(v.value) for v in values)
        pools = [np.broadcast_to(v.ravel(), (count, v.size)) for v in values]
        pool = pools[0] if len(pools) == 1 else np.concatenate(pools, axis=1)
        return Samples(pool[:, places])

    return rule


def wide(value: np.ndarray) -> np.ndarray:
    return value[:1] + WIDE * (value - value[:1]) if len(value) > 1 else value


def compare(holds: Callable) -> Callable:
    return lambda x, y, **_: Samples(holds(*map(wide, level(x, y))))


def same(holds: Callable) -> Callable:
    """Whether a choice fell on this operand: as it is."""
    return lambda x, y, **_: Samples(holds(*level(x, y)))


def logic(f: Callable) -> Callable:
    return lambda *operands, **_: Samples(f(*level(*operands)))


def extreme(best: Callable, first: Callable) -> Callable:
    """max or min of two numbers, chosen as a comparison would choose, or along axes."""

    def rule(x, *others, axes=(), **_):
        if axes:
            return Samples(best.reduce(x.value, tuple(axis + 1 for axis in axes)))
        x, y = level(x, *others)
        if len(x) == len(y) == 1:
            return Samples(best(x, y))
        chosen = np.where(first(wide(x), wide(y)), x, y)
        return Samples(np.where(np.isfinite(x) & np.isfinite(y), chosen, best(x, y)))

    return rule


def clamp(low, x, high, **_):
    low, x, high = level(low, x, high)
    return Samples(np.clip(x, low, high))


def select(which, *cases):
    which, *values = level(which, *cases)
    if which.dtype.kind == "b" and len(values) == 2:
        return Samples(np.where(which, values[1], values[0]))
    count = max(map(len, (which, *values)))
    shape = (count, *cases[0].shape)
    return Samples(np.choose(np.broadcast_to(which, shape).astype(int), values))


UNROUNDED = {name: move(name) for name in MOVES if name != "convert_element_type"} | {
    "lt": compare(np.less),
    "gt": compare(np.greater),
    "le": compare(np.less_equal),
    "ge": compare(np.greater_equal),
    "eq": same(np.equal),
    "ne": same(np.not_equal),
    "and": logic(np.logical_and),
    "or": logic(np.logical_or),
    "not": logic(np.logical_not),
    "is_finite": lambda x, **_: Samples(np.isfinite(x.value)),
    "neg": lambda x, **_: Samples(-x.value),
    "abs": lambda x, **_: Samples(np.abs(x.value)),
    "sign": lambda x, **_: Samples(np.sign(wide(x.value))),
    "max": extreme(np.maximum, np.greater_equal),
    "min": extreme(np.minimum, np.less_equal),
    "reduce_max": extreme(np.maximum, np.greater_equal),
    "reduce_min": extreme(np.minimum, np.less_equal),
    "clamp": clamp,
    "stop_gradient": lambda x, **_: x,
    "select_n": select,
}
