"""What is sure to be asked soon, found for many points in one walk, and kept until it is asked.

The flow of a verdict is one case after another.  Whoever knows the next cases says so here; what
their arithmetics raise is raised when they are asked alone.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from jax.extend.core import ClosedJaxpr

from ..arithmetic.bounds import bounds
from ..arithmetic.formats import format_of
from ..arithmetic.noise import DRAWS
from ..oracles.work import products
from ..vocabulary import Silent
from .budget import Budget, budgets_at, running, traced
from .together import Walk, alone, walks

KEPT = 128  # answers that nobody has asked for yet
RANGE = 1e30  # of a format in which points of any two scales may be drawn together
SMALL = 2**31  # products of all draws of a point: what is larger is compiled
KNOWN: OrderedDict[tuple, Any] = OrderedDict()
Asked = tuple[ClosedJaxpr, list]


def budgets_ahead(gradient: Callable, points: Sequence[tuple], dtype: str) -> None:
    """The budgets of gradient at the points, which budget_at will be asked for."""
    _ahead("budget", [traced(gradient, args) for args in points], dtype, budgets_at)


def bounds_ahead(asked: Sequence[Asked], dtype: str) -> None:
    """Values and running bounds of programs, which bounds_of will be asked for."""
    _ahead("bounds", asked, dtype, bounds_at)


def budget_known(gradient: Callable, args: tuple, dtype: str) -> Budget | None:
    """The budget, where it was found ahead; it is given once."""
    return KNOWN.pop(_key("budget", traced(gradient, args), dtype), None) if KNOWN else None


def bounds_of(program: ClosedJaxpr, leaves: list, dtype: str) -> list[tuple]:
    """Value and running bound of every output."""
    known = KNOWN.pop(_key("bounds", (program, leaves), dtype), None) if KNOWN else None
    return known or bounds_at(program, alone(program, leaves), dtype)[0]


def bounds_at(program: ClosedJaxpr, walk: Walk, dtype: str) -> list[list[tuple]]:
    return walk.each(running(walk.program, walk.leaves, bounds(format_of(dtype))))


def _ahead(what: str, asked: Iterable[Asked], dtype: str, answers: Callable) -> None:
    if format_of(dtype).largest < RANGE:
        return
    points: dict[int, tuple[ClosedJaxpr, list]] = {}
    for program, leaves in asked:
        points.setdefault(id(program), (program, []))[1].append(leaves)
    for program, of_it in points.values():
        if products(program) * DRAWS < SMALL:
            for walk in walks(program, of_it):
                _keep(what, program, walk, dtype, answers)


def _keep(what: str, program: ClosedJaxpr, walk: Walk, dtype: str, answers: Callable) -> None:
    if not walk.is_joined:
        return
    try:
        found = answers(program, walk, dtype)
    except Silent:  # at one of them, perhaps: each says so itself
        return
    for leaves, answer in zip(walk.points, found, strict=True):
        KNOWN[_key(what, (program, leaves), dtype)] = answer
        if len(KNOWN) > KEPT:
            KNOWN.popitem(last=False)


def _key(what: str, asked: Asked, dtype: str) -> tuple:
    program, leaves = asked
    return what, program, dtype, tuple(x.tobytes() for x in leaves)
