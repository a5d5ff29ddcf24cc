"""Update rules of libraries as benchmarks.updates has seen them: many drawn settings for each."""

from collections.abc import Collection, Mapping
from typing import Any

from ...adapters.update_libraries import LIBRARIES
from ...derivations.rules import VARIANTS
from ..records import RECORDED, how, record
from .section import Rows

NAME = "updates"


def recorded(library: str, but: Collection[str] = ()) -> Rows:
    """One row for each variant of the library that was run, without those that are named."""
    found = record(NAME)
    mine: dict[str, Rows] = {}
    for row in found.get("libraries", ()):
        if row["library"] == library and row["variant"] not in but:
            mine.setdefault(row["variant"], []).append(row)
    cells = {cell.variant: cell.arguments for cell in LIBRARIES[library]}
    return [
        of_variant(library, variant, cells[variant], rows)
        for variant, rows in mine.items()
        if variant in cells and variant in VARIANTS
    ]


def of_variant(library: str, variant: str, arguments: str, rows: Rows) -> dict[str, Any]:
    """The verdict over all dtypes: outside its budget is wrong, unless it is known to lose digits.

    The error is the largest of the dtypes in which it stayed inside.
    """
    out = [row for row in rows if row["outside"]]
    known = all(row["known"] for row in out)
    inside = [float(row["worst"]) for row in rows if not row["outside"]]
    return {
        "rule": VARIANTS[variant].family,
        "library": library,
        "variant": variant,
        "formula": VARIANTS[variant].latex,
        "arguments": arguments,
        "power": None,
        "verdict": ("inaccurate" if known else "wrong") if out else "correct",
        "differs by": "; ".join(sorted({said(row) for row in out})),
        "budgets": max(inside, default=None),
        "seen": f"{RECORDED}, {sum(row['settings'] for row in rows):,} runs",
    }


def said(row: Mapping[str, Any]) -> str:
    """Why a rule left its budget: in float64 it keeps something in float32."""
    why = row["known"] or f"{row['outside']:,} of {row['settings']:,} runs outside the budget"
    return f"{row['dtype']}: {why}"


def note() -> str:
    found = record(NAME)
    return how(NAME, found) if found else "No run over many settings is recorded here."


def recorded_mistakes() -> str:
    """What was found of every mistake in every variant; empty where it is not recorded."""
    found = record(NAME)
    if not found.get("planted"):
        return ""
    counts = {key: found[key] for key in ("planted", "caught", "first", "same")}
    return (
        "Of {planted:,} mistakes in all variants {caught:,} were caught, {first:,} named first and "
        "{same:,} as the same rule. ".format(**counts)
        + how(NAME, found)
    )
