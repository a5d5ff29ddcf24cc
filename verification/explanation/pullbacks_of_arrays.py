"""Wrong pullbacks of broadcasts, sums, matrix products, and moves of entries."""

from collections.abc import Callable

import numpy as np

from ..arithmetic.arrays import moved
from ..arithmetic.float_rules import SLOPES
from ..arithmetic.linear import values
from .pullbacks import Array, Arrow, Rule, named, without


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


def _of_spread(words: str, make: Callable[[Array], Array], kind: str = "reduction") -> list[Rule]:
    """Of a broadcast, and of each operand that an elementwise operation repeats by itself."""
    back = lambda a: [make(_gathered(a)).reshape(a.ins[0].shape), *[None] * (len(a.ins) - 1)]
    return [
        Rule(words, kind, lambda a: bool(_spread(a)), back),
        *(
            Rule(
                f"{words}, in its {which} operand",
                kind,
                lambda a, k=k: bool(_repeated(a, k)),
                lambda a, k=k: _made(a, k, make),
            )
            for k, which in enumerate(("first", "second"))
        ),
    ]


def _repeated(a: Arrow, k: int) -> tuple[int, ...]:
    """The axes along which an elementwise operation repeats operand k."""
    if a.op.name not in SLOPES or len(a.ins) != 2 or a.ins[k].ndim != a.out.ndim:
        return ()
    pairs = zip(a.ins[k].shape, a.out.shape, strict=True)
    return tuple(axis for axis, (mine, n) in enumerate(pairs) if mine == 1 < n)


def _made(a: Arrow, k: int, make: Callable[[Array], Array]) -> list:
    """The right cotangents, but for operand k what is made of its terms before they are summed."""
    axes = _repeated(a, k)
    whole = [np.broadcast_to(x, a.out.shape) for x in a.ins]
    terms = np.moveaxis(np.asarray(a.pull(a.d, whole)[k]), axes, range(len(axes)))
    folded = terms.reshape(-1, *terms.shape[len(axes) :])
    right = a.pull(a.d)
    return [make(folded).reshape(x.shape) if i == k else right[i] for i, x in enumerate(a.ins)]


def _other_axis(x: Array) -> Array:
    """Raises ValueError where the shape does not have this mistake."""
    if x.ndim != 2 or x.shape[0] != x.shape[1]:
        raise ValueError("no square")
    return x.sum(1)


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


SUM, MAX = named("reduce_sum"), named("reduce_max", "reduce_min", "argmax")
SUMS = (
    *_of_spread("the sum over what was broadcast is its first term alone", lambda x: x[0]),
    *_of_spread("the sum over what was broadcast is its last term alone", lambda x: x[-1]),
    *_of_spread("the sum over what was broadcast lacks its last term", lambda x: x[:-1].sum(0)),
    *_of_spread("the sum over what was broadcast lacks its first term", lambda x: x[1:].sum(0)),
    *_of_spread("the sum over what was broadcast runs over the other axis", _other_axis, "axis"),
    *_of_spread("the largest stands for the sum over what was broadcast", lambda x: x.max(0)),
    *_of_spread("sizes are summed over what was broadcast", lambda x: np.abs(x).sum(0)),
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
        named("cumsum"),
        lambda a: values(a.op, [a.d, *a.ins[1:]]),
    ),
)


# --- products of matrices, and moves of entries -------------


def _shape_is_wide(a: Arrow) -> bool:
    return a.op.name == "reshape" and a.ins[0].ndim + a.out.ndim > 2 and a.out.size > 1


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


def _written_along(a: Arrow, axis: int) -> list:
    """The gradient of rows looked up: added up along one axis of the indices, else written over."""
    _, positions = moved(a.op.name, a.ins, a.op.params)
    pool = np.zeros(a.ins[0].size)
    pairs = zip(np.moveaxis(positions, axis, 0), np.moveaxis(a.d, axis, 0), strict=True)
    for at, d in pairs:
        once, last = np.unique(at.ravel()[::-1], return_index=True)
        pool[once] += d.ravel()[::-1][last]
    return _one(pool.reshape(a.ins[0].shape), a)


MOVES = (
    _weights(
        "pairs the rows off by one", lambda a: a.pull(a.d, [np.roll(a.ins[0], 1, 0), a.ins[1]])
    ),
    _weights("is that of the first row alone", lambda a: a.pull(without(a.d, slice(1, None)))),
    _weights("lacks the last row", lambda a: a.pull(without(a.d, -1))),
    _weights("has ones for the first factor", lambda a: a.pull(a.d, [0 * a.ins[0] + 1, a.ins[1]])),
    Rule(
        "the signs of the second factor are lost in the gradient of the first",
        "edge",
        _matrices,
        lambda a: [a.pull(a.d, [a.ins[0], np.abs(a.ins[1])])[0], a.pull(a.d)[1]],
    ),
    *(
        Rule(
            f"what arrives there is transposed in the gradient of the {which} factor",
            "transposed",
            lambda a: _matrices(a) and a.out.ndim == 2 and a.out.shape[0] == a.out.shape[1],
            lambda a, k=k: [a.pull(a.d.T if i == k else a.d)[i] for i in (0, 1)],
        )
        for k, which in enumerate(("first", "second"))
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
    *(
        Rule(
            f"rows looked up more than once at one place along axis {axis} of the indices keep the "
            "last alone there: written over, not added up",
            "reduction",
            lambda a: a.op.name == "gather" and a.out.ndim >= 2,
            lambda a, axis=axis: _written_along(a, axis),
        )
        for axis in (0, 1)
    ),
    Rule("rows looked up n times get the mean of n", "reduction", _moved("gather"), _often),
    *(
        Rule(
            f"it lands one place further along axis {axis}",
            "shifted",
            named("gather", "slice", "dynamic_slice"),
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
