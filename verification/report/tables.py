"""Tables: sections of the report that are rows under headings, all rendered alike.

A row is a flat mapping with an entry for each column.  Where it also has `act`, that sentence says
what somebody must do about it: the row is listed among those, and the report has not passed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .heat import Heat

TEXT, NUMBER, VERDICT = "text", "number", "verdict"
CODE, FORMULA, WORDS = "code", "formula", "words"


class Column(NamedTuple):
    """Where its entries stand in a row, what it is headed by, and how an entry is set."""

    key: str
    title: str
    kind: str = TEXT


class Table(NamedTuple):
    """One section: rows under columns, in groups where `group` names a key of the rows."""

    id: str
    title: str
    lead: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Any], ...]
    group: str = ""
    notes: tuple[str, ...] = ()
    heat: Heat | None = None  # how it is set as a grid, where its rows are many and alike


def table_row(table: Table) -> dict[str, Any]:
    """The table as the document has it.  Raises ValueError for a row without one of its entries."""
    for row in table.rows:
        missing = [column.key for column in table.columns if column.key not in row]
        if missing:
            raise ValueError(f"a row of the table {table.id!r} has no {missing[0]!r}: {dict(row)}")
    return table._asdict()


def groups(table: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """(group, its rows) in the order of their first rows; one group without a name otherwise."""
    found: dict[str, list] = {}
    for row in table["rows"]:
        found.setdefault(str(row[table["group"]]) if table["group"] else "", []).append(row)
    return list(found.items())


def shown(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The columns that are set in a group's table: not the one that names the group."""
    return [column for column in table["columns"] if column["key"] != table["group"]]


def verdicts(table: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """How often each verdict stands in the first verdict column of these rows."""
    keys = [column["key"] for column in table["columns"] if column["kind"] == VERDICT]
    found: dict[str, int] = {}
    for row in rows if keys else ():
        found[row[keys[0]]] = found.get(row[keys[0]], 0) + 1
    return sorted(found.items())


def acts(tables: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """(id of the table, name of the row, what to do) for every row that asks for it."""
    return [
        (table["id"], name_of(table, row), row["act"])
        for table in tables
        for row in table["rows"]
        if row.get("act")
    ]


def name_of(table: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """The row in words: its texts up to the first entry that is none."""
    words = []
    for column in table["columns"]:
        if column["kind"] not in (TEXT, CODE):
            break
        words.append(str(row[column["key"]]))
    return ", ".join(filter(None, words)) or table["title"]
