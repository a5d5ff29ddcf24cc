"""A number that the way back uses is not the forward's: epsilon outside the root, n - 1 for n.

The chain rule is right otherwise, with slopes taken at these numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.tape import Key, Operation, Tape, computed, maker
from ..vocabulary import Explanation
from .other_runs import Other, other_runs
from .places import place_of
from .problem import Problem
from .terms import SYMBOLS

PASSED = ("copy", "convert_element_type", "broadcast_in_dim", "reshape", "squeeze", "enter")
ROOTS = ("sqrt", "rsqrt")


Made = tuple[Operation, list]


class Value(NamedTuple):
    """make(tape, operation) is what stands in its place, and the values of that."""

    words: str
    remedy: str
    make: Callable[[Tape, Operation], Made]


def other_value(problems: Sequence[Problem]) -> list[Explanation]:
    """The values that fit, each at its place."""
    return other_runs(problems, _candidates(problems[0]))


def _candidates(p: Problem) -> Iterator[Other]:
    keys: set[Key] = set()
    for op in p.tape.operations:
        if op.key not in keys and len(op.outs) == 1 and p.tape.moving[op.outs[0]]:
            keys.add(op.key)
            for value in _values(p.tape, op):
                yield Other(lambda q, key=op.key, v=value: _tape(q, key, v), _said(op, value))


def _tape(p: Problem, key: Key, value: Value) -> Tape:
    here = lambda op: op.key == key and op.name != "enter"
    return p.recorded(altered=lambda tape, op: value.make(tape, op) if here(op) else None)


def _values(tape: Tape, op: Operation) -> Iterator[Value]:
    """The wrong values that the operation may have."""
    shifted = _shifted(tape, op)
    if shifted is not None:
        words = f"the constant {shifted[1]:.6g} is added outside of the root"
        yield Value(words, "add it inside", _outside)
    k = _constant(tape, op)
    if k is None:
        return
    c = _number(tape, op.ins[k])
    if op.name in ("add", "sub") and c != 0.0:
        yield Value(f"the constant {c:.6g} is left out", "keep it", _constant_of(lambda c: 0.0))
    if op.name in ("mul", "div") and c not in (0.0, 1.0):
        words = f"the factor {c:.6g} of the forward is left out"
        yield Value(words, "keep it", _constant_of(lambda c: 1.0))
    if op.name == "div" and c == np.round(c) and c > 1.0:
        one_less = _constant_of(lambda c: c - 1.0)
        yield Value(f"n - 1 stands for n = {c:.0f}", f"divide by {c:.0f}", one_less)


def _outside(tape: Tape, op: Operation) -> Made:
    """sqrt(y) + c where the forward has sqrt(y + c); 1 over it where it has that."""
    shifted = _shifted(tape, op)
    if shifted is None:
        raise KeyError(op.key)
    y, c = shifted
    root = np.sqrt(y) + c
    wrong = root if op.name == "sqrt" else 1.0 / root
    return op, [np.broadcast_to(wrong, tape.numbers[op.ins[0]].shape)]


def _shifted(tape: Tape, op: Operation) -> tuple[np.ndarray, float] | None:
    """The y and the c of a root of y + c; None where there is none."""
    above = maker(tape, op.ins[0], PASSED) if op.name in ROOTS else None
    k = None if above is None or above.name != "add" else _constant(tape, above)
    if above is None or k is None or _number(tape, above.ins[k]) == 0.0:
        return None
    return tape.numbers[above.ins[1 - k]], _number(tape, above.ins[k])


def _constant_of(change: Callable[[float], float]) -> Callable[[Tape, Operation], Made]:
    """The operation with another constant, for its slope as well; who else reads it is spared."""

    def make(tape: Tape, op: Operation) -> Made:
        k = _constant(tape, op)
        if k is None:
            raise KeyError(op.key)
        number = op.ins[k]
        other = tape.put(np.full_like(tape.numbers[number], change(_number(tape, number))))
        changed = op._replace(ins=(*op.ins[:k], other, *op.ins[k + 1 :]))
        return changed, computed(tape, changed)

    return make


def _number(tape: Tape, number: int) -> float:
    """What all entries of a constant are."""
    return float(np.ravel(tape.numbers[number])[0])


def _constant(tape: Tape, op: Operation) -> int | None:
    """Which of two operands is one number that does not move."""
    if len(op.ins) != 2:
        return None
    alike = lambda x: x.size > 0 and x.dtype.kind == "f" and bool((x == np.ravel(x)[0]).all())
    still = [k for k in (1, 0) if not tape.moving[op.ins[k]] and alike(tape.numbers[op.ins[k]])]
    return still[0] if len(still) == 1 and tape.moving[op.ins[1 - still[0]]] else None


def _said(op: Operation, value: Value) -> Explanation:
    place = place_of(op.eqns)
    symbol = SYMBOLS.get(op.name, op.name)
    return Explanation(
        kind="value",
        term=f"the value of {place.said if place.expression else f'`{symbol}`'} on the way back",
        mistake=value.words,
        location=place.location,
        source=place.text,
        remedy=f"{value.remedy}, as the forward does",
    )
