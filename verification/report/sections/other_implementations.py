"""Other implementations: what the gradients of libraries, and programs of our own, are worth."""

from collections.abc import Mapping
from typing import Any

from .. import others, others_foreign
from ..tables import NUMBER, VERDICT, WORDS, Column, Table
from .section import Part, Rows, Section, together

FOREIGN = "programs"
CORRECT, WRONG = "correct", "wrong"
COURSE = {"a course's network, backward": CORRECT, "a course's network, summed": WRONG}
COLUMNS = (
    Column("library", "Library"),
    Column("implementation", "Implementation"),
    Column("function", "Gradient of"),
    Column("dtype", "Dtype"),
    Column("verdict", "Verdict", VERDICT),
    Column("power", "Power", NUMBER),
    Column("budgets", "Error in budgets", NUMBER),
    Column("worst", "Worst element"),
    Column("conventions", "Conventions"),
    Column("reason", "Why", WORDS),
)
LEAD = (
    "Gradients that other people's libraries compute, judged as anybody's would be; programs in C "
    "and JavaScript are our own, and asked over their standard input and output. A verdict here "
    "that is not correct says something of the library, or of its convention, not of refnet. "
    "A course's network, and its twin that forgets the mean, are there to be told apart."
)
RANGE = (
    "JAX's functions are asked over all normal numbers of float32, evenly in their exponents, "
    "where the digits that a formula loses far from 0 count as well."
)


def work(part: str, seed: int, quick: bool) -> Part:
    """The rows of one library, or of the programs."""
    made = others_foreign.rows(seed, quick) if part == FOREIGN else others.rows(seed, quick, part)
    seconds = {f"{row['implementation']}, {row['dtype']}": row["seconds"] for row in made}
    return Part([shown(row, part) for row in made], seconds)


def shown(row: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The row without its time; why it is correct is not said again in each."""
    kept = {column.key: row[column.key] for column in COLUMNS}
    wanted = CORRECT if part == FOREIGN else COURSE.get(row["implementation"])
    if row["verdict"] == CORRECT:
        kept["reason"] = ""
    if wanted and row["verdict"] != wanted:
        kept["act"] = f"it is {row['verdict']} and must be {wanted}: {row['reason']}"
    return kept


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows = together(parts)
    return (
        Table(
            "other-implementations",
            "Other implementations",
            LEAD,
            COLUMNS,
            tuple(rows),
            "library",
            notes(rows),
        ),
    )


def notes(rows: Rows) -> tuple[str, ...]:
    missing = [*others.absent(), *others_foreign.absent()]
    said = f"Not installed, and so not judged: {', '.join(missing)}." if missing else ""
    ranged = RANGE if any(row["library"] == "JAX" for row in rows) else ""
    return tuple(filter(None, (said, ranged)))


SECTION = Section((*others.LIBRARIES, FOREIGN), work, tables)
