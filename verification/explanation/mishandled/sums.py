"""Broadcasts, pulled back by sums; sums and maxima, pulled back by broadcasts."""

from collections.abc import Callable

import numpy as np

from ...arithmetic.linear import values
from .arrow import Array, Arrow, Rule, named


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


SUM, MAX = named("reduce_sum"), named("reduce_max", "reduce_min", "argmax")
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
        named("cumsum"),
        lambda a: values(a.op, [a.d, *a.ins[1:]]),
    ),
)
