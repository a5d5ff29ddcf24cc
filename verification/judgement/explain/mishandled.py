"""How what arrives at an arrow of the chain rule is mishandled: a bank of wrong pullbacks.

Each takes the operation, its operands and the cotangent that arrives, and gives what is handed
back in place of the right one.  They are rules of arithmetic, not of any function.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from ...arithmetic.arrays import moved
from ...arithmetic.linear import pull, values
from ...arithmetic.tape import Operation

Array = Any
CLIPS = (0.25, 0.5, 1.0)


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


def _always(a: Arrow) -> bool:
    return True


def _many(a: Arrow) -> bool:
    return a.out.ndim > 0 and a.out.shape[-1] > 1


def _rows(a: Arrow) -> bool:
    return a.out.ndim > 0 and a.out.shape[0] > 1


def _table(a: Arrow) -> bool:
    return a.out.ndim == 2 and min(a.out.shape) > 1


def _named(*names: str) -> Callable[[Arrow], bool]:
    return lambda a: a.op.name in names


def _alike(*names: str) -> Callable[[Arrow], bool]:
    """Two operands of the shape of the result."""
    same = lambda a: len(a.ins) == 2 and all(x.shape == a.out.shape for x in a.ins)
    return lambda a: a.op.name in names and same(a)


def _from_above(words: str, make: Callable[[Array], Array], where=_many, kind="edge") -> Rule:
    return Rule(f"what arrives there {words}", kind, where, lambda a: a.pull(make(a.d)))


def _without(d: Array, at: Any) -> Array:
    wrong = np.array(d)
    wrong[at] = 0.0
    return wrong


def _through(dtype: Any) -> Callable[[Array], Array]:
    return lambda d: np.asarray(d).astype(dtype).astype(np.float64)


ABOVE = (
    _from_above("is taken to be one", np.ones_like, _always),
    _from_above("is replaced by its mean", lambda d: np.full_like(d, d.mean())),
    _from_above("is replaced by its sign", np.sign, _always),
    _from_above("has lost its sign: its absolute value", np.abs),
    _from_above("is multiplied in twice: its square", np.square, _always),
    _from_above(
        "is the first example's, for all", lambda d: np.broadcast_to(d[:1], d.shape), _rows
    ),
    _from_above("lacks the last example", lambda d: _without(d, -1), _rows),
    _from_above("lacks the first example", lambda d: _without(d, 0), _rows),
    _from_above("lacks the last column", lambda d: _without(d, (..., -1))),
    _from_above("lacks the first column", lambda d: _without(d, (..., 0))),
    *(
        _from_above(f"is off by one along axis {axis}", lambda d, s=s, x=axis: np.roll(d, s, x), w)
        for axis, w in ((-1, _many), (0, _rows))
        for s in (1, -1)
    ),
    _from_above("runs backwards along the first axis", lambda d: np.flip(d, 0), _rows),
    _from_above("runs backwards along the last axis", lambda d: np.flip(d, -1)),
    _from_above("is read in column order", lambda d: d.T.reshape(d.shape), _table),
    *(
        _from_above(f"goes through {name}", _through(dtype), _always, "cast")
        for name, dtype in (
            ("bfloat16", ml_dtypes.bfloat16),
            ("float16", np.float16),
            ("float32", np.float32),
        )
    ),
    *(
        _from_above(f"is clipped to {c:g}", lambda d, c=c: np.clip(d, -c, c), _always)
        for c in CLIPS
    ),
)


# --- the two operands of one operation ---------------------------------------------------------


def _each(a: Arrow, *parts: Array) -> list:
    return list(parts)


PRODUCT, QUOTIENT, CHOICE = _alike("mul"), _alike("div"), _alike("max", "min")
LOCAL = (
    Rule(
        "the operands get each other's gradient",
        "edge",
        _alike("add", "sub", "mul", "div", "max", "min", "pow", "atan2"),
        lambda a: a.pull(a.d)[::-1],
    ),
    Rule(
        "each operand is multiplied by itself, not by the other",
        "edge",
        PRODUCT,
        lambda a: [a.d * a.ins[0], a.d * a.ins[1]],
    ),
    Rule("the product is taken for a sum", "edge", PRODUCT, lambda a: [a.d, a.d]),
    Rule(
        "both operands get the product of the cotangents",
        "edge",
        PRODUCT,
        lambda a: [a.d * a.d, a.d * a.d],
    ),
    *(
        Rule(f"the gradient of the {which} operand lacks {lacks}", "edge", where, make)
        for which, lacks, where, make in (
            ("first", "the other factor", PRODUCT, lambda a: [a.d, a.pull(a.d)[1]]),
            ("second", "the other factor", PRODUCT, lambda a: [a.pull(a.d)[0], a.d]),
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
        _named("max", "min"),
        lambda a: a.pull(a.d)[::-1],
    ),
    Rule(
        "the mask of the choice is forgotten: both get all",
        "slope",
        _named("max", "min", "select_n", "clamp", "abs"),
        lambda a: [a.d if x.shape == a.out.shape else None for x in a.ins],
    ),
    Rule(
        "both sides get half, as at a tie",
        "slope",
        _named("max", "min"),
        lambda a: [a.d / 2 if x.shape == a.out.shape else None for x in a.ins],
    ),
    Rule(
        "the mask is the wrong way round",
        "slope",
        lambda a: a.op.name == "select_n" and len(a.ins) == 3,
        lambda a: [None, *a.pull(a.d)[:0:-1]],
    ),
)


# --- sums, broadcasts, products of matrices, moves ---------------------------------------------


def _spread(a: Arrow) -> tuple[int, ...]:
    """The axes of a broadcast that hold one entry many times."""
    if a.op.name != "broadcast_in_dim":
        return ()
    kept = dict(zip(a.op.params["broadcast_dimensions"], a.ins[0].shape, strict=True))
    return tuple(k for k, n in enumerate(a.out.shape) if n > 1 and kept.get(k, 1) == 1)


def _gathered(a: Arrow) -> Array:
    """What arrives, the axes that were spread folded into the first."""
    axes = _spread(a)
    rest = [n for k, n in enumerate(a.d.shape) if k not in axes]
    return np.moveaxis(a.d, axes, range(len(axes))).reshape(-1, *rest)


def _of_spread(words: str, make: Callable[[Array], Array]) -> Rule:
    back = lambda a: [make(_gathered(a)).reshape(a.ins[0].shape), *[None] * (len(a.ins) - 1)]
    return Rule(words, "reduction", lambda a: bool(_spread(a)), back)


def _term(a: Arrow, at: int, gone: bool = False, whole: Array = None) -> list:
    """Only one term along the last axis summed over, or all but that."""
    whole = a.pull(a.d)[0] if whole is None else whole
    axis = a.op.params["axes"][-1]
    mask = (np.arange(whole.shape[axis]) == at % whole.shape[axis]) != gone
    return [whole * mask.reshape([-1 if k == axis else 1 for k in range(whole.ndim)])]


def _back(a: Arrow) -> Array:
    """What arrives at a reduction, laid out over all entries."""
    return np.broadcast_to(np.expand_dims(a.d, tuple(a.op.params["axes"])), a.ins[0].shape)


def _count(a: Arrow) -> int:
    return max(a.ins[0].size // max(a.out.size, 1), 1)


def _shape_is_wide(a: Arrow) -> bool:
    return a.op.name == "reshape" and a.ins[0].ndim + a.out.ndim > 2 and a.out.size > 1


SUM, MAX = _named("reduce_sum"), _named("reduce_max", "reduce_min", "argmax")
SUMS = (
    _of_spread("the sum over what was broadcast is its first term alone", lambda x: x[0]),
    _of_spread("the sum over what was broadcast is its last term alone", lambda x: x[-1]),
    _of_spread("the sum over what was broadcast lacks its last term", lambda x: x[:-1].sum(0)),
    _of_spread("the sum over what was broadcast lacks its first term", lambda x: x[1:].sum(0)),
    _of_spread("the largest stands for the sum over what was broadcast", lambda x: x.max(0)),
    _of_spread("sizes are summed over what was broadcast", lambda x: np.abs(x).sum(0)),
    Rule("only the first term of the sum gets a gradient", "reduction", SUM, lambda a: _term(a, 0)),
    Rule("only the last term of the sum gets a gradient", "reduction", SUM, lambda a: _term(a, -1)),
    Rule("the last term of the sum gets none", "reduction", SUM, lambda a: _term(a, -1, True)),
    Rule("the first term of the sum gets none", "reduction", SUM, lambda a: _term(a, 0, True)),
    Rule(
        "the maximum's gradient is shared out evenly",
        "reduction",
        MAX,
        lambda a: [_back(a) / _count(a)],
    ),
    Rule(
        "the maximum's gradient goes whole to every entry", "reduction", MAX, lambda a: [_back(a)]
    ),
    Rule(
        "the maximum's gradient goes to the first entry",
        "reduction",
        MAX,
        lambda a: _term(a, 0, whole=_back(a)),
    ),
    Rule(
        "the running sum is not reversed",
        "reduction",
        _named("cumsum"),
        lambda a: values(a.op, [a.d, *a.ins[1:]]),
    ),
)


def _matrices(a: Arrow) -> bool:
    return a.op.name == "dot_general" and a.out.ndim >= 2


def _rows_of(a: Arrow) -> bool:
    return _matrices(a) and a.out.ndim == a.ins[0].ndim and a.out.shape[0] == a.ins[0].shape[0] > 1


def _weights(words: str, make: Callable[[Arrow], list], where=_rows_of) -> Rule:
    """The second operand's gradient from other rows, or from another first operand."""
    return Rule(
        f"the gradient of the second factor {words}",
        "reduction",
        where,
        lambda a: [a.pull(a.d)[0], make(a)[1]],
    )


