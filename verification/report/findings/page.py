"""Findings as one HTML page that needs no network, no script and no font; everything escaped."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

from markupsafe import Markup

from ...vocabulary import SEVERITY, Verdict
from ..summary import GLYPH, MEANING
from .words import Row, facts, number, place, title


def page(rows: Sequence[Row], heading: str) -> str:
    """rows -> index.html, the least favourable first."""
    counts = Counter(row["verdict"] for row in rows)
    ranked = sorted(rows, key=lambda row: SEVERITY.index(row["verdict"]))
    return (
        _environment()
        .get_template("findings/page.html")
        .render(
            heading=heading,
            counts=[(verdict, counts[verdict]) for verdict in SEVERITY if counts[verdict]],
            rows=rows,
            failing=[row for row in ranked if row["verdict"] != Verdict.CORRECT],
            meaning=MEANING,
            css=Markup(_environment().get_template("page.css").render()),
        )
    )


@cache
def _environment():
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("verification", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    weakest = lambda row: max(map(float, row["power"].values()), default=float("inf"))
    found.filters |= {
        "glyph": GLYPH.get,
        "title": title,
        "place": place,
        "facts": facts,
        "number": number,
        "weakest": lambda row: number(weakest(row)),
        "budgets": lambda row: number(row["worst"]["budgets"]) if row["worst"] else "none",
    }
    return found
