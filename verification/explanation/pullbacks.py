"""A bank of wrong pullbacks: ways to go wrong at one arrow of the chain rule.

Each takes the operation, its operands and the cotangent that arrives, and gives what is handed
back in place of the right one.  They are rules of arithmetic, not of any function.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from ..arithmetic.float_rules import fitted
from ..arithmetic.linear import pull, values
from ..arithmetic.tape import Operation

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


# --- what arrives from above is lost, averaged, shifted, rounded, or of the wrong sign ------------


CLIPS = (0.25, 0.5, 1.0)


def _from_above(words: str, make: Callable[[Array], Array], where=many, kind="edge") -> Rule:
    return Rule(f"what arrives there {words}", kind, where, lambda a: a.pull(make(a.d)))


def _through(dtype: Any) -> Callable[[Array], Array]:
    return lambda d: np.asarray(d).astype(dtype).astype(np.float64)


ABOVE = (
    _from_above("is taken to be one", np.ones_like, always),
    _from_above("is replaced by its mean", lambda d: np.full_like(d, d.mean())),
    _from_above("is replaced by its sign", np.sign, always),
    _from_above("has lost its sign: its absolute value", np.abs),
    _from_above("is multiplied in twice: its square", np.square, always),
    _from_above("is the first example's, for all", lambda d: np.broadcast_to(d[:1], d.shape), rows),
    _from_above("lacks the last example", lambda d: without(d, -1), rows),
    _from_above("lacks the first example", lambda d: without(d, 0), rows),
    _from_above("lacks the last column", lambda d: without(d, (..., -1))),
    _from_above("lacks the first column", lambda d: without(d, (..., 0))),
    *(
        _from_above(f"is off by one along axis {axis}", lambda d, s=s, x=axis: np.roll(d, s, x), w)
        for axis, w in ((-1, many), (0, rows))
        for s in (1, -1)
    ),
    _from_above("runs backwards along the first axis", lambda d: np.flip(d, 0), rows),
    _from_above("runs backwards along the last axis", lambda d: np.flip(d, -1)),
    _from_above("is read in column order", lambda d: d.T.reshape(d.shape), table),
    *(
        _from_above(f"goes through {name}", _through(dtype), always, "cast")
        for name, dtype in (
            ("bfloat16", ml_dtypes.bfloat16),
            ("float16", np.float16),
            ("float32", np.float32),
        )
    ),
    *(_from_above(f"is clipped to {c:g}", lambda d, c=c: np.clip(d, -c, c), always) for c in CLIPS),
)


# --- two operands: one forgotten, both confused, a rule half done ---------------------------------


def _bare(a: Arrow, k: int) -> list:
    """What arrives is handed on as it is to operand k, summed over what was broadcast."""
    right = a.pull(a.d)
    return [fitted(a.d, x.shape) if i == k else right[i] for i, x in enumerate(a.ins)]


PRODUCT, QUOTIENT = alike("mul"), alike("div")
LOCAL = (
    Rule(
        "the operands get each other's gradient",
        "edge",
        alike("add", "sub", "mul", "div", "max", "min", "pow", "atan2"),
        lambda a: a.pull(a.d)[::-1],
    ),
    Rule(
        "each operand is multiplied by itself, not by the other",
        "edge",
        named("mul"),
        lambda a: [fitted(a.d * x, x.shape) for x in a.ins],
    ),
    Rule(
        "the product is taken for a sum",
        "edge",
        named("mul"),
        lambda a: [fitted(a.d, x.shape) for x in a.ins],
    ),
    Rule(
        "both operands get the product of the cotangents",
        "edge",
        PRODUCT,
        lambda a: [a.d * a.d, a.d * a.d],
    ),
    *(
        Rule(f"the gradient of the {which} operand lacks {lacks}", "edge", where, make)
        for which, lacks, where, make in (
            ("first", "the other factor", named("mul"), lambda a: _bare(a, 0)),
            ("second", "the other factor", named("mul"), lambda a: _bare(a, 1)),
        )
    ),
    Rule(
        "the division is left out",
        "edge",
        lambda a: a.op.name == "div" and a.ins[0].shape == a.out.shape,
        lambda a: [a.d, *a.pull(a.d)[1:]],
    ),
    Rule(
        "it multiplies by the divisor where it should divide",
        "edge",
        lambda a: a.op.name == "div" and a.ins[0].shape == a.out.shape,
        lambda a: [a.d * a.ins[1], *a.pull(a.d)[1:]],
    ),
    Rule(
        "the denominator of the quotient rule is not squared",
        "edge",
        QUOTIENT,
        lambda a: [a.d / a.ins[1], -a.d * a.ins[0] / a.ins[1]],
    ),
    Rule(
        "the numerator of the quotient rule is left out",
        "edge",
        QUOTIENT,
        lambda a: [a.d / a.ins[1], -a.d / a.ins[1] ** 2],
    ),
    Rule(
        "the gradient goes to the smaller one (the wrong one)",
        "edge",
        named("max", "min"),
        lambda a: a.pull(a.d)[::-1],
    ),
    Rule(
        "the mask of the choice is forgotten: both get all",
        "slope",
        named("max", "min", "select_n", "clamp", "abs"),
        lambda a: [a.d if x.shape == a.out.shape else None for x in a.ins],
    ),
    Rule(
        "both sides get half, as at a tie",
        "slope",
        named("max", "min"),
        lambda a: [a.d / 2 if x.shape == a.out.shape else None for x in a.ins],
    ),
    Rule(
        "the mask is the wrong way round",
        "slope",
        lambda a: a.op.name == "select_n" and len(a.ins) == 3,
        lambda a: [None, *a.pull(a.d)[:0:-1]],
    ),
)
