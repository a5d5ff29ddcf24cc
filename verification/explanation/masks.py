"""A wrong mask: on the way back a choice is made by another comparison, > for >= say.

What moves keeps the values of the forward; the masks alone are computed anew.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ..arithmetic.tape import Key, Operation, Tape
from ..vocabulary import Explanation
from .other_runs import Other, other_runs
from .places import place_of
from .problem import Problem

MADE: dict[str, Callable] = {
    "gt": np.greater,
    "ge": np.greater_equal,
    "lt": np.less,
    "le": np.less_equal,
    "and": np.logical_and,
    "or": np.logical_or,
}
SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "and": "and", "or": "or"}
OTHER = {"gt": "ge", "ge": "gt", "lt": "le", "le": "lt", "and": "or", "or": "and"}
COMPARISONS = ("gt", "ge", "lt", "le")


class Mask(NamedTuple):
    """make(values of the operands, value) stands for the value of an operation."""

    words: str
    make: Callable[[Sequence[np.ndarray], np.ndarray], np.ndarray]


def wrong_mask(problems: Sequence[Problem]) -> list[Explanation]:
    """The masks that fit, each at its line."""
    return other_runs(problems, _candidates(problems[0]))


def _candidates(p: Problem) -> Iterator[Other]:
    lines: dict[tuple, dict[Key, Mask]] = {}
    seen: set[Key] = set()
    for op in p.tape.operations:
        if op.key in seen or op.name not in MADE or not _is_mask(p, op):
            continue
        seen.add(op.key)
        if op.name in COMPARISONS:
            place = place_of(op.eqns)
            lines.setdefault((place.file, place.line), {})[op.key] = _other(op)
        for mask in _masks(op):
            yield Other(partial(_tape, masks={op.key: mask}), _said(op, mask.words))
    for masks in lines.values():
        if len(masks) > 1:
            first = next(op for op in p.tape.operations if op.key in masks)
            words = " and ".join(dict.fromkeys(mask.words for mask in masks.values()))
            yield Other(partial(_tape, masks=masks), _said(first, words))


def _is_mask(p: Problem, op: Operation) -> bool:
    return p.tape.numbers[op.outs[0]].dtype.kind == "b"


def _other(op: Operation) -> Mask:
    wrong = OTHER[op.name]
    words = f"`{SIGNS[wrong]}` stands for `{SIGNS[op.name]}`"
    return Mask(words, lambda ins, out: MADE[wrong](*ins))


def _masks(op: Operation) -> Iterator[Mask]:
    yield _other(op)
    if op.name in COMPARISONS:
        yield Mask("it is the wrong way round", lambda ins, out: ~out)
        zero = "0 stands for the bound that is compared with"
        yield Mask(zero, lambda ins, out: MADE[op.name](ins[0], 0 * ins[1]))
        turned = "the bound that is compared with has the wrong sign"
        yield Mask(turned, lambda ins, out: MADE[op.name](ins[0], -ins[1]))
    else:
        yield Mask("the first of its two conditions stands alone", lambda ins, out: ins[0])
        yield Mask("the second of its two conditions stands alone", lambda ins, out: ins[1])


def _tape(p: Problem, masks: dict[Key, Mask]) -> Tape:
    """The tape with other masks.  Raises ValueError where the program takes another way by them."""

    def altered(tape: Tape, op: Operation):
        if op.key not in masks or op.name == "enter":
            return None
        ins = [tape.numbers[i] for i in op.ins]
        return op, [masks[op.key].make(ins, MADE[op.name](*ins))]

    other = p.recorded(altered=altered)
    if [op.key for op in other.operations] != [op.key for op in p.tape.operations]:
        raise ValueError("another way through the program")
    triples = zip(p.tape.numbers, other.numbers, p.tape.moving, strict=True)
    return replace(other, numbers=[old if moves else new for old, new, moves in triples])


def _said(op: Operation, words: str) -> Explanation:
    place = place_of(op.eqns)
    return Explanation(
        kind="value",
        term=f"the mask of {place.said if place.expression else f'`{op.name}`'} on the way back",
        mistake=words,
        location=place.location,
        source=place.text,
        remedy="choose by the comparison of the forward",
    )
