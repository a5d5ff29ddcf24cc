"""The same mistake wherever a line is run: in every step of a loop, in every layer.

Where one place follows another the parts do not add up: each guess is swept through exactly.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import Spot, swept
from ..vocabulary import Explanation
from .bank import BANK, Slope
from .columns import along
from .edges import Edges, remedy_of
from .factors import Named, in_words
from .first_leaf import misses
from .places import frames
from .problem import Problem, wrong_leaves
from .slopes import right_slope, said_of
from .units import At, Unit

WORK, TRIED = 10**5, 6  # operations of all guesses together; those tried on every entry


class Guess(NamedTuple):
    """Spots with one factor, or units with one slope, and the share that it leaves."""

    spots: tuple[Spot, ...]
    factor: Named | None
    group: tuple[Unit, ...]
    slope: Slope | None
    left: float


def everywhere(edges: Edges) -> list[Explanation]:
    """Those that fit: the same factor, or the same slope, at every place of one line."""
    p = edges.problems[0]
    room = max(WORK // max(p.tape.work, 1), 1)
    guesses = list(islice(_guesses(edges), room))
    tried = (_explained(edges, g) for g in sorted(guesses, key=lambda g: g.left)[:TRIED])
    return [e for e in tried if e is not None][:1]


def _guesses(edges: Edges) -> Iterator[Guess]:
    p = edges.problems[0]
    size = float(np.sqrt(p.target @ p.target))
    plain = [n for n in edges.numbers[0] if n.value != 1.0][:12]
    for group in _units(p):
        for slope in BANK:
            left = _left(edges.problems, {"instead": _instead(p, group, slope)})
            yield Guess((), None, group, slope, left / size)
    for spots in _spots(edges):
        for named in plain:
            left = _left(edges.problems, {"scales": dict.fromkeys(spots, named.value)})
            yield Guess(spots, named, (), None, left / size)


def _left(problems: Sequence[Problem], mistake: dict[str, Any]) -> float:
    p = problems[0]
    if misses(problems, p.tape, **mistake):
        return np.inf
    pairs = zip(swept(p.tape, **mistake).gradient, p.right.gradient, strict=True)
    rest = p.target - along(p.directions, [a - b for a, b in pairs])
    left = float(np.sqrt(rest @ rest))
    return left if np.isfinite(left) else np.inf  # a slope may have no value here


def _spots(edges: Edges) -> Iterator[tuple[Spot, ...]]:
    """Spots on one line of code, or in a loop, that occur more than once."""
    occurs: dict[Spot, int] = {}
    for one in edges.problems[0].met:
        occurs[one.spot] = occurs.get(one.spot, 0) + 1
    lines: dict[tuple, list[Spot]] = {}
    for spot, term in edges.terms.items():
        inner = next(iter(frames(term.operation.eqns[-1])), None) if term.operation.eqns else None
        lines.setdefault((inner, term.operation.name, spot[1]), []).append(spot)
    for group in lines.values():
        if sum(occurs.get(s, 0) for s in group) > 1:
            yield tuple(group)
            yield from ((s,) for s in group if len(group) > 1 and occurs.get(s, 0) > 1)


def _units(p: Problem) -> Iterator[tuple[Unit, ...]]:
    """Units of one line of code, or in a loop, that occur more than once."""
    lines: dict[tuple, list[tuple[Unit, int]]] = {}
    for unit, found in p.units.items():
        inner = next(iter(frames(found[0].operation.eqns[-1])), None)
        length = len(unit.last), unit.first == unit.last
        key = (inner, found[0].operation.name, unit.operand, length)
        lines.setdefault(key, []).append((unit, len(found)))
    for group in lines.values():
        if sum(n for _, n in group) > 1:
            yield tuple(unit for unit, _ in group)
            yield from ((unit,) for unit, n in group if len(group) > 1 and n > 1)


def _instead(p: Problem, group: tuple[Unit, ...], slope: Slope) -> dict[int, tuple[int, Any]]:
    found, numbers = p.units, p.tape.numbers
    ats = [at for unit in group for at in found.get(unit, []) if unit.operand < 0]
    wrong = lambda at: slope.of(numbers[at.enters], numbers[at.leaves])
    return {at.leaves: (at.enters, wrong(at)) for at in _outermost(ats)}


def _outermost(ats: list[At]) -> list[At]:
    """One for each number that comes out: the nearest root."""
    nearest: dict[int, At] = {}
    for at in ats:
        kept = nearest.get(at.leaves)
        if kept is None or at.enters > kept.enters:
            nearest[at.leaves] = at
    return list(nearest.values())


def _wrong(p: Problem, guess: Guess) -> list:
    if guess.slope is not None:
        return swept(p.tape, instead=_instead(p, guess.group, guess.slope)).gradient
    assert guess.factor is not None
    return swept(p.tape, dict.fromkeys(guess.spots, guess.factor.value)).gradient


def _explained(edges: Edges, guess: Guess) -> Explanation | None:
    worst = 0.0
    for p in edges.problems:
        again = lambda q: _wrong(q, guess)
        worst = max(worst, p.residual(again(p), again))
        if not worst <= 1.0:
            return None
    if guess.slope is not None:
        at = edges.problems[0].units[guess.group[0]][0]
        right = right_slope(edges.problems, guess.group[0])
        return said_of(
            edges.problems, at, guess.slope.formula, worst, right, ", wherever it is run"
        )
    return _of_spots(edges, guess, worst)


def _of_spots(edges: Edges, guess: Guess, residual: float) -> Explanation:
    assert guess.factor is not None
    term, c = edges.terms[guess.spots[0]], guess.factor.value
    return Explanation(
        kind="dropped path" if c == 0.0 else "edge",
        term=f"{term}, wherever it is run",
        mistake=in_words(c, guess.factor),
        location=term.place.location,
        source=term.place.text,
        remedy=remedy_of(term, c),
        factor=c,
        residual=residual,
        leaves=wrong_leaves(edges.problems),
    )
