"""The gates that people use, beside refnet: the counts that benchmarks.gates wrote last."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..tables import NUMBER, Column, Table
from .section import Part, Section, together

RECORD = Path(__file__).resolve().parents[3] / "benchmarks" / "gates.json"
COLUMNS = (
    Column("gate", "Gate"),
    Column("dtype", "Dtype"),
    Column("size", "Numbers"),
    Column("passed", "Wrong ones passed", NUMBER),
    Column("of_wrong", "of", NUMBER),
    Column("refused", "Right ones refused", NUMBER),
    Column("of_right", "of", NUMBER),
    Column("open", "No answer", NUMBER),
)
LEAD = (
    "What other projects use as a gate for a gradient, with their own tolerances, on the same "
    "planted mistakes and the same right gradients."
)
ALARM = "refnet refused a right gradient"


def work(part: str, seed: int, quick: bool) -> Part:
    """One row for each gate and dtype; none where the record has not been made."""
    return Part([row(one) for one in record().get("counts", [])])


def record() -> dict[str, Any]:
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def row(one: Mapping[str, Any]) -> dict[str, Any]:
    names = {"passed": "passed", "of_wrong": "wrong", "refused": "refused", "of_right": "right"}
    cells = {key: one[name] for key, name in names.items()} | {"open": one["no answer"]}
    size = f"{one['size']:,}" if one["size"] else "few"
    found = {"gate": one["gate"], "dtype": one["dtype"], "size": size, **cells}
    return found | {"act": ALARM} if one["gate"] == "refnet" and one["refused"] else found


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows = together(parts)
    if not rows:
        return ()
    how = record().get("how", {})
    where = f"{', '.join(how['derivations'])}, at {how['cases']} cases"
    note = f"One mistake in {how['every']} of {where}."
    return (Table("gates", "Gates of others", LEAD, COLUMNS, tuple(rows), "gate", (note,)),)


SECTION = Section(("gates",), work, tables)
