"""Every other kind of derivative: one row for each, from what its benchmark wrote last."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...selftest.kinds.subject import totals
from ..tables import NUMBER, Column, Table
from .section import Part, Section, together

RECORDS = Path(__file__).resolve().parents[3] / "benchmarks"
CORPORA, SECOND = "kinds", "second_order"
COLUMNS = (
    Column("kind", "Kind of derivative"),
    Column("right", "Right ones", NUMBER),
    Column("accepted", "Accepted", NUMBER),
    Column("undecided", "Undecided", NUMBER),
    Column("wrong", "Wrong ones", NUMBER),
    Column("caught", "Caught", NUMBER),
    Column("named", "Named", NUMBER),
)
TITLE = "Every kind of derivative"
LEAD = (
    "Beside first derivatives, backwards: the second derivative of every derivation of refnet and "
    "of the functions of jax.nn and jax.numpy; tangent rules; rules under vmap, jit and remat; "
    "functions given by an equation; derivatives that are meant to be others; random estimates "
    "that are right on average. Right and wrong ones, as people write them."
)
MISSED = "a right derivative was refused, or a wrong one accepted"
OPEN = ("undecided", "too slow", "crash")


def work(part: str, seed: int, quick: bool) -> Part:
    """The rows of one record; none where it has not been made."""
    record = RECORDS / f"{part}.json"
    return Part(ROWS[part](json.loads(record.read_text())) if record.exists() else [])


def corpus_rows(found: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each corpus."""
    kinds = dict.fromkeys(row["kind"] for row in found.values())
    of = lambda kind: [dict(row) for row in found.values() if row["kind"] == kind]
    return [
        told({"kind": kind, **totals(of(kind)), "undecided": _open(of(kind))}) for kind in kinds
    ]


def _open(rows: list[dict[str, Any]]) -> int:
    return sum(row["verdict"] in OPEN for row in rows)


def second_rows(found: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each dtype.  All are right, but for those that JAX has no second derivative of, and
    for what loses its digits once already.
    """
    rows = []
    for dtype in dict.fromkeys(key.rpartition(", ")[2] for key in found):
        mine = [
            row["second"]["verdict"]
            for key, row in found.items()
            if row and key.endswith(dtype) and not _not_right(row)
        ]
        open_ = sum(verdict in OPEN for verdict in mine)
        counts = {"right": len(mine), "accepted": mine.count("correct"), "undecided": open_}
        none = dict.fromkeys(("wrong", "caught", "named"))
        rows.append(told({"kind": f"second derivative in {dtype}", **counts, **none}))
    return rows


def _not_right(row: Mapping[str, Any]) -> bool:
    first, second = row["first"]["verdict"], row["second"]["verdict"]
    return second == "rejected" or first == second == "inaccurate"


def told(row: dict[str, Any]) -> dict[str, Any]:
    """With what is to be done where not all are told apart, or left open."""
    refused = row["right"] - row["accepted"] - row["undecided"]
    return row | ({"act": MISSED} if refused > 0 or row["wrong"] != row["caught"] else {})


ROWS = {SECOND: second_rows, CORPORA: corpus_rows}


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows = tuple(together(parts))
    return (Table("kinds", TITLE, LEAD, COLUMNS, rows, notes=notes()),) if rows else ()


def notes() -> tuple[str, ...]:
    """What became of right estimates at thousands of seeds, and of a small bias in each."""
    record = RECORDS / "estimators.json"
    found = json.loads(record.read_text()) if record.exists() else {}
    runs = [row for row in found.values() if "runs" in row]
    twins = [row for row in found.values() if "biased" in row]
    if not runs or not twins:
        return ()
    called = sum(row["alarms"] for row in runs)
    seen = sum(row["biased"] == "wrong" for row in twins)
    return (
        f"Right estimates were judged with {sum(row['runs'] for row in runs):,} seeds; {called} "
        f"were called wrong. A bias of 1 % of the RMS was found in {seen} of {len(twins)}.",
    )


SECTION = Section((SECOND, CORPORA), work, tables)
