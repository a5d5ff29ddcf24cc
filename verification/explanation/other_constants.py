"""The right gradient of the function with another constant: an epsilon, a slope, a temperature.

Which it is follows from the answer: the c whose gradient g(c) is nearest to it is found by steps of
Gauss and Newton, c <- c + J.(answer - g(c)) / J.J with J = dg / dc.  It counts only where it leaves
nothing beyond rounding at any entry of any case.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from ..arithmetic.local_derivatives import swept
from ..arithmetic.tape import Operation, Tape
from ..vocabulary import Explanation
from .columns import along
from .other_runs import (
    Other,
    Value,
    constant_of,
    constant_operand,
    number_of,
    other_runs,
    said_of_value,
    with_value,
)
from .problem import NOT_HERE, Problem

STEPS, HALVINGS = 12, 6
FEW = 12  # operations with a constant
WORK = 10**5  # operations of all tapes together
DIFFERENCE = 2.0**-10  # of a constant, to see what it moves
SETTLED = 1e-9  # what is left of the difference, or the last step, relative
PLAIN = 1e-4  # a number of few digits so near is what was written
BY_NAME = ("add", "sub", "mul", "div", "max", "min", "pow")


def other_constant(problems: Sequence[Problem]) -> list[Explanation]:
    """The constants that fit, each at its place."""
    return other_runs(problems, _candidates(*problems))


def _candidates(p: Problem, *others: Problem) -> Iterator[Other]:
    """A size of the arguments is no constant: it differs from case to case."""
    same = lambda op: all(_alike(_number_at(p.tape, op), q.tape, op.key) for q in others)
    known = [op for op in p.tape.operations if _is_constant(p.tape, op) and same(op)]
    affordable = WORK // max(p.tape.work * STEPS, 1)
    for op in known[: min(FEW, affordable)]:
        of = partial(_with, key=op.key)
        c = _number_at(p.tape, op)
        other = _fitted(p, of, c)
        if other is not None:
            words = f"the constant {c:.6g} is {other:.6g} there"
            value = Value(words, f"write {c:.6g}", constant_of(lambda _, x=other: x))
            yield Other(partial(of, c=other), said_of_value(op, value))


def _is_constant(tape: Tape, op: Operation) -> bool:
    if op.name not in BY_NAME or len(op.outs) != 1 or not tape.moving[op.outs[0]]:
        return False
    k = constant_operand(tape, op)
    return k is not None and number_of(tape, op.ins[k]) not in (0.0, -1.0)


def _number_at(tape: Tape, op: Operation) -> float:
    k = constant_operand(tape, op)
    return 0.0 if k is None else number_of(tape, op.ins[k])


def _alike(c: float, tape: Tape, key) -> bool:
    return all(_number_at(tape, op) == c for op in tape.operations if op.key == key)


def _with(p: Problem, key, c: float) -> Tape:
    return with_value(p, key, Value("", "", constant_of(lambda _: c)))


def _fitted(p: Problem, of: Callable, c: float) -> float | None:
    """The constant whose gradient is nearest to the answer; None where none comes near."""
    size = float(np.sqrt(p.target @ p.target))
    off = lambda x: p.target - _moved(p, of, x)
    try:
        now, rest = c, off(c)
        for _ in range(STEPS):
            slope = (off(now * (1.0 + DIFFERENCE)) - rest) / (now * DIFFERENCE)
            step = -float(slope @ rest) / float(slope @ slope)
            after, left = _downhill(off, now, rest, step)
            settled = abs(after - now) <= SETTLED * abs(after)
            now, rest = after, left
            if settled or float(np.sqrt(rest @ rest)) <= SETTLED * size:
                break
    except (*NOT_HERE, ZeroDivisionError):
        return None
    near = bool(rest @ rest < p.target @ p.target / 4.0) and np.isfinite(now)
    return _plain(now) if near and now not in (0.0, c) else None


def _downhill(off: Callable, now: float, rest: np.ndarray, step: float) -> tuple[float, np.ndarray]:
    """The end of the step, or of a shorter one, that leaves less; where none does, where it is."""
    for power in range(HALVINGS):
        after = now + step * 0.5**power
        left = off(after) if after != 0.0 else np.full_like(rest, np.inf)
        if left @ left < rest @ rest:
            return after, left
    return now, rest


def _moved(p: Problem, of: Callable, c: float) -> np.ndarray:
    """By how much the gradient with that constant differs from the right one."""
    gradient = swept(of(p, c=c)).gradient
    pairs = zip(gradient, p.right_alone, p.wrong, strict=True)
    return along(p.directions, [np.asarray(a - b if bad else b - b) for a, b, bad in pairs])


def _plain(c: float) -> float:
    """The number of the fewest digits that is as good as this one."""
    short = (float(f"{c:.{digits}g}") for digits in range(1, 7))
    return next((x for x in short if abs(x - c) <= PLAIN * abs(c)), c)
