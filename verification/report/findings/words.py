"""A finding's row in words: the parts of vocabulary/screen.py, read back from plain data."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from ...vocabulary import Explanation, Finding, Verdict, Worst
from ...vocabulary.example import read
from ...vocabulary.html import fragment
from ...vocabulary.screen import Screen, lines, screen, table
from ...vocabulary.screen import title as titled

Row = Mapping[str, Any]
FIELDS = {field.name for field in fields(Finding)} - {"sensitivity"}


def finding_of(row: Row) -> Finding:
    """The finding that the row is of; what only a row has is left out."""
    kept = {key: value for key, value in row.items() if key in FIELDS}
    listed = ("conventions", "notes")
    typed: dict[str, Any] = {key: tuple(kept[key]) for key in listed if key in kept}
    typed["verdict"] = Verdict(row["verdict"])
    typed["power"] = {leaf: float(power) for leaf, power in row["power"].items()}
    typed["worst"] = _worst(row["worst"]) if row["worst"] else None
    typed["heat"] = {
        leaf: tuple(tuple(map(float, row)) for row in rows)
        for leaf, rows in row.get("heat", {}).items()
    }
    typed["entries"] = tuple(map(_worst, row.get("entries", ())))
    typed["explanation"] = tuple(map(_explanation, row["explanation"]))
    typed["example"] = read(row["example"]) if row.get("example") else None
    return Finding(**{**kept, **typed})


def parts(row: Row) -> Screen:
    return screen(finding_of(row), place(row), _of(row))


def fragment_of(row: Row) -> str:
    """A piece of HTML, without the style that its page has."""
    return fragment(finding_of(row), place(row), _of(row), style=False)


def title(row: Row) -> str:
    """Who was judged, in which dtype; and against what, where one name has several."""
    return titled(finding_of(row), _of(row))


def _of(row: Row) -> str:
    against = row.get("against", "")
    return against if against and ":" not in against else ""


def head(row: Row) -> str:
    return f"{title(row)}: {row['verdict']}"


def place(row: Row) -> str:
    """FILE.py:LINE; empty where nobody knows."""
    location = row.get("location") or {}
    return f"{location['file']}:{location['line']}" if location.get("file") else ""


def facts(row: Row) -> Iterator[tuple[str, str]]:
    """What is said of the row, as pairs of a caption and some lines."""
    seen = parts(row)
    yield "What", seen.headline
    yield "Judged", seen.subject
    yield "Why", row["reason"]
    if seen.said:
        yield "Explanation", seen.said
    if seen.rows:
        yield "Worst entries", "\n".join(table(seen.rows))
    if seen.seen:
        yield "Would have been seen", seen.seen
    yield from (("To do", one) for one in seen.to_do)
    yield from (("Or", one) for one in seen.others)
    yield from (("Note", one) for one in seen.notes if one != row["reason"])
    if seen.example:
        yield "The smallest failing input", seen.example
    if seen.code:
        yield "Again", seen.code


def text(row: Row) -> str:
    """All of it, for a log."""
    return "\n".join(lines(parts(row)))


def worst(entry: Row) -> str:
    where = f"{entry['leaf'] or 'the gradient'}{list(entry['index'])}"
    off = f"{number(entry['budgets'])} of its budget, {number(entry['ulps'])} ulp"
    radius = f" +- {number(entry['radius'])}" if entry["radius"] else ""
    return f"{where} is {entry['got']}, not {entry['expected']}{radius}: {off}, at {entry['case']}"


def power(row: Row) -> str:
    """The smallest error certain to be seen, leaf by leaf; empty where no leaf was judged."""
    seen = parts(row).seen
    return seen and f"would have been seen: {seen}"


def explanations(row: Row) -> list[str]:
    """As a finding says them."""
    return [str(_explanation(one)) for one in row["explanation"]]


def _explanation(one: Row) -> Explanation:
    return Explanation(**{key: _typed(key, value) for key, value in one.items()})


def _worst(row: Row) -> Worst:
    told = {key: row[key] for key in Worst._fields if key in row}
    numbers = ("got", "expected", "radius", "budgets", "ulps", "allowed")
    read = {key: float(told[key]) for key in numbers if key in told}
    return Worst(**{**told, **read, "index": tuple(told["index"])})


def _typed(key: str, value: Any) -> Any:
    """JSON has lists for tuples, and texts for numbers that are not finite."""
    if isinstance(value, list):
        return tuple(value)
    return float(value) if key in ("factor", "residual") and value is not None else value


def number(value: float | str) -> str:
    """Three digits; nan and inf come as strings already."""
    return value if isinstance(value, str) else f"{value:.3g}"
