"""Naming the wrong term: how often it is named, and one finding in full.

The finding in full is a course's network whose bias gradient is averaged once too often.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...faults.averaged_bias import averaged, loss, sample
from ...judgement.validate import validate
from ..explained import Worked
from ..tables import NUMBER, Column, Table
from .section import Part, Section, together

CASES = 4
LINE, LEAF = 'parameters["b1"]', "parameters['b1']"  # what is to be named
WORKED_TITLE = "A course's network, its hidden bias averaged"
WORKED_LEAD = (
    "One finding in full. The backward pass of a course's two-layer network is right but for the "
    "gradient of the hidden bias, which is averaged over the batch a second time."
)


def worked_finding(seed: int, section: str, gradient: Callable = averaged) -> Worked:
    finding = validate(gradient, of=loss, args=sample, cases=CASES, seed=seed)
    lines, first = inspect.getsourcelines(loss)
    return Worked(section, WORKED_TITLE, WORKED_LEAD, finding, "".join(lines), first)


ID = "naming"
SCORES = Path(__file__).resolve().parents[3] / "benchmarks" / "explain.json"
WORKED = "a worked finding"
COLUMNS = (
    Column("mistakes", "Mistakes at once"),
    Column("lines", "Lines of the function", NUMBER),
    Column("equations", "Equations at most", NUMBER),
    Column("planted", "Planted", NUMBER),
    Column("named", "Line named", NUMBER),
    Column("first", "As the first", NUMBER),
    Column("misled", "Another line named", NUMBER),
)
LEAD = (
    "For a wrong gradient the suite looks for the term that makes it wrong: the leaf, the local "
    "derivative in the function's own source, the slope, or a mistake of the catalogue. An "
    "explanation fits if what it leaves is below the rounding budget at every entry of every case; "
    "otherwise it is listed as the closest. The table is about new functions: straight-line "
    "programs drawn at random, with wrong local derivatives planted in them."
)
MISSING = "How often the term is named has not been measured here; make calibrate measures it."


def work(part: str, seed: int, quick: bool) -> Part:
    one = worked_finding(seed, ID)
    return Part([row_of(one)], worked=(one,))


def row_of(one: Worked) -> dict[str, Any]:
    """The worked finding beside the others: the averaged bias, and nothing else, is named."""
    said = [e for e in one.finding.explanation if e.fits and e.location]
    named = [LINE in e.source and e.leaves == (LEAF,) for e in said]
    counts = {"named": sum(named), "first": int(named[:1] == [True]), "misled": named.count(False)}
    row = {"mistakes": "one, shown below", "lines": one.source.count("\n"), "equations": None}
    row |= {"planted": 1} | counts
    return row if counts["first"] else row | {"act": "the averaged bias was not named"}


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    found = scores()
    rows = (*together(parts), *map(row, found.get("programs", [])))
    return (Table(ID, "Naming the wrong term", LEAD, COLUMNS, rows, notes=notes(found)),)


def scores() -> dict[str, Any]:
    """What benchmarks/explain.py wrote last; empty where it is not there."""
    return json.loads(SCORES.read_text("utf-8")) if SCORES.exists() else {}


def row(tally: Mapping[str, Any]) -> dict[str, Any]:
    kept = {column.key: tally[column.key] for column in COLUMNS[1:]}
    return {"mistakes": {"single": "one", "double": "two"}[tally["kind"]], **kept}


def notes(found: Mapping[str, Any]) -> tuple[str, ...]:
    if not found:
        return (MISSING,)
    known = found["catalogue"]
    explained = sum(one["explained"] for one in known)
    located = sum(one["located"] for one in known)
    return (
        f"Of {len(known):,} wrong twins of the derivations {explained:,} are explained within "
        f"rounding, {located:,} of them at a line. Measured by make calibrate. A mistake that no "
        "case shows beyond its budget does not count as planted.",
    )


SECTION = Section((WORKED,), work, tables)
