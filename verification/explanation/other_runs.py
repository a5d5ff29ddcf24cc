"""The right gradient of a different run: at another argument, or with another number kept.

A candidate makes a tape of that run; what it would answer in the leaves that are wrong is compared.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import NamedTuple

import jax
import numpy as np

from ..arithmetic.local_derivatives import swept
from ..arithmetic.tape import Key, Operation, Tape, computed, maker
from ..vocabulary import Explanation
from .columns import along
from .first_leaf import misses
from .places import SYMBOLS, place_of
from .problem import NOT_HERE, Problem, largest, wrong_leaves

COTANGENT = "the cotangent"
FEW = 6  # leaves, of which each two are exchanged
TRIED, HALF = 8, 0.5  # candidates tried on every entry, of those that leave less than half
WORK = 2 * 10**5  # operations of all tapes of the first case together


class Other(NamedTuple):
    """A different run of a case, and how it is told."""

    tape: Callable[[Problem], Tape]
    said: Explanation


def other_runs(problems: Sequence[Problem], candidates: Iterable[Other]) -> list[Explanation]:
    """Those that fit, in the order of the candidates."""
    p = problems[0]
    size, room = float(np.sqrt(p.target @ p.target)), WORK // max(p.tape.work, 1)
    tried = zip(range(room if size else 0), candidates, strict=False)
    left = [(_left(problems, other, size), order, other) for order, other in tried]
    likely = sorted((one for one in left if one[0] < HALF), key=lambda one: one[:2])[:TRIED]
    found = [(order, other.said, _residual(problems, other)) for _, order, other in likely]
    leaves = wrong_leaves(problems)
    return [
        replace(said, residual=residual, leaves=leaves)
        for _, said, residual in sorted(found, key=lambda one: one[0])
        if residual <= 1.0
    ]


def _left(problems: Sequence[Problem], other: Other, size: float) -> float:
    """The share of the difference at the first case that the candidate leaves."""
    p = problems[0]
    try:
        tape = other.tape(p)
        if misses(problems, tape):
            return np.inf
        predicted = _predicted(problems, p, tape)
    except NOT_HERE:
        return np.inf
    rest = p.target - along(
        p.directions, [a - b for a, b in zip(predicted, p.right_alone, strict=True)]
    )
    left = float(np.sqrt(rest @ rest)) / size
    return left if np.isfinite(left) else np.inf


def _predicted(problems: Sequence[Problem], p: Problem, tape: Tape) -> list[np.ndarray]:
    """The other run's gradient where the answer is wrong in any case, else the right one."""
    gradient = swept(tape).gradient
    wrong = [any(q.wrong[k] for q in problems) for k in range(len(gradient))]
    pairs = zip(gradient, p.right_alone, wrong, strict=True)
    return [np.asarray(a if bad else b) for a, b, bad in pairs]


def _residual(problems: Sequence[Problem], other: Other) -> float:
    try:
        return largest(problems, lambda p: _predicted(problems, p, other.tape(p)))
    except NOT_HERE:
        return np.inf


# --- another argument: exchanged, reversed, transposed, or off by one -----------------------------


class Change(NamedTuple):
    """What is done to an argument; ValueError where its shape does not have it."""

    words: str
    make: Callable[[np.ndarray], np.ndarray]


def _turned(x: np.ndarray) -> np.ndarray:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError("no square")
    return np.swapaxes(x, -1, -2)


CHANGES = (
    Change("is transposed", _turned),
    *(Change(f"runs backwards along axis {k}", partial(np.flip, axis=k)) for k in (0, 1, 2)),
    *(
        Change(f"is off by one along axis {k}", partial(np.roll, shift=step, axis=k))
        for k in (0, 1)
        for step in (1, -1)
    ),
    Change("has the wrong sign", np.negative),
    Change("has lost its sign", np.abs),
    Change("is doubled", lambda x: 2.0 * x),
    Change("is halved", lambda x: 0.5 * x),
    Change("is squared", np.square),
    Change("sums to one along its last axis", lambda x: x / x.sum(axis=-1, keepdims=True)),
)


def other_argument(problems: Sequence[Problem]) -> list[Explanation]:
    """The arguments that fit, each with what was done to it."""
    return other_runs(problems, _of_arguments(problems[0]))


def _of_arguments(p: Problem) -> Iterator[Other]:
    yield from _exchanged(p)
    names = _names(p)
    for change in CHANGES:
        for i, leaf in enumerate(p.question.leaves):
            if leaf.dtype.kind == "f" and leaf.size > 1:
                said = Explanation(
                    kind="argument",
                    term=f"the gradient at {names[i]}",
                    mistake=f"it is that of an argument which {change.words}",
                    remedy=f"use {names[i]} as the forward does",
                )
                yield Other(partial(_at_argument, leaf=i, change=change), said)


