"""The rows of an atlas as a document, as tables, and beside another atlas."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .rows import ABSENT, CRASH, SLOW, Row

DECIDED = ("correct", "inaccurate", "wrong", "rejected")
Document = Mapping[str, Any]


def document(library: str, version: str, rows: Iterable[Row]) -> dict[str, Any]:
    """What is committed: the rows that are judged, and the functions that are not, with the reason.

    Seconds are left out: they are the machine's.
    """
    every = list(rows)
    there = [row for row in every if row.dtype and row.verdict != ABSENT]
    kept = [{k: v for k, v in row.told().items() if k != "seconds"} for row in there]
    silent = {row.name: row.reason for row in every if not row.dtype}
    absent = [[row.name, row.dtype, row.reason] for row in every if row.verdict == ABSENT]
    made = {"library": library, "version": version, "rows": kept, "not judged": silent}
    return made | ({ABSENT: absent} if absent else {})


def markdown(atlas: Document) -> str:
    """Counts, the table of modules, what is not correct, and all functions."""
    head = f"# {atlas['library']} {atlas['version']}: its own derivatives, judged"
    counts = table(("dtype", "functions", *VERDICTS), _counts(atlas))
    unjudged = len(atlas["not judged"])
    absent = atlas.get(ABSENT, ())
    parts = [
        f"{head}\n\nMade by `refnet atlas {atlas['library']}`; not edited by hand.",
        f"{counts}\n\n{unjudged} more public functions have no real derivative, or take arguments "
        "that no family has.",
        "## What can be judged, and how\n" + modules(atlas),
        "## Not correct\n" + table(("function", "dtype", "verdict", "why"), _others(atlas)),
        *(
            ["## Not in every dtype\n" + table(("function", "dtype", "it says"), _bare(absent))]
            * bool(absent)
        ),
        "## All\nVerdict and worst error in budgets.\n\n" + _all(atlas),
    ]
    return "\n\n".join(parts) + "\n"


VERDICTS = (*DECIDED, "undecided", SLOW, CRASH)


def _counts(atlas: Document) -> list[tuple]:
    dtypes = dict.fromkeys(row["dtype"] for row in atlas["rows"])
    counted = {d: Counter(r["verdict"] for r in atlas["rows"] if r["dtype"] == d) for d in dtypes}
    return [(d, c.total(), *(c[v] for v in VERDICTS)) for d, c in counted.items()]


def modules(atlas: Document) -> str:
    """Module by module: how many functions, proven or measured, and how many are not decided.

    That is in the first dtype; of every other one how many are decided.
    """
    first, *others = dict.fromkeys(row["dtype"] for row in atlas["rows"])
    rows = [row for row in atlas["rows"] if row["dtype"] == first]
    lines = []
    for module in dict.fromkeys(_module(row["name"]) for row in rows):
        mine = [row for row in atlas["rows"] if _module(row["name"]) == module]
        here, decided = _decided(mine, first)
        proven = [row for row in decided if row["oracle"] == "ball"]
        counts = len(proven), len(decided) - len(proven), len(here) - len(decided)
        more = (" of ".join(str(len(x)) for x in _decided(mine, d)[::-1]) for d in others)
        lines.append((f"`{module}`", len(here), *counts, *more))
    head = "module", "functions", "proven", "measured", "not decided"
    return table((*head, *(f"decided in {dtype}" for dtype in others)), lines)


def _decided(rows: list, dtype: str) -> tuple[list, list]:
    """Those in a dtype, and the decided among them."""
    here = [row for row in rows if row["dtype"] == dtype]
    return here, [row for row in here if row["verdict"] in DECIDED]


def _module(name: str) -> str:
    """The first two words, three below jax.scipy and jax.numpy."""
    words = name.split(".")[:-1]
    return ".".join(words[:3])


def _others(atlas: Document) -> list[tuple]:
    return [
        (f"`{row['name']}`", row["dtype"], row["verdict"], row["reason"].replace("|", "\\|"))
        for row in atlas["rows"]
        if row["verdict"] != "correct"
    ]


def _bare(absent: Iterable[Sequence[str]]) -> list[tuple]:
    return [(f"`{name}`", dtype, said.replace("|", "\\|")) for name, dtype, said in absent]


def _all(atlas: Document) -> str:
    dtypes = list(dict.fromkeys(row["dtype"] for row in atlas["rows"]))
    known = {(row["name"], row["dtype"]): row for row in atlas["rows"]}
    names = dict.fromkeys(row["name"] for row in atlas["rows"])
    lines = []
    for name in names:
        here = [known.get((name, dtype)) for dtype in dtypes]
        first = next(row for row in here if row)
        lines.append((f"`{name}`", first["arguments"], *map(_cell, here), first["oracle"]))
    return table(("function", "at", *dtypes, "oracle"), lines)


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return row["verdict"] + ("" if row["budgets"] is None else f" {row['budgets']:.2g}")


def table(head: Sequence[str], lines: Iterable[Sequence]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def changes(before: Document, after: Document) -> list[str]:
    """A line for each verdict that is another, and each function that came or went."""
    old, new = ({(r["name"], r["dtype"]): r for r in a["rows"]} for a in (before, after))
    asked = {dtype for _, dtype in new}
    found = []
    for key in sorted(old.keys() | new.keys()):
        name, dtype = key
        if dtype not in asked:
            continue
        was, now = (rows[key]["verdict"] if key in rows else None for rows in (old, new))
        if was != now:
            found.append(f"{name} in {dtype}: {was or 'not there'} -> {now or 'gone'}")
    return found
