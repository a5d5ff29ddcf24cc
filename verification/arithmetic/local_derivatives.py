"""The gradient of a tape, with a hand on every local derivative; and where each part of it goes.

A *spot* is one operand of one equation (key, operand).  What it hands back, p, meets the tangent t
that arrives there in a direction r of the leaves: <r, part of the gradient through the spot> is
<t, p>.  So one pass forward and one back know every part, however many spots there are.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .float_rules import fitted
from .linear import pull, push
from .tape import Key, Operation, Tape

Spot = tuple[Key, int]
Array = Any  # NumPy hands out bare numbers for 0-d arrays
Arrays = dict[int, Array]


class Meeting(NamedTuple):
    """One operand of one operation: the tangents that arrive, and the cotangent it hands back."""

    spot: Spot
    operation: Operation
    operand: int  # of the operation
    rates: Array  # directions first
    handed: Array


def spot_of(operation: Operation, operand: int) -> Spot:
    return operation.key, operation.operand if operation.name == "enter" else operand


def rates(
    tape: Tape, directions: list[Array], scales: Mapping[Spot, float] | None = None
) -> Arrays:
    """The tangents of all numbers that move; directions[leaf] has an axis of directions first."""
    found: Arrays = dict(zip(tape.leaves, directions, strict=True))
    scales = both(tape.wrong.scales, scales or {})

    def arriving(op: Operation, operand: int, at: int):
        rate, scale = found.get(at), scales.get(spot_of(op, operand))
        return rate if rate is None or scale is None else scale * rate

    with np.errstate(all="ignore"):
        for op in tape.operations:
            given = [arriving(op, k, i) for k, i in enumerate(op.ins)]
            if any(g is not None for g in given) and any(tape.moving[i] for i in op.outs):
                moved = _pushed(tape, op, given, found)
                found |= {i: m for i, m in zip(op.outs, moved, strict=True) if m is not None}
    return found


def _pushed(tape: Tape, op: Operation, given: list, found: Arrays) -> list:
    """The tangents of the outputs, by the slopes that are wrong where some are."""
    wrong, out = tape.wrong, op.outs[0]
    if out in wrong.instead:
        enters, slope = wrong.instead[out]
        return [None if enters not in found else found[enters] * slope]
    mine = {k: wrong.slopes[out, k] for k in range(len(given)) if (out, k) in wrong.slopes}
    mine = {k: slope for k, slope in mine.items() if given[k] is not None}
    rest = [None if k in mine else g for k, g in enumerate(given)]
    moved = [None]
    if not mine or any(g is not None for g in rest):
        moved = list(push(op, numbers(tape, op.ins), numbers(tape, op.outs), rest))
    for k, slope in mine.items():
        part = given[k] * slope
        moved = [part if moved[0] is None else moved[0] + part]
    return moved


def both(one: Mapping[Spot, float], other: Mapping[Spot, float]) -> Mapping[Spot, float]:
    """The factors of both; where they meet, their product."""
    return {s: one.get(s, 1.0) * other.get(s, 1.0) for s in (*one, *other)}


class Sweep(NamedTuple):
    """The gradient in the leaves, and the cotangent that reached each number."""

    gradient: list[Array]
    reached: Arrays


def swept(
    tape: Tape,
    scales: Mapping[Spot, float] | None = None,
    swaps: Mapping[Spot, Callable] | None = None,
    instead: Mapping[int, tuple[int, Any]] | None = None,
    note: Callable[[Operation, int, Array], None] | None = None,
) -> Sweep:
    """One reverse pass, with the cotangent of each spot scaled, or swapped for another.

    swaps[spot](operation, operand, cotangents of the outputs) is handed back in place of p.
    instead[out] = (enters, slope): what reaches `out` goes to `enters` times the slope, or through
    it where it is a function, and not the way it came.
    note(operation, operand, p) is called with every p.
    """
    reached: Arrays = {tape.out: np.ones(())}
    scales, swaps = both(tape.wrong.scales, scales or {}), swaps or {}
    instead = {**tape.wrong.instead, **(instead or {})}
    with np.errstate(all="ignore"):
        for op in reversed(tape.operations):
            if reached.keys().isdisjoint(op.outs):
                continue
            above = [reached.get(i) for i in op.outs]
            if op.outs[0] in instead and above[0] is not None:
                at, slope = instead[op.outs[0]]
                part = slope(above[0]) if callable(slope) else slope * above[0]
                reached[at] = reached[at] + part if at in reached else part
                continue
            if tape.moving[op.outs[0]] or any(tape.moving[i] for i in op.outs):
                for operand, handed in _handed(tape, op, above, swaps):
                    if note is not None:
                        note(op, operand, handed)
                    scale = scales.get(spot_of(op, operand)) if scales else None
                    part = handed if scale is None else scale * handed
                    at = op.ins[operand]
                    reached[at] = reached[at] + part if at in reached else part
    zero = lambda i: np.zeros(tape.numbers[i].shape)
    return Sweep([reached[i] if i in reached else zero(i) for i in tape.leaves], reached)


def _handed(
    tape: Tape, op: Operation, above: list, swaps: Mapping[Spot, Callable]
) -> Iterator[tuple[int, Any]]:
    slopes = tape.wrong.slopes
    parts = pull(op, numbers(tape, op.ins), numbers(tape, op.outs), above)
    for operand, part in enumerate(parts):
        if tape.moving[op.ins[operand]]:
            swap = swaps.get(spot_of(op, operand)) if swaps else None
            slope = slopes.get((op.outs[0], operand)) if slopes else None
            if slope is not None:
                part = fitted(above[0] * slope, tape.numbers[op.ins[operand]].shape)
            if swap is not None:
                part = swap(op, operand, above)
            if part is not None:
                yield operand, part if tape.noise is None else tape.noise(part)


def numbers(tape: Tape, ids: tuple[int, ...]) -> list[Array]:
    return [tape.numbers[i] for i in ids]


def meetings(
    tape: Tape, speeds: Arrays, scales: Mapping[Spot, float] | None = None
) -> tuple[Sweep, list[Meeting]]:
    """The gradient, and every meeting of tangents and cotangents, last operation first.

    What meets at a spot is not scaled yet: its part is that of a factor 1 there.
    """
    met: list[Meeting] = []

    def note(op: Operation, operand: int, handed: Array) -> None:
        arriving = speeds.get(op.ins[operand])
        if arriving is not None:
            met.append(Meeting(spot_of(op, operand), op, operand, arriving, handed))

    return swept(tape, scales, note=note), met


def flows(met: list[Meeting]) -> dict[Spot, Array]:
    """<r, part of the gradient through the spot>, for every direction r; loops added up."""
    found: dict[Spot, Array] = {}
    for one in met:
        flow = against(one.rates, one.handed)
        found[one.spot] = found[one.spot] + flow if one.spot in found else flow
    return found


def against(rates: Array, handed: Array) -> Array:
    """<t, p> for every direction."""
    return rates.reshape(len(rates), -1) @ np.broadcast_to(handed, rates.shape[1:]).reshape(-1)