def _exchanged(p: Problem) -> Iterator[Other]:
    """Two that have one shape, or the cotangent taken first, and all others after it."""
    names, leaves = _names(p), p.question.leaves
    floats = [k for k, leaf in enumerate(leaves) if leaf.dtype.kind == "f"]
    told = ", then the cotangent" if names[-1] == COTANGENT else ""
    said = Explanation(
        kind="argument",
        term="the order of the arguments",
        mistake="the cotangent is taken first",
        remedy=f"take the arguments in their order{told}",
    )
    alike = lambda ks: len({leaves[k].shape for k in ks}) == 1
    for i, j in filter(alike, combinations(floats if len(floats) <= FEW else (), 2)):
        both = replace(said, mistake=f"{names[i]} and {names[j]} are exchanged")
        yield Other(partial(_in_order, order={i: j, j: i}), both)
    if told and len(leaves) > 2 and alike(range(len(leaves))):
        yield Other(partial(_in_order, order={k - 1: k for k in range(len(leaves))}), said)


def _in_order(p: Problem, order: Mapping[int, int]) -> Tape:
    """Each leaf of the order (the last is -1, too) is the one that it names."""
    count = len(p.question.leaves)
    taken = {k % count: p.question.leaves[at] for k, at in order.items()}
    return p.recorded([taken.get(k, leaf) for k, leaf in enumerate(p.question.leaves)])


def _at_argument(p: Problem, leaf: int, change: Change) -> Tape:
    leaves = list(p.question.leaves)
    leaves[leaf] = change.make(leaves[leaf])
    return p.recorded(leaves)


def _names(p: Problem) -> list[str]:
    """Of the leaves: those of the arguments, then of the cotangent."""
    found = [path for path, _ in jax.tree_util.tree_flatten_with_path(p.question.args)[0]]
    named = [f"argument {jax.tree_util.keystr(path)}" for path in found]
    rest = len(p.question.leaves) - len(named)
    return named + [COTANGENT] * rest


# --- another number: epsilon outside the root, n - 1 for n ----------------------------------------


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
    return other_runs(problems, _of_values(problems[0]))


def _of_values(p: Problem) -> Iterator[Other]:
    keys: set[Key] = set()
    for op in p.tape.operations:
        if op.key not in keys and len(op.outs) == 1 and p.tape.moving[op.outs[0]]:
            keys.add(op.key)
            for value in _values(p.tape, op):
                yield Other(
                    lambda q, key=op.key, v=value: with_value(q, key, v), said_of_value(op, value)
                )


def with_value(p: Problem, key: Key, value: Value) -> Tape:
    here = lambda op: op.key == key and op.name != "enter"
    return p.recorded(altered=lambda tape, op: value.make(tape, op) if here(op) else None)


def _values(tape: Tape, op: Operation) -> Iterator[Value]:
    """The wrong values that the operation may have."""
    shifted = _shifted(tape, op)
    if shifted is not None:
        words = f"the constant {shifted[1]:.6g} is added outside of the root"
        yield Value(words, "add it inside", _outside)
    k = constant_operand(tape, op)
    if k is None:
        return
    c = number_of(tape, op.ins[k])
    if op.name in ("add", "sub") and c != 0.0:
        yield Value(f"the constant {c:.6g} is left out", "keep it", constant_of(lambda c: 0.0))
    if op.name in ("mul", "div") and c not in (0.0, 1.0):
        words = f"the factor {c:.6g} of the forward is left out"
        yield Value(words, "keep it", constant_of(lambda c: 1.0))
    if op.name == "div" and c == np.round(c) and c > 1.0:
        one_less = constant_of(lambda c: c - 1.0)
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
    k = None if above is None or above.name != "add" else constant_operand(tape, above)
    if above is None or k is None or number_of(tape, above.ins[k]) == 0.0:
        return None
    return tape.numbers[above.ins[1 - k]], number_of(tape, above.ins[k])


def constant_of(change: Callable[[float], float]) -> Callable[[Tape, Operation], Made]:
    """The operation with another constant, for its slope as well; who else reads it is spared."""

    def make(tape: Tape, op: Operation) -> Made:
        k = constant_operand(tape, op)
        if k is None:
            raise KeyError(op.key)
        number = op.ins[k]
        other = tape.put(np.full_like(tape.numbers[number], change(number_of(tape, number))))
        changed = op._replace(ins=(*op.ins[:k], other, *op.ins[k + 1 :]))
        return changed, computed(tape, changed)

    return make


def number_of(tape: Tape, number: int) -> float:
    """What all entries of a constant are."""
    return float(np.ravel(tape.numbers[number])[0])


def constant_operand(tape: Tape, op: Operation) -> int | None:
    """Which of two operands is one number that does not move."""
    if len(op.ins) != 2:
        return None
    alike = lambda x: x.size > 0 and x.dtype.kind == "f" and bool((x == np.ravel(x)[0]).all())
    still = [k for k in (1, 0) if not tape.moving[op.ins[k]] and alike(tape.numbers[op.ins[k]])]
    return still[0] if len(still) == 1 and tape.moving[op.ins[1 - still[0]]] else None


def said_of_value(op: Operation, value: Value) -> Explanation:
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
