"""A wrong slope: at each elementwise unit, the slopes that people write instead of the right one.

The answer differs by what would flow through the unit with the wrong slope, less what does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.float_rules import fitted
from ..arithmetic.linear import pull
from ..arithmetic.local_derivatives import Sweep, swept
from ..arithmetic.tape import Key, Operation, Tape
from ..vocabulary import Explanation
from .bank import Elsewhere, Slope, formula_of
from .columns import REST, is_far, mix
from .factors import Named, known_numbers, recognised
from .places import SYMBOLS, place_of
from .problem import NOT_HERE, Problem, largest, wrong_leaves
from .slope_values import COMMON, columns_of, slope_at, value_of
from .units import At, Unit

TRIED, PARTNERS, EACH = 24, 48, 4
LIKELY = 64  # units that are looked at in every direction
MIXED, SLACK = 32, 1.5  # combinations; a share of what is left there may be so many times too large


class Guess(NamedTuple):
    """A slope at a unit, times a factor, and the share of the difference that it leaves."""

    unit: Unit
    slope: Slope | Elsewhere
    factor: float
    left: float


def wrong_slope(problems: Sequence[Problem]) -> list[Explanation]:
    """Those that fit; else the closest, if it accounts for most of the error."""
    met = [p.units for p in problems]
    known = known_numbers(problems[0])
    guesses = sorted(_guesses(problems, met, known), key=lambda g: g.left)[:TRIED]
    tried: list[Explanation] = []
    target = np.concatenate([p.target for p in problems])
    for guess in guesses:
        if is_far(guess.left, target):
            break
        said = explained(problems, met, guess)
        tried += [said] if said.fits or guess.left < REST else []
        if said.fits and guess.factor == 1.0:
            break
    fitting = [e for e in tried if e.fits]
    return (
        sorted(fitting, key=lambda e: (not e.location, e.factor is not None))
        or sorted(tried, key=lambda e: e.residual)[:1]
    )


def _guesses(problems, met, known: list[Named]) -> Iterator[Guess]:
    target = np.concatenate([p.target for p in problems])
    size = float(target @ target)
    for unit in _likely(problems, met):
        more = _partners(problems[0], unit, met[0].get(unit, []))
        for k, factor, left in _best(columns_of(problems, met, unit, more), target, size, known):
            yield Guess(unit, (*COMMON, *more)[k], factor, left)


def _likely(problems: Sequence[Problem], met) -> list[Unit]:
    """Of many units those that leave least, seen in a few combinations of the directions.

    One that leaves too much of a difference that is no rounding is not looked at again.
    """
    every = list(dict.fromkeys(u for found in met for u in found))
    if len(every) <= LIKELY:
        return every
    some = mix([len(p.target) for p in problems], MIXED)
    enter = [{at.enters for ats in found.values() for at in ats} for found in met]
    speeds = some.rates([p.rates for p in problems], enter)
    whole = np.concatenate([p.target for p in problems])
    target, known = some.of(whole), known_numbers(problems[0])
    size = float(target @ target)
    left = {}
    for unit in every:
        more = _partners(problems[0], unit, met[0].get(unit, []))
        flow, columns = columns_of(problems, met, unit, more, speeds)
        best = _best((some.summed(flow), some.summed(columns)), target, size, known)
        left[unit] = min((share for _, _, share in best), default=np.inf)
    near = (u for u in sorted(every, key=lambda u: left[u]) if not is_far(left[u] / SLACK, whole))
    return list(near)[:LIKELY]


def _best(
    flows: tuple[np.ndarray, np.ndarray], target: np.ndarray, size: float, known: list[Named]
) -> Iterator[tuple[int, float, float]]:
    """The slopes that suit a unit best: number, factor, and the share that is left."""
    right, columns = flows
    goal = target + right
    norms = (columns**2).sum(axis=0)
    usable = np.isfinite(norms)
    dot = np.where(usable, goal @ np.where(usable, columns, 0.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(norms > 0, dot / norms, 0.0)
    plain = np.where(usable, _rest(goal, columns), np.inf)
    scaled = np.where(usable, _rest(goal, best * columns), np.inf)
    for k in np.argsort(plain, kind="stable")[:EACH]:
        yield int(k), 1.0, _share(plain[k], size)
    for k in np.argsort(scaled, kind="stable")[:EACH]:
        one = recognised(float(best[k]), 1e-9 + _share(scaled[k], size), known)
        if one is not None and one.value not in (0.0, 1.0):
            yield int(k), one.value, 2.0 * _share(scaled[k], size)


def _rest(goal: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Summed directly: the difference of the sums of squares would cancel."""
    return ((goal[:, None] - columns) ** 2).sum(axis=0)


