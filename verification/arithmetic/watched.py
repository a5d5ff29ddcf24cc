"""Whether underflow has added anything to a bound: a format that tells who has asked for it.

Where it has added nothing anywhere, a walk without underflow comes to the same numbers, one by one.
A rule that reads `tiny` of a watched format may have added it: from then on underflow is seen.  A
rule that looks itself at what came of it reads `smallest`, and says so by `added`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .formats import Format
from .namespaces import is_traced

T = TypeVar("T")


class Watched(Format):
    """Like no other format, so that nothing is found that an unwatched walk has remembered."""

    seen = False

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object, /) -> bool:
        return self is other

    def __ne__(self, other: object, /) -> bool:
        return self is not other

    @property
    def tiny(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.seen = True
        return smallest(self)


def smallest(target: Format) -> float:
    """The smallest normal number, for a rule that says by `added` what came of it."""
    return target[2]  # by its place: the name would be told


def added(target: Format, before: Any, after: Any, exact: Any = False) -> None:
    """A bound before and after underflow; where it is `exact`, neither of them counts."""
    if isinstance(target, Watched) and not target.seen:
        if not (unknown := is_traced(before, after, exact)):
            unknown = ((after != before) & (before == before) & np.logical_not(exact)).any()
        target.seen = bool(unknown)


def alone(target: Format, find: Callable[[], T]) -> tuple[T, bool]:
    """find(), and whether underflow was seen in it: for what is remembered."""
    if not isinstance(target, Watched):
        return find(), False
    before, target.seen = target.seen, False
    found, seen = find(), target.seen
    target.seen = before
    return found, seen


def tell(target: Format, seen: bool) -> None:
    """That underflow was seen in what is remembered."""
    if isinstance(target, Watched):
        target.seen |= seen
