"""A wrong factor in a matrix product: another variable of the same shape, or one not transposed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.linear import pull
from ..arithmetic.local_derivatives import against, swept
from ..arithmetic.tape import Key, Operation
from ..vocabulary import Explanation
from .places import place_of
from .problem import Problem, largest, wrong_leaves

TRIED, LARGE = 8, 2**22
TRANSPOSED: Key = (-1,)
MOVED: Key = (-1, -1)  # the partner after a step of descent


class Guess(NamedTuple):
    """At one operand of a product, the number that its partner is replaced by."""

    key: Key
    operand: int
    partner: Key  # the equation that makes it; a leaf is (-2 - its number,), one more: transposed
    left: float
    step: float = 0.0  # of a partner that has moved along its own gradient: MOVED


def wrong_partner(problems: Sequence[Problem]) -> list[Explanation]:
    """Those that fit."""
    guesses = sorted(_guesses(problems), key=lambda g: g.left)[:TRIED]
    said = (_explained(problems, guess) for guess in guesses)
    return [e for e in said if e.fits][:1]


def _guesses(problems: Sequence[Problem]) -> Iterator[Guess]:
    """Judged at the first case."""
    p = problems[0]
    size = float(np.sqrt(p.target @ p.target))
    seen: dict[Key, int] = {}
    for op in p.tape.operations:
        seen[op.key] = seen.get(op.key, 0) + 1
    for op in p.tape.operations:
        above = p.right.reached.get(op.outs[0])
        if op.name != "dot_general" or above is None or seen[op.key] > 1:
            continue
        for operand in (0, 1):
            rate = p.rates.get(op.ins[operand])
            if rate is None:
                continue
            right = against(rate, _handed(p, op, operand, above, None))
            yield from _moved(p, op, operand, size)
            for partner in _candidates(p, op, 1 - operand):
                other = number_of(p, partner, op.ins[1 - operand])
                flow = against(rate, _handed(p, op, operand, above, other))
                rest = p.target - flow + right
                yield Guess(op.key, operand, partner, float(np.sqrt(rest @ rest)) / size)


def _moved(p: Problem, op: Operation, operand: int, size: float) -> Iterator[Guess]:
    """The delta through weights that were updated already, by whatever step fits best."""
    above, rate = p.right.reached[op.outs[0]], p.rates[op.ins[operand]]
    change = p.right.reached.get(op.ins[1 - operand])
    if change is None:
        return
    flow = against(rate, _handed(p, op, operand, above, change))
    norm = float(flow @ flow)
    if norm > 0.0 and np.isfinite(norm):
        step = float(p.target @ flow) / norm
        rest = p.target - step * flow
        yield Guess(op.key, operand, MOVED, float(np.sqrt(rest @ rest)) / size, step)


def _handed(p: Problem, op: Operation, operand: int, above, partner) -> np.ndarray:
    ins = [p.tape.numbers[i] for i in op.ins]
    if partner is not None:
        ins[1 - operand] = partner
    return pull(op, ins, [p.tape.numbers[op.outs[0]]], [above])[operand]


def _candidates(p: Problem, op: Operation, other: int) -> Iterator[Key]:
    """The keys of all numbers of the shape of the operand, itself left out."""
    right = op.ins[other]
    shape = p.tape.numbers[right].shape
    if len(shape) == 2 and shape[0] == shape[1]:
        yield TRANSPOSED
    if p.tape.numbers[right].size * len(p.tape.operations) > LARGE:
        return
    for k, leaf in enumerate(p.question.leaves):
        if leaf.shape == shape and leaf.dtype.kind == "f" and k != right:
            yield (-2 - k,)
        elif leaf.shape == shape[::-1] and leaf.ndim == 2 and leaf.dtype.kind == "f":
            yield (-2 - k, 1)
    for one in p.tape.operations:
        x = p.tape.numbers[one.outs[0]]
        if x.shape == shape and x.dtype.kind == "f" and one.outs[0] != right:
            yield one.key


def number_of(p: Problem, partner: Key, right: int) -> np.ndarray:
    if partner == TRANSPOSED:
        return p.tape.numbers[right].T
    if partner[0] < 0:
        leaf = p.tape.numbers[-2 - partner[0]]
        return leaf.T if len(partner) > 1 else leaf
    made = next(op for op in p.tape.operations if op.key == partner)
    return p.tape.numbers[made.outs[0]]


def _explained(problems: Sequence[Problem], guess: Guess) -> Explanation:
    worst = largest(problems, lambda p: _gradient(p, guess))
    p = problems[0]
    product = next(op for op in p.tape.operations if op.key == guess.key)
    place = place_of(product.eqns)
    which = "first" if guess.operand == 0 else "second"
    partner = "second" if guess.operand == 0 else "first"
    return Explanation(
        kind="transposed" if guess.partner == TRANSPOSED else "edge",
        term=f"the local derivative of `{place.expression or '@'}` in its {which} operand",
        mistake=_in_words(p, guess, partner),
        location=place.location,
        source=place.text,
        remedy=f"multiply by the {partner} operand itself",
        residual=worst,
        fits=worst <= 1.0,
        leaves=wrong_leaves(problems),
    )


def _gradient(p: Problem, guess: Guess) -> list:
    def swap(op: Operation, operand: int, above: list) -> np.ndarray:
        if guess.partner == MOVED:
            i = op.ins[1 - operand]
            partner = p.tape.numbers[i] + guess.step * p.right.reached[i]
        else:
            partner = number_of(p, guess.partner, op.ins[1 - operand])
        return _handed(p, op, operand, above[0], partner)

    return swept(p.tape, swaps={(guess.key, guess.operand): swap}).gradient


def _in_words(p: Problem, guess: Guess, which: str) -> str:
    partner = guess.partner
    if partner == MOVED:
        return f"the {which} operand has moved already: by {guess.step:.6g} times its gradient"
    if partner == TRANSPOSED:
        return f"the {which} operand is transposed once too often, or not at all"
    if partner[0] < 0:
        leaf, *turned = partner
        as_well = ", transposed," if turned else ""
        return f"another argument (leaf {-2 - leaf}){as_well} stands for the {which}"
    made = next(op for op in p.tape.operations if op.key == partner)
    place = place_of(made.eqns)
    return f"`{place.expression}` ({place.location}) stands in place of the {which} operand"
