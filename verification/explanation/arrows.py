"""A wrong pullback at one arrow: each of the bank, tried at every operation of the program.

Where an operation runs once its effect is known from one meeting of tangents and cotangents; in a
loop each guess is swept through, as far as the work allowed for goes.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import against, swept
from ..arithmetic.tape import Key, Operation
from ..vocabulary import Explanation
from .columns import along
from .factors import Named, known_numbers, recognised
from .places import SYMBOLS, place_of
from .problem import NOT_HERE, Problem, largest, wrong_leaves
from .pullbacks import ABOVE, LOCAL, Arrow, Rule, always
from .pullbacks_of_arrays import MOVES, SUMS

RULES: tuple[Rule, ...] = (*ABOVE, *LOCAL, *SUMS, *MOVES)
PASSED = ("enter", "copy", "convert_element_type", "row", "rows", "squeeze", "stop_gradient")
TRIED, HALF = 16, 0.5  # guesses tried on every entry, of those that leave less than half
WORK = 6 * 10**5  # operations of all sweeps together
SHOWN = 6
SURE = 1e-4  # of the difference, at most, may be left by a number that is recognised


class Guess(NamedTuple):
    """A rule at an equation, and the share of the difference that it leaves."""

    key: Key
    rule: Rule
    left: float


def wrong_pullback(problems: Sequence[Problem]) -> list[Explanation]:
    """The rules that fit, each with the places where it does; they cannot be told apart."""
    guesses = sorted(_guesses(problems[0]), key=lambda g: g.left)
    likely = [g for g in guesses if g.left < HALF][:TRIED]
    found = [(g, r) for g in likely if (r := _residual(problems, g)) <= 1.0]
    order = {rule.words: k for k, rule in enumerate(RULES)}
    rules = sorted({g.rule.words for g, _ in found}, key=lambda words: order.get(words, -1))
    return [_said(problems, words, found) for words in rules][:SHOWN]


def _guesses(p: Problem) -> Iterator[Guess]:
    size = float(np.sqrt(p.target @ p.target))
    groups: dict[Key, list[Operation]] = {}
    for op in p.tape.operations:
        if op.name not in PASSED and len(op.outs) == 1 and p.tape.moving[op.outs[0]]:
            groups.setdefault(op.key, []).append(op)
    room, numbers = WORK // max(p.tape.work, 1), known_numbers(p)
    for key, ops in groups.items():
        arrow = _arrow(p, ops[-1])
        if arrow is None or not size:
            continue
        right = arrow.pull(arrow.d) if len(ops) == 1 else []
        constant = _constant(p, arrow, right, numbers, size) if right else None
        for rule in RULES if constant is None else (constant, *RULES):
            try:
                if not rule.where(arrow):
                    continue
                if len(ops) == 1:
                    rest = p.target - _effect(p, arrow, right, rule)
                elif room > 0:
                    room -= 1
                    wrong = _gradient(p, key, rule)
                    pairs = zip(wrong, p.right.gradient, strict=True)
                    rest = p.target - along(p.directions, [a - b for a, b in pairs])
                else:
                    continue
            except NOT_HERE:
                continue
            left = float(np.sqrt(rest @ rest)) / size
            if np.isfinite(left):
                yield Guess(key, rule, left)


def _constant(
    p: Problem, arrow: Arrow, right: list, numbers: list[Named], size: float
) -> Rule | None:
    """What arrives there taken to be one number for all, where that is a number of the problem."""
    given = lambda words, c: Rule(words, "edge", always, lambda a: a.pull(np.full_like(a.d, c)))
    if arrow.out.size < 2:
        return None
    nothing = _effect(p, arrow, right, given("", 0.0))
    ones, goal = _effect(p, arrow, right, given("", 1.0)) - nothing, p.target - nothing
    with np.errstate(all="ignore"):
        c = float(ones @ goal / (ones @ ones))
        left = float(np.sqrt(np.square(goal - c * ones).sum())) / size
    named = recognised(c, 1e-9 + left, numbers) if left < SURE else None
    if named is None or named.value in (0.0, 1.0):
        return None
    return given(f"what arrives there is taken to be one for all, {named.words}", named.value)


def _arrow(p: Problem, op: Operation) -> Arrow | None:
    d = p.right.reached.get(op.outs[0])
    if d is None:
        return None
    out = p.tape.numbers[op.outs[0]]
    ins = [p.tape.numbers[i] for i in op.ins]
    return Arrow(op, ins, out, np.broadcast_to(np.asarray(d), out.shape))


def _effect(p: Problem, arrow: Arrow, right: list, rule: Rule) -> np.ndarray:
    """What the mistake adds to the gradient, along the directions; `right` is handed back else."""
    total = np.zeros(len(p.target))
    made = rule.make(arrow)
    for k, i in enumerate(arrow.op.ins):
        rate = p.rates.get(i)
        if rate is None or not p.tape.moving[i]:
            continue
        zero = np.zeros(p.tape.numbers[i].shape)
        mine, other = (zero if x is None else x for x in (right[k], made[k]))
        if np.shape(other) != np.shape(zero):
            raise ValueError("another shape")
        total += against(rate, other - mine)
    return total


def _operation(p: Problem, key: Key) -> Operation:
    """Raises KeyError where the operation does not run: a loop may be shorter in another case."""
    found = next((o for o in p.tape.operations if o.key == key and o.name not in PASSED), None)
    if found is None:
        raise KeyError(key)
    return found


def _gradient(p: Problem, key: Key, rule: Rule) -> list:
    def swap(op: Operation, operand: int, above: list):
        out = p.tape.numbers[op.outs[0]]
        d = np.broadcast_to(np.asarray(above[0]), out.shape)
        arrow = Arrow(op, [p.tape.numbers[i] for i in op.ins], out, d)
        can = rule.where(arrow)  # in another case the shape may not have this mistake
        made = (rule.make(arrow) if can else arrow.pull(d))[operand]
        return np.zeros(p.tape.numbers[op.ins[operand]].shape) if made is None else made

    op = _operation(p, key)
    swaps = {(key, k): swap for k in range(len(op.ins))}
    return swept(p.tape, swaps=swaps).gradient


def _residual(problems: Sequence[Problem], guess: Guess) -> float:
    try:
        return largest(problems, lambda p: _gradient(p, guess.key, guess.rule))
    except NOT_HERE:
        return np.inf


def _said(problems: Sequence[Problem], words: str, found: list[tuple[Guess, float]]) -> Explanation:
    """The rule at its last place in the program, and where else it does the same."""
    places = {g.key: _place(problems[0], g.key) for g, _ in found}
    lined = lambda g: (bool(places[g.key][1]), g.key)  # one that has a line comes last
    mine = sorted((g for g, _ in found if g.rule.words == words), key=lined)
    what, location, text = places[mine[-1].key]
    others = [f"{w} ({at})" if at else w for w, at, _ in (places[g.key] for g in mine[:-1])]
    also = dict.fromkeys(
        f"{places[g.key][0]}: {g.rule.words}" for g, _ in found if g.rule.words != words
    )
    return Explanation(
        kind=mine[-1].rule.kind,
        term=f"what flows back through {what}",
        mistake=words,
        location=location,
        source=text,
        remedy="hand back the cotangent that arrives, times the local derivative",
        residual=max(r for g, r in found if g.rule.words == words),
        leaves=wrong_leaves(problems),
        confused_with=(*dict.fromkeys(others), *list(also)[:SHOWN]),
    )


def _place(p: Problem, key: Key) -> tuple[str, str, str]:
    op = _operation(p, key)
    place = place_of(op.eqns)
    symbol = SYMBOLS.get(op.name, op.name)
    said = f"the {symbol} in {place.said}" if place.expression else f"`{symbol}`"
    return said, place.location, place.text