def _share(rest: Any, size: float) -> float:
    return float(np.sqrt(max(float(rest), 0.0) / size)) if size else np.inf


def _partners(p: Problem, unit: Unit, found: list[At]) -> list[Elsewhere]:
    """In a product of two: another variable of the shape, in place of the partner."""
    if not found or found[0].operation.name != "mul" or len(found) > 1:
        return []
    at = found[0]
    shape = p.tape.numbers[at.enters].shape
    names: dict[Key, tuple] = {}
    for op in p.tape.operations:
        for out in op.outs:
            if p.tape.moving[out] and p.tape.numbers[out].shape == shape and op.eqns:
                names[op.key] = op.eqns
    picked = list(names.items())[-PARTNERS:]
    return [Elsewhere(_called(eqns), _number_at(key)) for key, eqns in picked]


def _called(eqns: tuple) -> str:
    place = place_of(eqns)
    return f"`{place.expression}` ({place.location})" if place.file else "another variable"


def _number_at(key: Key) -> Callable:
    """The number that an equation makes, on the tape that is asked about."""

    def of(tape: Tape, at: At) -> np.ndarray:
        del at
        return tape.numbers[_first_made(tape)[key]]  # a loop may be shorter in another case

    return of


@lru_cache(maxsize=16)  # one for each case
def _first_made(tape: Tape) -> dict[Key, int]:
    """The number that an equation makes, the first time."""
    return {op.key: op.outs[0] for op in reversed(tape.operations) if op.outs}


def gradient_with(p: Problem, found: list[At], guess: Guess) -> Sweep:
    """The gradient with another slope at the unit, in every step of every loop."""
    numbers, unit = p.tape.numbers, guess.unit
    wrong = lambda at: guess.factor * value_of(guess.slope, p, at)
    if unit.operand < 0:
        return swept(p.tape, instead={at.leaves: (at.enters, wrong(at)) for at in found})
    of = {at.operation.outs[0]: wrong(at) for at in found}

    def swap(op: Operation, k: int, above: list) -> Any:
        out = op.outs[0]
        if out not in of:  # a step of a loop in which the other operand stands still
            return pull(op, [numbers[i] for i in op.ins], [numbers[out]], above)[k]
        return fitted(above[0] * of[out], numbers[op.ins[k]].shape)

    return swept(p.tape, swaps={(unit.last, unit.operand): swap})


def explained(problems, met, guess: Guess) -> Explanation:
    """The guess in words, with what it leaves at the worst entry of all cases."""
    wrong = lambda p: gradient_with(p, p.units.get(guess.unit, []), guess).gradient
    worst = largest(problems, wrong)
    at = next(found[guess.unit][0] for found in met if guess.unit in found)
    times = "" if guess.factor == 1.0 else f", times {guess.factor:.6g}"
    said = said_of(
        problems, at, guess.slope.formula + times, worst, right_slope(problems, guess.unit)
    )
    return said if guess.factor == 1.0 else replace(said, factor=guess.factor)


