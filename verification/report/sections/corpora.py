"""Other people's code in two corpora: right spellings, and mistakes that only edges show."""

from collections.abc import Mapping
from typing import Any

from ..heat import Heat
from ..records import FOLDER as RECORDS
from ..records import how, record
from ..tables import NUMBER, Column, Table
from .section import Part, Section

SPELLINGS, EDGES = "spellings", "edge faults"
COLUMNS = {
    SPELLINGS: (
        Column("function", "Function"),
        Column("dtype", "Dtype"),
        Column("spellings", "Spellings", NUMBER),
        Column("verdicts", "Verdicts", NUMBER),
        Column("refused", "Refused", NUMBER),
        Column("undecided", "Undecided", NUMBER),
        Column("worst", "Worst, in budgets", NUMBER),
    ),
    EDGES: (
        Column("kind", "Mistake"),
        Column("dtype", "Dtype"),
        Column("mistakes", "Planted", NUMBER),
        Column("caught", "Caught", NUMBER),
        Column("accepted", "Right twins accepted", NUMBER),
    ),
}
TITLES = {
    SPELLINGS: ("spellings", "Right gradients by many hands"),
    EDGES: ("edge-faults", "Mistakes that only an edge shows"),
}
LEADS = {
    SPELLINGS: "One function written in many right ways (NumPy, SciPy, PyTorch, scikit-learn, "
    "loops, JAX; from the output or the input, fused or composed), at draws and at large scales.",
    EDGES: "Wrong at one point alone: 0/0, overflow, a tie counted twice, a duplicate overwritten, "
    "a mask by the output, a limit forgotten. Judged by default arguments, beside right twins.",
}
HEATS = {
    SPELLINGS: Heat("function", ("dtype",), "worst", ("worst",)),
    EDGES: Heat("kind", ("dtype",), "", ("caught", "mistakes")),
}
REFUSED = "a right gradient was refused"
MISSED = "a mistake was missed, or its right twin refused"


def work(part: str, seed: int, quick: bool) -> Part:
    """The rows that benchmarks.spellings and benchmarks.edge_faults wrote last."""
    found = record(part.replace(" ", "_"), RECORDS).get("rows", [])
    return Part([ROWS[part](one) for one in found])


def spelling_row(one: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"function": one["implementation"], "refused": one["false_alarms"]}
    kept = {key: one[key] for key in ("dtype", "spellings", "verdicts", "undecided", "worst")}
    return renamed | kept | ({"act": REFUSED} if one["false_alarms"] else {})


def edge_row(one: Mapping[str, Any]) -> dict[str, Any]:
    whole = one["mistakes"] == one["caught"] == one["accepted"]
    return dict(one) | ({} if whole else {"act": MISSED})


ROWS = {SPELLINGS: spelling_row, EDGES: edge_row}


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    return tuple(_table(name, part) for name, part in parts.items() if part.rows)


def _table(name: str, part: Part) -> Table:
    (key, title), note = (
        TITLES[name],
        how(name.replace(" ", "_"), record(name.replace(" ", "_"), RECORDS)),
    )
    return Table(key, title, LEADS[name], COLUMNS[name], tuple(part.rows), "", (note,), HEATS[name])


SECTION = Section((SPELLINGS, EDGES), work, tables)
