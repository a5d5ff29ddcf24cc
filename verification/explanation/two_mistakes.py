"""Two mistakes at once, of which one at least is a wrong slope.

The first is guessed by a leaf that it explains alone, or by what it leaves to one edge; it is built
into the tape, and the rest of the answer is explained as any answer is.
"""

from dataclasses import replace
from functools import partial

from ..arithmetic.tape import Wrong
from ..vocabulary import Explanation
from .arrows import wrong_pullback
from .edges import Edges, described, one_edge
from .first_of_two import First, firsts
from .problem import Problem
from .slope_values import value_of
from .slopes import right_slope, said_of, wrong_slope

FIRSTS = 6  # that are tried


def two_mistakes(edges: Edges) -> list[Explanation]:
    """Two explanations that hold together, or none."""
    problems = edges.problems
    met = [p.units for p in problems]
    likeliest = sorted(firsts(edges), key=lambda f: f.left)
    for first in list(dict.fromkeys(likeliest))[:FIRSTS]:
        rest = [replace(p, given=partial(_given, first=first), plain=p) for p in problems]
        if not any(rest[0].wrong):
            continue
        second = _second(rest)
        if second is not None:
            return [_one_of_two(_said(edges, met, first, second)), _one_of_two(second)]
    return []


def _second(rest: list[Problem]) -> Explanation | None:
    for stage in (
        lambda: one_edge(Edges(rest)),
        lambda: wrong_slope(rest),
        lambda: wrong_pullback(rest),
    ):
        found = stage()
        if found and found[0].fits:
            return found[0]
    return None


def _given(p: Problem, first: First) -> Wrong:
    if first.slope is None:
        assert first.spot is not None
        return Wrong(scales={first.spot: first.factor})
    guess, found = first.slope, p.units.get(first.slope.unit, [])
    if guess.unit.operand < 0:
        wrong = {at.leaves: (at.enters, value_of(guess.slope, p, at)) for at in found}
        return Wrong(instead=wrong)
    k = guess.unit.operand
    return Wrong(slopes={(at.operation.outs[0], k): value_of(guess.slope, p, at) for at in found})


# --- in words -------------------------------------------------------------------------------------


def _said(edges: Edges, met, first: First, second: Explanation) -> Explanation:
    if first.slope is None:
        assert first.spot is not None
        return replace(
            described(edges, first.spot, first.factor), residual=second.residual, fits=True
        )
    at = next(found[first.slope.unit][0] for found in met if first.slope.unit in found)
    right = right_slope(edges.problems, first.slope.unit)
    return said_of(edges.problems, at, first.slope.slope.formula, second.residual, right)


def _one_of_two(one: Explanation) -> Explanation:
    return replace(one, mistake=f"{one.mistake} (one of two mistakes)")
