"""A number that the way back uses is not the forward's: epsilon outside the root, n - 1 for n.

The chain rule is right otherwise, with slopes taken at these numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...arithmetic.linear import values
from ...arithmetic.tape import Key, Operation, Tape
from ...vocabulary import Explanation
from .other_runs import Other, other_runs
from .places import place_of
from .problem import Problem
from .terms import SYMBOLS

PASSED = ("copy", "convert_element_type", "broadcast_in_dim", "reshape", "squeeze", "enter")
ROOTS = ("sqrt", "rsqrt")


class Value(NamedTuple):
    """make(tape, operation) is what stands for the operation's own value."""

    words: str
    remedy: str
    make: Callable[[Tape, Operation], Any]


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
    def altered(tape: Tape, op: Operation) -> list | None:
        return [np.asarray(value.make(tape, op))] if op.key == key and op.name != "enter" else None

    return p.recorded(altered=altered)


def _values(tape: Tape, op: Operation) -> Iterator[Value]:
    """The wrong values that the operation may have."""
    if op.name in ROOTS and _shifted(tape, op) is not None:
        c = _number(_shifted(tape, op))
        yield Value(f"the constant {c} is added outside of the root", "add it inside", _outside)
    k = _constant(tape, op)
    if k is None:
        return
    c = float(np.ravel(tape.numbers[op.ins[k]])[0])
    if op.name in ("add", "sub") and c != 0.0:
        without = _with_constant(lambda c: 0.0)
        yield Value(f"the constant {_number(c)} is left out", "keep it", without)
    if op.name in ("mul", "div") and c not in (0.0, 1.0):
        once = _with_constant(lambda c: 1.0)
        yield Value(f"the factor {_number(c)} of the forward is left out", "keep it", once)
    if op.name == "div" and c == np.round(c) and c > 1.0:
        one_less = _with_constant(lambda c: c - 1.0)
        yield Value(f"n - 1 stands for n = {c:.0f}", f"divide by {c:.0f}", one_less)


def _outside(tape: Tape, op: Operation) -> Any:
    """sqrt(y) + c where the forward has sqrt(y + c); 1 over it where it has that."""
    above = _source(tape, op.ins[0])
    k = None if above is None else _constant(tape, above)
    if above is None or k is None:
        raise KeyError(op.key)
    c, y = tape.numbers[above.ins[k]], tape.numbers[above.ins[1 - k]]
    root = np.sqrt(y) + c
    return np.broadcast_to(root if op.name == "sqrt" else 1.0 / root, np.shape(_own(tape, op)))


def _shifted(tape: Tape, op: Operation) -> float | None:
    """The c of sqrt(y + c); None where there is none."""
    above = _source(tape, op.ins[0])
    k = None if above is None or above.name != "add" else _constant(tape, above)
    if above is None or k is None:
        return None
    return float(np.ravel(tape.numbers[above.ins[k]])[0]) or None


def _with_constant(change: Callable[[float], float]) -> Callable[[Tape, Operation], Any]:
    """The operation with its constant changed, for its slope as well."""

    def make(tape: Tape, op: Operation) -> Any:
        k = _constant(tape, op)
        if k is None:
            raise KeyError(op.key)
        mine = tape.numbers[op.ins[k]]
        tape.numbers[op.ins[k]] = np.full_like(mine, change(float(np.ravel(mine)[0])))
        return _own(tape, op)

    return make


def _own(tape: Tape, op: Operation) -> Any:
    return values(op, [tape.numbers[i] for i in op.ins])[0]


def _source(tape: Tape, number: int) -> Operation | None:
    """What made a number, through what only moves it.  The tape may still be being written."""
    for op in reversed(tape.operations):
        if number in op.outs:
            if op.name not in PASSED:
                return op
            number = op.ins[0]
    return None


def _constant(tape: Tape, op: Operation) -> int | None:
    """Which of two operands is one number that does not move."""
    if len(op.ins) != 2:
        return None
    alike = lambda x: x.size > 0 and x.dtype.kind == "f" and bool((x == np.ravel(x)[0]).all())
    still = [k for k in (1, 0) if not tape.moving[op.ins[k]] and alike(tape.numbers[op.ins[k]])]
    return still[0] if len(still) == 1 and tape.moving[op.ins[1 - still[0]]] else None


def _number(c: float | None) -> str:
    return f"{c:.6g}"


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
