"""The comparison of checkers as tables: one per function, the same for every kind of page."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]
UNMEASURED = {"not run", "no answer"}
LEGEND = (
    "The number is the smallest error of one single entry that is noticed, relative to the root "
    "mean square of its array; errors were planted at powers of ten, from 10⁻¹⁶ to 10³.",
    "refused: a correct gradient is refused, so that nothing said there means anything.",
    "never: not even an error of 1,000 times the root mean square is noticed.",
    "*: SciPy gives a number and no verdict, so an error counts as noticed where it doubles "
    "the number; a number over half of the gradient itself counts as a refusal.",
    "–: not measured; the reason stands below the table.",
)
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ordered(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Function by function, size by size, each with all checkers: the groups' rows together."""
    rows = list(rows)
    places = {(row["function"], row["size"]): None for row in rows}
    at = lambda row: (row["function"], row["size"])
    return tuple(row for place in places for row in rows if at(row) == place)


class Cell(NamedTuple):
    """What is printed, and how it is to be taken: good, bad, blind, open or none."""

    text: str
    kind: str


class Table(NamedTuple):
    """One function: (dtype, size) by column, a checker by line."""

    function: str
    dtypes: tuple[str, ...]
    sizes: tuple[int, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: tuple[str, ...]


def grids(rows: Iterable[Row]) -> list[Table]:
    """One table for each function, in the order of the rows."""
    rows = list(rows)
    named = lambda key, some: tuple(dict.fromkeys(row[key] for row in some))
    return [
        _grid(function, [row for row in rows if row["function"] == function])
        for function in named("function", rows)
    ]


def _grid(function: str, rows: list[Row]) -> Table:
    named = lambda key: tuple(dict.fromkeys(row[key] for row in rows))
    at = {(row["checker"], row["dtype"], row["size"]): row for row in rows}
    sizes = tuple(sorted(named("size")))
    columns = [(dtype, size) for dtype in named("dtype") for size in sizes]
    lines = tuple(
        (checker, tuple(cell(at.get((checker, *column))) for column in columns))
        for checker in named("checker")
    )
    return Table(function, named("dtype"), sizes, lines, tuple(_notes(rows, named("dtype"))))


def cell(row: Row | None) -> Cell:
    """The one word or number for a row; a row that is missing is said to be."""
    if row is None or row["correct"] in UNMEASURED:
        return Cell("–", "none")
    if row["correct"] == "refused":
        return Cell("refused", "bad")
    if row["correct"] == "undecided":
        return Cell("undecided", "open")
    text, kind = _noticed(float(row["smallest"]))
    if row["correct"] == "no verdict":
        return Cell(f"{text} *", kind)
    if row["correct"] == "sometimes refused":
        return Cell(f"{row['refused']} of {row['points']} refused, {text}", "bad")
    return Cell(text, kind)


def _noticed(smallest: float) -> tuple[str, str]:
    if math.isinf(smallest):
        return "never", "blind"
    exponent = round(math.log10(smallest))
    text = f"10{str(exponent).translate(SUPERSCRIPTS)}" if exponent else "1"
    return text, "blind" if exponent >= 0 else "good"


def _notes(rows: list[Row], dtypes: tuple[str, ...]) -> Iterator[str]:
    """checker, where: why it was not measured; the same reason for all dtypes is said once."""
    found: dict[tuple[str, str, str], dict[int, list[str]]] = {}
    for row in rows:
        if row["correct"] in UNMEASURED:
            key = row["checker"], row["correct"], row["note"]
            found.setdefault(key, {}).setdefault(row["size"], []).append(row["dtype"])
    for (checker, correct, note), places in found.items():
        everywhere = all(tuple(held) == dtypes for held in places.values())
        held = {dtype: None for names in places.values() for dtype in names}
        sizes = ", ".join(f"{size:,}" for size in places)
        where = f"n = {sizes}" if everywhere else f"n = {sizes}, {', '.join(held)}"
        yield f"{checker}, {where}: {correct}, {note}."


def tables(rows: Iterable[Row]) -> list[tuple[str, list[str], tuple[str, ...]]]:
    """(title, the table as lines of Markdown, notes) of each function."""
    return [(grid.function.capitalize(), _markdown(grid), grid.notes) for grid in grids(rows)]


def _markdown(grid: Table) -> list[str]:
    columns = [f"{dtype}, n = {size:,}" for dtype in grid.dtypes for size in grid.sizes]
    head = ["checker", *columns]
    body = [[checker, *(cell.text for cell in cells)] for checker, cells in grid.lines]
    return ["| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *body)]
