"""A softmax is no elementwise function: what people take its slope to be, entry by entry."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import against, swept
from ..arithmetic.tape import Key, Operation, Tape, maker
from ..vocabulary import Explanation
from .bank import Slope
from .problem import Problem
from .slopes import said_of
from .units import At

PASSED = ("broadcast_in_dim", "reshape", "enter", "copy", "squeeze", "max")
BANK = (
    Slope(
        "a (1 - a), its diagonal alone: the other entries are left out", lambda z, a: a * (1 - a)
    ),
    Slope("a, without what the sum takes back", lambda z, a: a),
    Slope("1", lambda z, a: np.ones_like(a)),
    Slope("a^2", lambda z, a: a * a),
    Slope("1 - a", lambda z, a: 1 - a),
)


class Softmax(NamedTuple):
    """What goes in, what comes out, and the division at its end."""

    enters: int
    leaves: int
    operation: Operation


def softmax_alone(problems: Sequence[Problem]) -> list[Explanation]:
    """The slopes that fit."""
    p = problems[0]
    size = float(np.sqrt(p.target @ p.target))
    guesses = sorted(_guesses(p, size), key=lambda g: g[0])[:3] if size else []
    found = ((_residual(problems, key, slope), key, slope) for _, key, slope in guesses)
    for residual, key, slope in found:
        if residual <= 1.0:
            one = next(s for s in softmaxes(p.tape) if s.operation.key == key)
            at = At(one.enters, one.leaves, np.ones(()), one.operation)
            return [said_of(problems, at, slope.formula, residual, ", a softmax")]
    return []


def softmaxes(tape: Tape) -> Iterator[Softmax]:
    """Divisions of an exponential by the sum of its own entries."""
    source = partial(maker, tape, through=PASSED)
    for op in tape.operations:
        if op.name != "div" or not tape.moving[op.outs[0]]:
            continue
        top, below = source(op.ins[0]), source(op.ins[1])
        if top is None or below is None or top.name != "exp" or below.name != "reduce_sum":
            continue
        if source(below.ins[0]) is top:
            inner = maker(tape, top.ins[0], ())
            shifted = inner is not None and inner.name == "sub" and _alike(tape, inner)
            enters = inner.ins[0] if inner is not None and shifted else top.ins[0]
            yield Softmax(enters, op.outs[0], op)


def _alike(tape: Tape, op: Operation) -> bool:
    return tape.numbers[op.ins[0]].shape == tape.numbers[op.outs[0]].shape


def _guesses(p: Problem, size: float) -> Iterator[tuple[float, Key, Slope]]:
    for one in softmaxes(p.tape):
        above, out = p.right.reached.get(one.leaves), p.speeds.get(one.leaves)
        rate = p.speeds.get(one.enters)
        if above is None or out is None or rate is None:
            continue
        for slope in BANK:
            wrong = against(rate, _slope(p, one, slope) * above)
            rest = p.target - wrong + against(out, above)
            yield float(np.sqrt(rest @ rest)) / size, one.operation.key, slope


def _slope(p: Problem, one: Softmax, slope: Slope) -> np.ndarray:
    return slope.of(p.tape.numbers[one.enters], p.tape.numbers[one.leaves])


def _residual(problems: Sequence[Problem], key: Key, slope: Slope) -> float:
    worst = 0.0
    for p in problems:
        mine = [s for s in softmaxes(p.tape) if s.operation.key == key]
        instead = {s.leaves: (s.enters, _slope(p, s, slope)) for s in mine}
        worst = max(worst, p.residual(swept(p.tape, instead=instead).gradient))
        if not worst <= 1.0:
            break
    return worst
