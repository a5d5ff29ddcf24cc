"""Numbers drawn several times, as random rounding leaves them: how they move and compare.

A number is its undisturbed value and its draws along a leading axis, in float64; without draws it
is exact.  A comparison is decided per draw, with deviations WIDE times as large: a turn that one
implementation in a thousand takes must be seen among few.  A program of a format has numbers of
that format alone: its sum may be 1 where no draw is, so that |s - 1| < 1e-6 may hold.  Where
rounding reaches a comparison and no draw came to its other side, every other draw is put there.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..vocabulary import Undecided
from .any_order import Terms, opposite
from .arrays import MOVES, moved
from .bounded import decided, pick_case
from .elementary import JUMPS

WIDE = 4.0  # deviations in comparisons, over what they are


class Samples:
    """An array, and what became of it in each draw: `draws` has one more axis, in front.

    `parts`: what was added up one by one for it, see any_order.py; None elsewhere.
    """

    __slots__ = ("draws", "parts", "value")

    def __init__(self, value, draws=None, parts: Terms | None = None):
        self.value, self.draws, self.parts = np.asarray(value), draws, parts

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    exact = property(lambda self: self.draws is None)

    @property
    def rows(self):
        """The draws, or the one row that stands for all of them."""
        return self.value[None] if self.draws is None else self.draws


class Gate(Samples):
    """What is true or false, and which of them is not sure: a comparison within rounding."""

    __slots__ = ()


def decide(predicate):
    if not isinstance(predicate, Samples):
        return decided(predicate)
    if (predicate.rows != predicate.value[None]).any():
        raise Undecided("a comparison within rounding steers a branch or a loop")
    return decided(predicate.value)


def sampled(x) -> Samples:
    return x if isinstance(x, Samples) else Samples(x)


def level(*operands: Samples) -> list:
    """The rows of operands, at one rank: scalars stretch, as in a jaxpr."""
    rank = max(x.ndim for x in operands)
    return [x.rows.reshape((-1, *(1,) * rank)) if x.ndim < rank else x.rows for x in operands]


def apply(f: Callable, *operands, of_rows: Callable | None = None) -> Samples:
    """f of the values, and of every draw where there are draws."""
    operands = tuple(map(sampled, operands))
    value = f(*(x.value for x in operands))
    if all(x.exact for x in operands):
        return Samples(value)
    return Samples(value, (of_rows or f)(*level(*operands)))


def move(name: str) -> Callable:
    """Positions pick from values and draws alike."""

    def rule(*operands, **params):
        kind = Gate if any(isinstance(x, Gate) for x in operands) else Samples
        if name in UNDER_DRAWS:
            (x,) = operands
            if x.draws is None:
                return kind(MOVES[name](x.value, **params))
            shifted = UNDER_DRAWS[name](len(x.draws), **params)
            return kind(MOVES[name](x.value, **params), MOVES[name](x.draws, **shifted))
        numbers, places = moved(name, operands, params)
        numbers = list(map(sampled, numbers))  # constants among predicates
        flat = [x.value.ravel() for x in numbers]
        value = (flat[0] if len(flat) == 1 else np.concatenate(flat))[places]
        if all(x.exact for x in numbers):
            return kind(value)
        count = max(len(x.rows) for x in numbers)
        pools = [
            np.broadcast_to(x.rows.reshape(len(x.rows), x.size), (count, x.size)) for x in numbers
        ]
        pool = pools[0] if len(pools) == 1 else np.concatenate(pools, axis=1)
        return kind(value, pool[:, places])

    return rule


def _next(axes) -> tuple[int, ...]:
    return tuple(int(axis) + 1 for axis in axes)


# What only moves entries of one operand: the same with one more axis in front.
UNDER_DRAWS: dict[str, Callable] = {
    "squeeze": lambda count, dimensions, **_: {"dimensions": _next(dimensions)},
    "transpose": lambda count, permutation, **_: {"permutation": (0, *_next(permutation))},
    "rev": lambda count, dimensions, **_: {"dimensions": _next(dimensions)},
    "broadcast_in_dim": lambda count, shape, broadcast_dimensions, **_: {
        "shape": (count, *shape),
        "broadcast_dimensions": (0, *_next(broadcast_dimensions)),
    },
    "slice": lambda count, start_indices, limit_indices, strides, **_: {
        "start_indices": (0, *start_indices),
        "limit_indices": (count, *limit_indices),
        "strides": strides and (1, *strides),
    },
}


def wide(x: Samples) -> Samples:
    """What is infinite in all draws stays so."""
    if x.draws is None:
        return x
    apart = np.where(x.draws == x.value, 0.0, x.draws - x.value)
    return Samples(x.value, x.value + WIDE * apart)


def compare(holds: Callable) -> Callable:
    def rule(x, y, **_):
        found = apply(holds, wide(x), wide(y))
        return found if found.exact else _turned(Gate(found.value, found.draws), _reached(x, y))

    return rule


def equal(holds: Callable) -> Callable:
    """Draws are looked at as they are: whether a choice fell on this operand."""

    def rule(x, y, **_):
        if sampled(x).value.dtype.kind != "f":
            return both(holds)(x, y)
        found = apply(holds, x, y)
        if found.exact:
            return found
        turns = (found.rows != found.value).sum(axis=0)
        reached = _reached(x, y) & ((turns == 0) | (turns == len(found.rows)))
        return _turned(Gate(found.value, found.draws), reached) if reached.any() else found

    return rule


def _reached(x, y) -> Any:
    """Whether the difference is one that rounding may make."""
    difference = apply(np.subtract, x, y)
    if difference.exact:
        return np.False_
    reach = WIDE * abs(difference.draws - difference.value).max(axis=0)
    return (abs(difference.value) <= reach) & (reach > 0.0)


def _agreed(found: Samples) -> Any:
    return (found.rows == found.value).all(axis=0)


def _turned(found: Gate, reached: Any) -> Gate:
    """Every other draw on the other side, where all are on one, and rounding reaches it."""
    unseen = _agreed(found) & reached
    if not unseen.any():
        return found
    draws = np.array(np.broadcast_to(found.rows, (len(found.rows), *found.shape)))
    draws[::2] ^= unseen
    return Gate(found.value, draws)


def both(f: Callable) -> Callable:
    """and, or: of two gates that draws do not turn at once a program may."""

    def rule(*operands, **_):
        found = apply(f, *operands)
        gates = [x for x in operands if isinstance(x, Gate)]
        if not gates or found.exact:
            return found
        reached = ~(_agreed(gates[0]) | _agreed(gates[-1])) if len(gates) > 1 else np.False_
        return _turned(Gate(found.value, found.draws), reached)

    return rule


def opposite_of(x, **_):
    found = apply(operator.invert, x)
    return Gate(found.value, found.draws) if isinstance(x, Gate) else found


def rule_of(f: Callable) -> Callable:
    """A rule that looks at draws as they are."""
    return lambda *operands, **_: apply(f, *operands)


def negated(x: Samples) -> Samples:
    draws = None if x.draws is None else -x.draws
    return Samples(-x.value, draws, x.parts and opposite(x.parts))


def extreme(best: np.ufunc, first: Callable) -> Callable:
    """max or min of two numbers, chosen as a comparison would choose, or along axes."""

    def rule(x, *others, axes=(), **_):
        if axes:
            of_rows = lambda rows: best.reduce(rows, tuple(axis + 1 for axis in axes))
            return apply(lambda v: best.reduce(v, tuple(axes)), x, of_rows=of_rows)
        (y,) = others
        out = apply(best, x, y)
        if out.exact:
            return out
        (a, b), (far_a, far_b) = level(x, y), level(wide(x), wide(y))
        chosen = np.where(first(far_a, far_b), a, b)
        return Samples(out.value, np.where(np.isfinite(a) & np.isfinite(b), chosen, out.draws))

    return rule


def jump(f: Callable) -> Callable:
    """A function that is constant between jumps: a draw may come to the other side of one."""
    return lambda x, **how: apply(lambda v: f(np, v, **how), wide(x))


def whole(x: Samples, new_dtype):
    """Booleans that become integers, which pick and count: all draws must agree."""
    if not x.exact and (x.draws != x.value[None]).any():
        raise Undecided("a comparison within rounding steers a branch, or an index")
    return x.value.astype(new_dtype)


def select(which, *cases, coarser: float = 1.0):
    """A gate that a draw turned moves the result by all that the cases are apart: where draws are
    `coarser` than the format, and their deviations divided by that, it is so many times as much."""
    out = apply(lambda index, *parts: pick_case(index, list(parts)), which, *cases)
    if coarser == 1.0 or not isinstance(which, Gate) or out.value.dtype.kind != "f":
        return out
    turned = np.broadcast_to(which.rows != which.value, (len(which.rows), *which.shape))
    turned = turned.reshape(-1, *(1,) * out.ndim) if which.ndim < out.ndim else turned
    moved = out.value + coarser * (out.rows - out.value)
    return Samples(out.value, np.where(turned, moved, out.rows))


UNROUNDED = (
    {name: move(name) for name in MOVES if name != "convert_element_type"}
    | {
        "lt": compare(operator.lt),
        "gt": compare(operator.gt),
        "le": compare(operator.le),
        "ge": compare(operator.ge),
        "eq": equal(operator.eq),
        "ne": equal(operator.ne),
        "and": both(operator.and_),
        "or": both(operator.or_),
        "not": opposite_of,
        "is_finite": rule_of(np.isfinite),
        "neg": lambda x, **_: negated(x),
        "abs": rule_of(operator.abs),
        "max": extreme(np.maximum, operator.ge),
        "min": extreme(np.minimum, operator.le),
        "reduce_max": extreme(np.maximum, operator.ge),
        "reduce_min": extreme(np.minimum, operator.le),
        "clamp": rule_of(lambda low, x, high: np.clip(x, low, high)),
        "stop_gradient": lambda x, **_: x,
        "select_n": select,
    }
    | {name: jump(f) for name, f in JUMPS.items()}
)
