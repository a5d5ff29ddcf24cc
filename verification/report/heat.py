"""Heat maps: rows as a grid of cells, shaded by a number, marked by a verdict.

A number of budgets shades a cell in ten steps from 0 to 1; beyond 1 it is another color.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

STEPS = 9
OVER, NOTHING = "over", "h0"
Row = Mapping[str, Any]


class Heat(NamedTuple):
    """How a table is set as a grid: the key of its lines, of its columns, of shade and text."""

    line: str
    columns: tuple[str, ...]
    shade: str
    text: tuple[str, ...]


class Cell(NamedTuple):
    """What stands in a cell, its class, and what is said of it in words."""

    text: str
    shade: str
    verdict: str
    said: str
    dtype: str
    act: bool = False


class Line(NamedTuple):
    name: str
    cells: tuple[Cell | None, ...]

    @property
    def verdicts(self) -> str:
        return " ".join(dict.fromkeys(cell.verdict for cell in self.cells if cell and cell.verdict))

    @property
    def dtypes(self) -> str:
        return " ".join(dict.fromkeys(cell.dtype for cell in self.cells if cell and cell.dtype))


class Grid(NamedTuple):
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def shade(value: Any) -> str:
    """h0 to h9 for 0 to 1, `over` beyond it and for what is no number; h0 where there is none."""
    if value is None or value == "":
        return NOTHING
    number = float(value)
    if math.isnan(number) or number > 1.0:
        return OVER
    return f"h{math.ceil(STEPS * max(number, 0.0))}"


def grid(
    rows: Iterable[Row], line: str, columns: Sequence[str], cell: Callable[[Row], Cell]
) -> Grid:
    """One line for each value of `line`, one column for each of `columns`, in their first order."""
    rows = list(rows)
    at = {(str(row[line]), column_of(row, columns)): cell(row) for row in rows}
    heads = tuple(dict.fromkeys(column_of(row, columns) for row in rows))
    names = dict.fromkeys(str(row[line]) for row in rows)
    return Grid(heads, tuple(Line(n, tuple(at.get((n, head)) for head in heads)) for n in names))


def column_of(row: Row, columns: Sequence[str]) -> str:
    return ", ".join(printed(row[key]) for key in columns)


def printed(value: Any) -> str:
    """1,000, or words as they are; a float in two digits."""
    if isinstance(value, float):
        return short(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def short(value: Any) -> str:
    """.37 for 0.37, <.01 below it, 1.32, 3e13: as few letters as a cell has room for."""
    number = float(value)
    if not math.isfinite(number):
        return "∞" if math.isinf(number) else "NaN"
    if number >= 1000.0:
        return f"{number:.0e}".replace("e+0", "e").replace("e+", "e")
    if 0.0 < number < 0.995:
        return f"{number:.2f}".removeprefix("0") if number >= 0.005 else "<.01"
    return f"{number:.3g}"


def of_table(table: Row) -> Grid:
    """A table that says how it is set as a grid."""
    how = Heat(**{**table["heat"], "columns": tuple(table["heat"]["columns"])})
    titles = {column["key"]: column["title"] for column in table["columns"]}

    def cell(row: Row) -> Cell:
        said = "; ".join(f"{title}: {printed(row[key])}" for key, title in titles.items())
        text = " of ".join(printed(row[key]) for key in how.text)
        value = row[how.shade] if how.shade else None
        return Cell(text, shade(value), "", said, str(row.get("dtype", "")), bool(row.get("act")))

    return grid(table["rows"], how.line, how.columns, cell)


def of_derivations(rows: Iterable[Row]) -> Grid:
    """Derivations by dtype: the largest error in budgets, and the verdict."""

    def cell(row: Row) -> Cell:
        worst = row["worst"]["budgets"] if row["worst"] else None
        error = "no entry could be compared" if worst is None else f"{short(worst)} of its budget"
        said = f"{row['name']}, {row['dtype']}: {row['verdict']}, {error}"
        mark = "–" if worst is None else short(worst)
        return Cell(mark, shade(worst), row["verdict"], said, row["dtype"])

    return grid(rows, "name", ("dtype",), cell)


def of_digits(rows: Iterable[Row], curves: Mapping[tuple[str, str], Sequence[float]]) -> Grid:
    """Forms by dtype: the share of the inputs looked at where half of the digits are lost."""

    def cell(row: Row) -> Cell:
        ulps = curves.get((row["form"], row["dtype"]), ())
        share = sum(lost(y, row["dtype"]) >= 0.5 for y in ulps) / len(ulps) if ulps else None
        said = [
            f"{row['form']}, {row['dtype']}: up to {short(row['most'])} ulps lost, "
            f"{short(row['most_right'])} by the stable form"
        ]
        said += [region["sentence"] for region in row["regions"]]
        text = "–" if share is None else f"{100.0 * share:.0f} %"
        return Cell(text, shade(share), "", "; ".join(said), row["dtype"])

    return grid(rows, "form", ("dtype",), cell)


def of_gates(rows: Iterable[Row]) -> Grid:
    """Gates by dtype and size: how many wrong ones passed; shaded by their share.

    A gate that refuses a right one is beyond the ramp: what it says means little.
    """

    def cell(row: Row) -> Cell:
        if not row["of_wrong"]:
            return Cell("–", NOTHING, "", f"{row['gate']}, {row['dtype']}: not asked", row["dtype"])
        refused = f" !{row['refused']}" if row["refused"] else ""
        said = (
            f"{row['gate']}, {row['dtype']}, {row['size']} numbers: {row['passed']} of "
            f"{row['of_wrong']} wrong ones passed, {row['refused']} of {row['of_right']} right "
            "ones refused"
        )
        share = OVER if refused else shade(row["passed"] / row["of_wrong"])
        return Cell(
            f"{row['passed']}{refused}", share, "", said, row["dtype"], bool(row.get("act"))
        )

    return grid(rows, "gate", ("dtype", "size"), cell)


def of_variants(table: Row) -> Grid:
    """Update rules by library: how many variants of each it has; without libraries that have none.

    A cell is beyond the ramp where one is wrong, and shaded where one loses digits.  Another table
    of that name, whose lines are no rules, gives an empty grid.
    """
    if [column["key"] for column in table["columns"][:1]] != ["rule"]:
        return Grid((), ())
    libraries = [
        column["key"]
        for column in table["columns"][1:]
        if any(row[column["key"]] for row in table["rows"])
    ]

    def cell(said: str) -> Cell | None:
        if not said:
            return None
        bad = any(f"({verdict})" in said for verdict in ("wrong", "rejected"))
        step = OVER if bad else "h4" if "(inaccurate)" in said else "h1"
        return Cell(str(said.count(",") + 1), step, "", said, "", bad)

    lines = [Line(row["rule"], tuple(cell(row[lib]) for lib in libraries)) for row in table["rows"]]
    return Grid(tuple(libraries), tuple(line for line in lines if any(line.cells)))


DIGITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}


def lost(ulps: float, dtype: str) -> float:
    """log2 of the error in ulps over the digits of the format, at most 1: all are lost."""
    if not math.isfinite(ulps):
        return 1.0
    return min(max(math.log2(max(ulps, 1.0)) / (DIGITS[dtype] - 1), 0.0), 1.0)


def chunks(lines: Sequence[Line], count: int) -> list[Sequence[Line]]:
    """The lines in `count` runs of nearly equal length, none of them empty."""
    size = -(-len(lines) // count) or 1
    return [lines[k : k + size] for k in range(0, len(lines), size)]
