"""One arrow on the way back, and a rule that hands back something else there."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...arithmetic.linear import pull, values
from ...arithmetic.tape import Operation

Array = Any


class Arrow(NamedTuple):
    """One operation on the way back."""

    op: Operation
    ins: list[Array]
    out: Array
    d: Array  # the cotangent that arrives

    def pull(self, d: Array, at: list[Array] | None = None) -> list:
        """The right cotangents of the operands; at other operands, where `at` is given."""
        out = self.out if at is None else values(self.op, at)[0]
        return pull(self.op, self.ins if at is None else at, [out], [d])


class Rule(NamedTuple):
    """`make(arrow)` is handed back where `where(arrow)` holds."""

    words: str
    kind: str
    where: Callable[[Arrow], bool]
    make: Callable[[Arrow], list]


def always(a: Arrow) -> bool:
    return True


def many(a: Arrow) -> bool:
    return a.out.ndim > 0 and a.out.shape[-1] > 1


def rows(a: Arrow) -> bool:
    return a.out.ndim > 0 and a.out.shape[0] > 1


def table(a: Arrow) -> bool:
    return a.out.ndim == 2 and min(a.out.shape) > 1


def named(*names: str) -> Callable[[Arrow], bool]:
    return lambda a: a.op.name in names


def alike(*names: str) -> Callable[[Arrow], bool]:
    """Two operands of the shape of the result."""
    same = lambda a: len(a.ins) == 2 and all(x.shape == a.out.shape for x in a.ins)
    return lambda a: a.op.name in names and same(a)


def without(d: Array, at: Any) -> Array:
    wrong = np.array(d)
    wrong[at] = 0.0
    return wrong