def _moved(name: str) -> Callable[[Arrow], bool]:
    return lambda a: a.op.name == name and bool(a.ins[0].ndim)


def _one(x: Array, a: Arrow) -> list:
    return [x, *[None] * (len(a.ins) - 1)]


def _often(a: Arrow) -> list:
    used = a.pull(np.ones_like(a.d))[0]
    return _one(a.pull(a.d)[0] / np.maximum(used, 1.0), a)


def _written(a: Arrow, last: bool) -> list:
    """The gradient of rows looked up by their numbers, where one write overwrites another."""
    _, positions = moved(a.op.name, a.ins, a.op.params)
    order = slice(None) if last else slice(None, None, -1)
    pool = np.zeros(a.ins[0].size)
    pool[positions.ravel()[order]] = a.d.ravel()[order]
    return _one(pool.reshape(a.ins[0].shape), a)


MOVES = (
    _weights(
        "pairs the rows off by one", lambda a: a.pull(a.d, [np.roll(a.ins[0], 1, 0), a.ins[1]])
    ),
    _weights("is that of the first row alone", lambda a: a.pull(_without(a.d, slice(1, None)))),
    _weights("lacks the last row", lambda a: a.pull(_without(a.d, -1))),
    _weights("has ones for the first factor", lambda a: a.pull(a.d, [0 * a.ins[0] + 1, a.ins[1]])),
    Rule(
        "the signs of the second factor are lost in the gradient of the first",
        "edge",
        _matrices,
        lambda a: [a.pull(a.d, [a.ins[0], np.abs(a.ins[1])])[0], a.pull(a.d)[1]],
    ),
    Rule(
        "it is reshaped back in column order",
        "reordered",
        _shape_is_wide,
        lambda a: [np.reshape(a.d, a.ins[0].shape, order="F")],
    ),
    Rule(
        "it is not transposed back",
        "transposed",
        lambda a: a.op.name == "transpose" and a.ins[0].shape == a.out.shape,
        lambda a: [a.d],
    ),
    *(
        Rule(
            f"rows looked up more than once keep the {which} alone: written over, not added up",
            "reduction",
            _moved("gather"),
            lambda a, last=last: _written(a, last),
        )
        for which, last in (("last", True), ("first", False))
    ),
    Rule("rows looked up n times get the mean of n", "reduction", _moved("gather"), _often),
    *(
        Rule(
            f"it lands one place further along axis {axis}",
            "shifted",
            _named("gather", "slice", "dynamic_slice"),
            lambda a, x=axis: _one(np.roll(a.pull(a.d)[0], 1, x), a),
        )
        for axis in (0, -1)
    ),
    Rule(
        "the first two parts get each other's gradient",
        "swapped",
        lambda a: a.op.name == "concatenate" and a.ins[0].shape == a.ins[1].shape,
        lambda a: [a.pull(a.d)[1], a.pull(a.d)[0], *a.pull(a.d)[2:]],
    ),
)
RULES: tuple[Rule, ...] = (*ABOVE, *LOCAL, *SUMS, *MOVES)
PASSED = ("enter", "copy", "convert_element_type", "row", "rows", "squeeze", "stop_gradient")
