"""Tables made ready for the page: an anchor for every row, its verdict and dtype, its grid."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from . import heat, tables

Table = Mapping[str, Any]
EXHIBITS = {  # tables that stand in an exhibit; every other one has a drawer of its own
    *("naming", "gates", "kill-table-peers", "experiments"),
    *("update-rules", "update-rules-arguments", "update-variants", "wrong-update-rules"),
}


class Placed(NamedTuple):
    """A row with what the page's search, filters and links go by."""

    id: str
    verdict: str
    dtype: str
    row: Mapping[str, Any]


def prepared(table: Table) -> dict[str, Any]:
    """The table with its shown columns, placed rows in groups, counts of verdicts and grid."""
    ids = anchors(table["id"], (tables.name_of(table, row) for row in table["rows"]))
    groups: dict[str, list[Placed]] = {}
    for id_, row in zip(ids, table["rows"], strict=True):
        name = str(row[table["group"]]) if table["group"] else ""
        groups.setdefault(name, []).append(placed(table, id_, row))
    return {
        **table,
        "shown": tables.shown(table),
        "groups": list(groups.items()),
        "verdicts": tables.verdicts(table, table["rows"]),
        "acting": any(row.get("act") for row in table["rows"]),
        "grid": heat.of_table(table) if table.get("heat") and table["rows"] else None,
    }


def placed(table: Table, id_: str, row: Mapping[str, Any]) -> Placed:
    keys = [column["key"] for column in table["columns"] if column["kind"] == tables.VERDICT]
    verdict = str(row[keys[0]]) if keys else ""
    return Placed(id_, verdict.replace(" ", "-"), str(row.get("dtype", "")), row)


def anchors(prefix: str, names: Iterable[str]) -> list[str]:
    """prefix-name for each; where a name comes again, -2, -3 and so on behind it."""
    met: dict[str, int] = defaultdict(int)
    found = []
    for name in names:
        one = f"{prefix}-{slug(name)}"
        met[one] += 1
        found.append(one if met[one] == 1 else f"{one}--{met[one]}")
    return found


def slug(name: str) -> str:
    """Letters, digits and single hyphens: what an address can hold."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "row"


def counted(rows: Iterable[Placed]) -> list[tuple[str, int]]:
    """How often each verdict is among the rows; none without a column of verdicts."""
    found: dict[str, int] = {}
    for one in rows:
        if one.verdict:
            found[one.verdict.replace("-", " ")] = found.get(one.verdict.replace("-", " "), 0) + 1
    return sorted(found.items())


def by_id(found: Iterable[Table]) -> Mapping[str, Any]:
    """id -> the prepared table; None for an id that is not there."""
    known: dict[str, Any] = defaultdict(lambda: None)
    known.update((table["id"], prepared(table)) for table in found)
    return known


def drawers(known: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [table for name, table in known.items() if table and name not in EXHIBITS]
