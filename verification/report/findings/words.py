"""A finding's row in words: the lines that a person reads, wherever they are shown."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...vocabulary import ORACLES, Explanation, plural

Row = Mapping[str, Any]


def title(row: Row) -> str:
    """Who was judged, in which dtype; and against what, where one name has several."""
    against = row.get("against", "")
    of = f" of {against}" if against and ":" not in against else ""
    return f"{row['name']}{of} in {row['dtype']}"


def head(row: Row) -> str:
    return f"{title(row)}: {row['verdict']}"


def place(row: Row) -> str:
    """FILE.py:LINE; empty where nobody knows."""
    location = row.get("location") or {}
    return f"{location['file']}:{location['line']}" if location.get("file") else ""


def facts(row: Row) -> Iterator[tuple[str, str]]:
    """What is said of the row, as pairs of a caption and a sentence."""
    yield "Why", row["reason"]
    if row["worst"]:
        yield "Worst element", worst(row["worst"])
    for k, one in enumerate(explanations(row), 1):
        yield f"Explanation {k}", one
    yield "Judged", judged(row)
    yield "Power", power(row)
    if row.get("convention"):
        yield "At kinks", row["convention"]
    for note in row.get("notes", ()):
        yield "Note", note
    if row["reproduce"]:
        yield "Again", row["reproduce"]


def text(row: Row) -> str:
    """All of it, for a log."""
    return "\n".join([head(row), *(f"  {caption}: {said}" for caption, said in facts(row))])


def worst(entry: Row) -> str:
    where = f"{entry['leaf'] or 'the gradient'}{list(entry['index'])}"
    off = f"{number(entry['budgets'])} of its budget, {number(entry['ulps'])} ulp"
    radius = f" +- {number(entry['radius'])}" if entry["radius"] else ""
    return f"{where} is {entry['got']}, not {entry['expected']}{radius}: {off}, at {entry['case']}"


def power(row: Row) -> str:
    """The smallest error certain to be seen, leaf by leaf."""
    if not row["power"]:
        return "no error is certain to be seen"
    leaves = ", ".join(f"{leaf or 'gradient'} {number(p)}" for leaf, p in row["power"].items())
    return f"the smallest error certain to be seen, relative to the RMS of its leaf: {leaves}"


def judged(row: Row) -> str:
    known = ORACLES.get(row["oracle"], row["oracle"]) or "no oracle"
    within = f" within the {row['budget']}" if row["budget"] else ""
    skipped = f", {row['skipped']} of them only in part" if row["skipped"] else ""
    out = f"; {row['left_out']} left out, beyond the range" if row["left_out"] else ""
    return f"at {plural(row['cases'], 'case')}{skipped}, by {known}{within}{out}"


def explanations(row: Row) -> list[str]:
    """As a finding says them."""
    said = ({key: _typed(key, value) for key, value in one.items()} for one in row["explanation"])
    return [str(Explanation(**one)) for one in said]


def _typed(key: str, value: Any) -> Any:
    """JSON has lists for tuples, and texts for numbers that are not finite."""
    if isinstance(value, list):
        return tuple(value)
    return float(value) if key in ("factor", "residual") and value is not None else value


def number(value: float | str) -> str:
    """Three digits; nan and inf come as strings already."""
    return value if isinstance(value, str) else f"{value:.3g}"