def right_slope(problems: Sequence[Problem], unit: Unit) -> str:
    """What the slope of the unit should be: a formula, or else a number."""
    ats = [(p.tape.numbers, at) for p in problems for at in p.units.get(unit, [])]
    ends = [(x[at.enters], x[at.leaves], at) for x, at in ats]
    seen = [(z, a, np.broadcast_to(at.slope, z.shape)) for z, a, at in ends]
    formula = formula_of(seen)
    if formula:
        return f"here it should be {formula}, with z what goes in and a what comes out"
    if unit.operand >= 0 and ends[0][2].operation.name == "mul":
        return "here it should be the other factor"
    z, _, slope = (np.ravel(x) for x in seen[0])
    return f"where {z[0]:.6g} goes in it should be {slope[0]:.6g}" if z.size else ""


def said_of(
    problems, at: At, formula: str, residual: float, remedy: str, where: str = ""
) -> Explanation:
    """A wrong slope at the unit that ends there, in words."""
    place = place_of(at.operation.eqns)
    what = (
        place.said if place.expression else f"`{SYMBOLS.get(at.operation.name, at.operation.name)}`"
    )
    return Explanation(
        kind="slope",
        term=f"{'a slope inside' if _goes_on(problems[0], at) else 'the slope of'} {what}{where}",
        mistake=f"it is taken to be {formula}",
        location=place.location,
        source=place.text,
        remedy=remedy,
        residual=residual,
        fits=residual <= 1.0,
        leaves=wrong_leaves(problems),
    )


def _goes_on(p: Problem, at: At) -> bool:
    """Whether the same expression makes another number of what leaves the unit: it is a part."""
    place, same, numbers = place_of(at.operation.eqns), {at.leaves}, p.tape.numbers
    for op in p.tape.operations:
        if op.key > at.operation.key and not same.isdisjoint(op.ins) and place_of(op.eqns) == place:
            if not np.array_equal(numbers[op.outs[0]], numbers[at.leaves]):
                return bool(place.expression)
            same.add(op.outs[0])
    return False


# --- a slope that is not finite -------------------------------------------------------------------


WORK = 10**6  # operations of all sweeps together


def not_finite(problems: Sequence[Problem]) -> list[Explanation]:
    """The slopes that spoil the same entries in every case, and answer the others alike.

    Where no entry of any case is a number, every slope without a value would fit: none is named.
    """
    if not any(_is_number(p) for p in problems):
        return []
    met = [p.units for p in problems]
    room = WORK // max(problems[0].tape.work, 1)
    alike = [
        g
        for g in islice(_not_finite_guesses(problems, met), room)
        if _spoils_the_same(problems[0], g)
    ]
    return [e for g in alike if (e := explained(problems, met, g)).fits]


def _is_number(p: Problem) -> bool:
    """Whether some entry of the answer can be judged and is finite."""
    pairs = zip(p.sample.got, p.known, strict=True)
    return any(np.isfinite(np.asarray(got)[k]).any() for got, k in pairs)


def _not_finite_guesses(problems: Sequence[Problem], met: list[dict]) -> Iterator[Guess]:
    for unit in dict.fromkeys(u for found in met for u in found):
        for slope in COMMON:
            ats = [(p, at) for p, m in zip(problems, met, strict=True) for at in m.get(unit, [])]
            if any(_spoils(slope, p, at) for p, at in ats):
                yield Guess(unit, slope, 1.0, 0.0)


def _spoils(slope: Slope | Elsewhere, p: Problem, at: At) -> bool:
    try:
        return not np.isfinite(slope_at(slope, p, at)).all()
    except NOT_HERE:
        return False


def _spoils_the_same(p: Problem, guess: Guess) -> bool:
    """At the first case; a slope that has no value in some shape is none of these."""
    wrong = gradient_with(p, p.units.get(guess.unit, []), guess).gradient
    triples = zip(wrong, p.sample.got, p.known, strict=True)
    pattern = lambda x: np.isfinite(np.asarray(x))
    return all(np.array_equal(pattern(w)[k], pattern(g)[k]) for w, g, k in triples)
