"""A finding shown in full: as the document has it, and read from there as a piece of HTML."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from ..vocabulary import Explanation, Finding, Verdict, Worst
from .explained import fragment

KEPT = ("name", "dtype", "reason", "power", "cases", "skipped", "oracle", "reproduce")


class Worked(NamedTuple):
    """A wrong finding with its forward's source, for the section that it stands in."""

    section: str
    title: str
    lead: str
    finding: Finding
    source: str
    first: int  # the number of its first line


def worked_row(worked: Worked) -> dict[str, Any]:
    """As the document has it: all that `html` and the other pages need."""
    finding = worked.finding
    kept = {key: getattr(finding, key) for key in KEPT}
    kept |= {"verdict": finding.verdict.value, "worst": finding.worst}
    explained = [asdict(one) for one in finding.explanation]
    return worked._asdict() | {"finding": kept | {"explanation": explained}}


def html(row: Mapping[str, Any]) -> str:
    """A row of the document as a piece of HTML."""
    return fragment(read(row["finding"]), row["source"], row["first"])


def read(found: Mapping[str, Any]) -> Finding:
    """The finding again; numbers that JSON does not know were written as words."""
    kept = {key: found[key] for key in KEPT}
    kept["power"] = {leaf: float(value) for leaf, value in found["power"].items()}
    explanation = tuple(map(explanation_of, found["explanation"]))
    return Finding(
        **kept,
        verdict=Verdict(found["verdict"]),
        worst=worst_of(found["worst"]),
        explanation=explanation,
    )


def explanation_of(row: Mapping[str, Any]) -> Explanation:
    lists = {key: tuple(row[key]) for key in ("leaves", "confused_with")}
    factor = None if row["factor"] is None else float(row["factor"])
    return Explanation(**{**row, **lists, "residual": float(row["residual"]), "factor": factor})


def worst_of(row: Mapping[str, Any] | None) -> Worst | None:
    if row is None:
        return None
    numbers = ("got", "expected", "radius", "budgets", "ulps")
    told = {key: float(row[key]) for key in numbers}
    return Worst(**{**row, **told, "index": tuple(row["index"])})
