"""Larger sizes side by side, as benchmarks.peers_by_size has measured them."""

from collections.abc import Iterable
from typing import Any

from .peers import QUICK
from .records import how, record

NAME = "peers_by_size"


def rows(checkers: Iterable[str]) -> list[dict[str, Any]]:
    """All that is not measured in a run, of these checkers."""
    names = set(checkers)
    here = {(kind, size) for kind, sizes in QUICK.sizes.items() for size in sizes}
    return [
        row | {"smallest": None if row["smallest"] is None else float(row["smallest"])}
        for row in record(NAME).get("rows", ())
        if row["checker"] in names and (row["function"], row["size"]) not in here
    ]


def note() -> str:
    """What the reader must know of them; empty where there are none."""
    found = record(NAME)
    return f"The sum of 10 numbers was measured now. All else: {how(NAME, found)}" if found else ""
