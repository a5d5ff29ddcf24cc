"""The whole kill table as it was last made: what survived, by derivation and dtype."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ..heat import Heat
from ..records import how, record
from ..tables import NUMBER, Column, Table
from .section import Rows

NAME = "kill_table"
COLUMNS = (
    Column("derivation", "Derivation"),
    Column("dtype", "Dtype"),
    Column("planted", "Planted", NUMBER),
    Column("caught", "Caught", NUMBER),
    Column("same", "The same function", NUMBER),
    Column("below", "Below the stated power", NUMBER),
    Column("survived", "Survived", NUMBER),
    Column("share", "Share that survived", NUMBER),
)
NOT_MADE = "not made here"  # the mistake cannot be made at the cases of this derivation
STATUS = {"caught": "caught", "the same function": "same", "below the stated power": "below"}
LEAD = (
    "Every mistake of the catalogue in every derivation, one at a time, as it was last made. A "
    "cell has how many were caught, of how many planted; the others are the same function, or move "
    "no entry by more than the stated power. A cell is red where one survived."
)
SURVIVED = "a planted mistake survived"


@cache
def rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(counted(record(NAME).get("kills", ())))


def counted(kills: Iterable[Mapping[str, Any]]) -> Rows:
    """One row for each derivation and dtype; a status that is not known counts as survived."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    zero = dict.fromkeys(("planted", "caught", "same", "below", "survived"), 0)
    for kill in (one for one in kills if one["status"] != NOT_MADE):
        head = {key: kill[key] for key in ("derivation", "dtype")}
        row = found.setdefault((*head.values(),), head | zero)
        row["planted"] += 1
        row[STATUS.get(kill["status"], "survived")] += 1
    return [
        row | {"share": row["survived"] and 2.0} | ({"act": SURVIVED} if row["survived"] else {})
        for row in found.values()
    ]


def table() -> Table:
    """The share is 0, or beyond the ramp: one survivor is one too many."""
    heat = Heat("derivation", ("dtype",), "share", ("caught", "planted"))
    columns = tuple(column for column in COLUMNS if column.key != "share")
    return Table(
        "kill-table-whole",
        "Kill table, every derivation",
        LEAD,
        columns,
        rows(),
        notes=(how(NAME, record(NAME)),),
        heat=heat,
    )
