"""A section: tasks that make its rows, and the tables that they are set in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..document import Figure
from ..explained import Worked
from ..tables import Table

Rows = list[dict[str, Any]]


class Part(NamedTuple):
    """What one task found; the seconds of single rows are no part of the document."""

    rows: Rows
    seconds: Mapping[str, float] = {}
    worked: tuple[Worked, ...] = ()
    figures: tuple[Figure, ...] = ()


class Section(NamedTuple):
    """parts: the names of its tasks; work(part, seed, quick); tables(what the parts found)."""

    parts: Sequence[str]
    work: Callable[[str, int, bool], Part]
    tables: Callable[[Mapping[str, Part]], tuple[Table, ...]]


def together(parts: Mapping[str, Part]) -> Rows:
    """The rows of all parts, in the order of the parts."""
    return [row for part in parts.values() for row in part.rows]


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
