"""Cases that are asked next: what rounding does there is found for many of them in one walk.

A case and its cotangent are drawn here as they are drawn again when the case is asked, from a
generator in the same state.  What raises here raises there, and is said there.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import jax
import numpy as np

from ..measurement.ahead import bounds_ahead, budgets_ahead
from ..measurement.evaluation import held
from ..measurement.subject import Subject
from ..measurement.together import AT_ONCE
from ..vocabulary import Case

SMALL = 2**16  # numbers of a point; larger ones are drawn when they are asked
T = TypeVar("T")
Streams = Iterable[np.random.Generator]


def chunks(items: Iterable[T], case: Callable[[T], Any] = lambda item: item) -> Iterator[list[T]]:
    """The items, as many at a time as their cases are looked at together."""
    items = iter(items)
    for first in items:
        more = AT_ONCE - 1 if _size(case(first)) <= SMALL else 0
        yield [first, *islice(items, more)]


def _size(case: Case) -> int:
    return sum(np.size(leaf) for leaf in jax.tree.leaves(case.args))


def budgets(subject: Subject, cases: Iterable[Case], streams: Streams) -> None:
    """The cases will be proven, with cotangents from these streams."""
    asked: dict[bool, list[tuple]] = {}
    for case, rng in zip(cases, streams, strict=True):
        try:
            here = held(case, subject.dtype, subject.argnums)
            cotangent = None if here is None else subject.cotangent(here.args, rng)
        except Exception:  # somebody's function: said when it is asked
            continue
        if here is not None:
            scalar = cotangent is None
            args = here.args if scalar else (*here.args, cotangent)
            asked.setdefault(scalar, []).append(args)
    for scalar, points in asked.items():
        for reference in subject.references(scalar):
            budgets_ahead(reference, points, subject.dtype)


def bounds(subject: Subject, cases: Iterable[Case], streams: Streams) -> None:
    """The cases will be weighed, with cotangents from these streams."""
    questions = []
    for case, rng in zip(cases, streams, strict=True):
        try:
            with np.errstate(all="ignore"):
                cotangent = subject.cotangent(case.args, rng)
                questions.append(subject.question(case.args, cotangent))
        except Exception:  # somebody's function, where it was never meant to go
            continue
    bounds_ahead([(q.program, q.leaves) for q in questions], subject.dtype)
