"""Ties: where a program compares two numbers that are equal, or that balls cannot tell apart.

A tie is written as a difference of two numbers that is 0 at the point: x - y for a comparison and
for max and min, x for |x| and sign(x), x - n for floor, and so on.  Away from the point its sign
decides which way the program goes.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from flint import arb

from ..vocabulary import Undecided
from .arrays import each


class Tie(NamedTuple):
    """Entries of one operation that are tied: those at `left` with those at `right`."""

    name: str
    compares: bool  # a predicate or a step: nothing is known of the slope beside it
    left: np.ndarray
    right: np.ndarray

    def differences(self, values: list, params: Mapping) -> np.ndarray:
        left, right = PAIRS[self.name](values, params)
        return left[self.left] - right[self.right]


def _stretched(x, y) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.broadcast_arrays(np.asarray(x, object), np.asarray(y, object))
    return x.ravel(), y.ravel()


def _pair(values, _):
    return _stretched(*values)


def _with_zero(values, _):
    return _stretched(values[0], arb(0))


def _clamped(values, _):
    low, x, high = values
    pairs = _stretched(x, low), _stretched(high, x)
    return np.concatenate([pairs[0][0], pairs[1][0]]), np.concatenate([pairs[0][1], pairs[1][1]])


def _whole(values, _):
    """The nearest integer."""
    return _stretched(values[0], _near(lambda mid: (mid + 0.5).floor())(values[0]))


def _half(values, _):
    """The nearest half of an odd integer."""
    return _stretched(values[0], _near(lambda mid: mid.floor() + 0.5)(values[0]))


def _near(of_middle: Callable) -> Callable:
    return each(lambda v: of_middle(v.mid()) if isinstance(v, arb) else v)


def _converted(values, params):
    return _with_zero(values, params) if params["new_dtype"] == np.bool_ else _whole(values, params)


def _entries(values, _):
    flat = np.asarray(values[0], object).ravel()
    return flat, flat


COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
REDUCTIONS = ("reduce_max", "reduce_min")
PAIRS: dict[str, Callable] = (
    dict.fromkeys((*COMPARISONS, "max", "min"), _pair)
    | dict.fromkeys(("abs", "sign"), _with_zero)
    | dict.fromkeys(("floor", "ceil"), _whole)
    | dict.fromkeys(REDUCTIONS, _entries)
    | {"round": _half, "clamp": _clamped, "convert_element_type": _converted}
)
SHARED = ("max", "min", "abs", "clamp", *REDUCTIONS)  # their slopes at a tie are shares of [0, 1]


def _overlap(x, y) -> bool:
    return x is not y and isinstance(x, arb) and isinstance(y, arb) and x.overlaps(y)


_overlaps = np.frompyfunc(_overlap, 2, 1)


def tie(name: str, values: list, params: Mapping, out: Any) -> Tie | None:
    """What is tied in one operation; None where nothing is."""
    if name not in PAIRS or not all(np.asarray(v).size for v in values):
        return None
    if name == "convert_element_type" and jnp.issubdtype(params["new_dtype"], np.floating):
        return None
    if name in REDUCTIONS:
        left, right = _rivals(values[0], out, tuple(params["axes"]))
    else:
        pairs = PAIRS[name](values, params)
        left = right = np.flatnonzero(np.asarray(_overlaps(*pairs), bool))
    return Tie(name, name not in SHARED, left, right) if left.size else None


def _rivals(x, out, axes) -> tuple[np.ndarray, np.ndarray]:
    """Of every extreme that several entries share: the others, and the first."""
    best = np.broadcast_to(np.expand_dims(out, axes), x.shape)
    near = np.asarray(_overlaps(best, x), bool) | np.asarray(best == x, bool)
    kept = [i for i in range(x.ndim) if i not in axes]
    order = np.arange(x.size).reshape(x.shape).transpose([*kept, *axes])
    rows = order.reshape(-1, int(np.prod([x.shape[i] for i in axes], dtype=int)))
    near = near.ravel()[rows]
    first = near.argmax(axis=1)
    here = near.copy()
    here[np.arange(len(rows)), first] = False
    row, column = np.nonzero(here)
    return rows[row, column], rows[row, first[row]]


class Recorded:
    """Every tie of a run, by the number of the operation: what is watched during a sweep."""

    def __init__(self) -> None:
        self.ties: dict[int, Tie] = {}
        self.count = 0

    def __call__(self, name: str, values: list, params: Mapping, out: Any) -> None:
        self.count += 1
        if (found := tie(name, values, params, out)) is not None:
            self.ties[self.count] = found


class Followed:
    """The differences of ties that were recorded, in another run of the same program."""

    def __init__(self, ties: Mapping[int, Tie]) -> None:
        self.ties, self.count = ties, 0
        self.found: list[np.ndarray] = []

    def __call__(self, name: str, values: list, params: Mapping, out: Any) -> None:
        self.count += 1
        if (one := self.ties.get(self.count)) is None:
            return
        if one.name != name:
            raise Undecided("the program takes another way on every side of a tie")
        self.found.append(one.differences(values, params))

    def rows(self) -> np.ndarray:
        """All differences, laid end to end.  Raises Undecided where some were not met."""
        if len(self.found) != len(self.ties):
            raise Undecided("the program takes another way on every side of a tie")
        return np.concatenate(self.found) if self.found else np.zeros(0, object)
