"""Elementwise units: where one number is a function of another, entry by entry.

A unit may be one primitive, the body of a jit or custom_jvp (silu, gelu, softplus), or a formula
written out over several lines; its slope is the product of those along the way, over all ways.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..arithmetic.float_rules import SLOPES
from ..arithmetic.linear import values
from ..arithmetic.tape import Key, Operation, Tape

REMEMBERED = 3  # roots of a number: the nearest, and the farthest
PASSED = ("enter", "copy", "convert_element_type")


class Unit(NamedTuple):
    """The same in every case and in every step of a loop: its operations, first and last."""

    first: Key
    last: Key
    operand: int  # of one operation with several operands that move; -1 elsewhere


class At(NamedTuple):
    """One occurrence: the numbers that go in and come out, and the slope between them."""

    enters: int
    leaves: int
    slope: np.ndarray
    operation: Operation  # the last


def units(tape: Tape) -> dict[Unit, list[At]]:
    """Every unit of a tape."""
    found: dict[Unit, list[At]] = {}
    roots: dict[int, dict[int, np.ndarray]] = {}
    made: dict[int, Key] = {}  # the operation that first used a root on the way to a number
    for op in tape.operations:
        parts = _slopes(tape, op)
        moving = [k for k, i in enumerate(op.ins) if tape.moving[i]]
        if parts is None or not moving:
            continue
        (out,) = op.outs
        mine = _common(tape, op, moving, parts, roots)
        roots[out] = mine
        for root, slope in mine.items():
            first = made.setdefault((root, out), _first(made, op, root, moving))  # type: ignore[call-overload]
            if op.name not in PASSED:
                unit = Unit(first, op.key, -1)
                found.setdefault(unit, []).append(At(root, out, slope, op))
        if len(moving) > 1:
            for k in moving:
                unit = Unit(op.key, op.key, k)
                found.setdefault(unit, []).append(At(op.ins[k], out, parts[k], op))
    return found


def _first(made: dict, op: Operation, root: int, moving: list[int]) -> Key:
    """The key of the operation that the root enters by."""
    known = (made.get((root, op.ins[k])) for k in moving)
    return next((key for key in known if key is not None), op.key)


def _common(tape: Tape, op: Operation, moving, parts, roots) -> dict[int, np.ndarray]:
    """The roots that all moving operands share, and the slopes down to the output."""
    sources = [roots.get(op.ins[k], {}) | {op.ins[k]: np.ones(())} for k in moving]
    shared = [r for r in sources[0] if all(r in s for s in sources[1:])]
    if len(shared) > REMEMBERED:
        shared = [shared[0], *shared[1 - REMEMBERED :]]
    return {
        r: np.asarray(sum(parts[k] * s[r] for k, s in zip(moving, sources, strict=True)))
        for r in shared
    }


def _slopes(tape: Tape, op: Operation, ins=None, out=None) -> Sequence | None:
    """A slope for each operand, of an operation that is elementwise in those that move."""
    if len(op.outs) != 1 or not tape.moving[op.outs[0]]:
        return None
    shape = tape.numbers[op.outs[0]].shape
    if any(tape.moving[i] and tape.numbers[i].shape != shape for i in op.ins):
        return None
    ins = [tape.numbers[i] for i in op.ins] if ins is None else ins
    out = tape.numbers[op.outs[0]] if out is None else out
    if op.name in PASSED:
        return [1.0]
    if op.name == "neg":
        return [-1.0]
    if op.name == "select_n":
        which = np.broadcast_to(ins[0], shape).astype(int)
        return [0.0, *(np.where(which == k, 1.0, 0.0) for k in range(len(ins) - 1))]
    if op.name not in SLOPES:
        return None
    return _rules(op, ins, out)


def _rules(op: Operation, ins: list, out) -> Sequence:
    with np.errstate(all="ignore"):
        found = SLOPES[op.name](out, *ins, **op.params)
    return [0.0 if s is None else s for s in found]


def slope_elsewhere(tape: Tape, at: At, z: np.ndarray) -> np.ndarray:
    """The slope of the unit at other numbers; all that does not come from `z` stays."""
    number = {at.enters: np.asarray(z)}
    rate: dict[int, np.ndarray] = {at.enters: np.ones(np.shape(z))}
    for op in _between(tape, at.enters, at.leaves):
        ins = [number.get(i, tape.numbers[i]) for i in op.ins]
        (out,) = values(op, ins)
        parts = _slopes(tape, op, ins, out)
        if parts is None:
            continue
        met = [(k, i) for k, i in enumerate(op.ins) if i in rate]
        number[op.outs[0]] = out
        rate[op.outs[0]] = np.asarray(sum(parts[k] * rate[i] for k, i in met))
    return rate[at.leaves]


@lru_cache(maxsize=1)  # it is asked for many numbers in turn
def _between(tape: Tape, enters: int, leaves: int) -> list[Operation]:
    """The operations on the way from what enters to what leaves, in order."""
    reached, found = {enters}, []
    for op in tape.operations:
        if len(op.outs) == 1 and not reached.isdisjoint(op.ins):
            reached.add(op.outs[0])
            found.append(op)
            if op.outs[0] == leaves:
                break
    wanted, kept = {leaves}, []
    for op in reversed(found):
        if op.outs[0] in wanted:
            wanted.update(op.ins)
            kept.append(op)
    return kept[::-1]
