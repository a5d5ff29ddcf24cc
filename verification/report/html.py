"""The report as one HTML page that needs no network, no script and no font of its own."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from markupsafe import Markup

from . import (
    explained,
    figures,
    first_screen,
    heat,
    panels,
    peers,
    peers_recorded,
    prepared,
    summary,
)
from .document import OURS
from .formulas import formula, sentence

Document = Mapping[str, Any]


def page(document: Document) -> str:
    """document -> index.html."""
    return environment().get_template("page.html").render(**first(document), **below(document))


def first(document: Document) -> dict[str, Any]:
    """What is seen before anything is scrolled, and the list of contents."""
    attention, picture = summary.attention(document), heat.of_derivations(document["derivations"])
    found = first_screen.convictions(document)
    return {
        "sentence": first_screen.sentence(document),
        "tiles": first_screen.tiles(document, len(attention)),
        "picture": picture,
        "picture_halves": heat.chunks(picture.lines, 3 if len(picture.lines) > MANY else HALVES),
        "attention": attention,
        "convictions": first_screen.by_library(found),
        "contents": contents(document),
        "made": summary.made(document),
        "css": Markup(environment().get_template("page.css").render()),
        "script": Markup(files("verification.report").joinpath("script.html").read_text("utf-8")),
    }


def below(document: Document) -> dict[str, Any]:
    """The exhibits, and the drawers with everything that was judged."""
    derivations, known = document["derivations"], prepared.by_id(document["tables"])
    dtypes = lambda rows: list(dict.fromkeys(row["dtype"] for row in rows))
    libraries = heat.of_variants(known["update-rules"] or {"rows": [], "columns": []})
    return {
        "report": document,
        "tables": known,
        "drawers": prepared.drawers(known),
        "gates": known["gates"] and heat.of_gates(known["gates"]["rows"]),
        "variants": libraries,
        "variant_halves": heat.chunks(libraries.lines, HALVES),
        "lost": heat.of_digits(document["digits"], digit_curves(document["figures"])),
        "scope": summary.scope(document),
        "limits": summary.limits(document),
        "meaning": summary.MEANING,
        "articles": grouped(document["claims"], "article"),
        "derivations": grouped(derivations, "name"),
        "oracles": summary.oracles(derivations),
        "faults": fault_table(document["faults"]),
        "dtypes": dtypes(derivations),
        "calibrated": dtypes(document["calibration"]),
        "comparison": peers.grids(document["side_by_side"]),
        "legend": tuple(filter(None, (*peers.LEGEND, peers_recorded.note()))),
        "ours": OURS,
        "digits": grouped(document["digits"], "form"),
        "plots": plots(document["figures"]),
        "placed": PLACED,
    }


MANY = 40  # derivations, from which on the picture stands in three parts
HALVES = 2  # of the picture, side by side where there is room
PLACED = {  # figures that stand in their sections
    *(panels.CALIBRATION, panels.DIGITS, "sweeps", "three-descents", "batch-variance"),
}


def contents(document: Document) -> list[tuple[str, str]]:
    """(anchor, name) of what is on the page, in its order."""
    ids = {table["id"] for table in document["tables"]}
    listed = (
        ("attention", "What needs attention", True),
        ("naming", "A wrong term named", "naming" in ids),
        ("checkers", "Other checkers", bool(document["side_by_side"] or "gates" in ids)),
        ("claims", "Claims", bool(document["claims"])),
        ("update-rules", "Update rules", "update-rules" in ids),
        ("digits", "Digits lost", bool(document["digits"])),
        ("experiments", "Experiments", "experiments" in ids),
        ("summary", "What was judged", True),
        ("everything", "Everything", True),
        ("glossary", "Glossary", True),
    )
    return [(anchor, name) for anchor, name, there in listed if there]


@cache
def environment():
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("verification", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {
        "formula": formula,
        "sentence": sentence,
        "number": summary.number,
        "glyph": lambda verdict: summary.GLYPH.get(verdict, "·"),
        "kebab": lambda verdict: verdict.replace(" ", "-"),
        "slug": prepared.slug,
        "worked": lambda row: Markup(explained.worked_html(row)),
        "weakest": summary.weakest,
        "plural": summary.plural,
        "notes": notes,
        "by": by,
        "shared": shared,
        "breakable": breakable,
        "head": head,
        "budget": summary.budget,
        "percent": summary.percent,
        "verdicts": prepared.counted,
        "acting": lambda rows: any(one.row.get("act") for one in rows),
    }
    return found


def grouped(rows: Iterable[Mapping], key: str) -> list[tuple[str, list]]:
    """Neighbouring rows with the same key, in their order."""
    return [(name, list(group)) for name, group in groupby(rows, key=lambda row: row[key])]


def by(rows: Iterable[Mapping], key: str, values: Iterable[str]) -> list[Mapping | None]:
    """The row of each value, in that order; None where there is none."""
    found = {row[key]: row for row in rows}
    return [found.get(value) for value in values]


def shared(rows: Iterable[Mapping], key: str) -> list[tuple[str, list]]:
    """value -> the rows that have it, in the order in which the values appear."""
    found: dict[str, list] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return list(found.items())


def breakable(name: str) -> Markup:
    """A name that may be broken after its underscores."""
    return Markup("_<wbr>").join(name.split("_"))


def head(name: str) -> Markup:
    """The name of a column that may be broken before its digits: float, 64."""
    return Markup("<wbr>").join(re.split(r"(?<=[a-z])(?=\d)|(?<=_)", name))


def notes(parts: Iterable[Mapping]) -> list[tuple[str, str, str]]:
    """(oracle, what it says, where) of every oracle that was silent or disagreed, once each."""
    seen: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        for agreement in part["agreements"]:
            if not agreement["agrees"] and agreement["note"]:
                where = seen.setdefault((agreement["oracle"], agreement["note"]), [])
                where.append(part["name"])
    return [(oracle, note, ", ".join(where)) for (oracle, note), where in seen.items()]


def fault_table(rows: list[Mapping]) -> list[dict[str, Any]]:
    """One row per fault: how often it was planted and caught, and where it was not."""
    everywhere = sorted({row["derivation"] for row in rows})
    fault = lambda row: row["fault"]
    table = []
    for name, group in groupby(sorted(rows, key=fault), key=fault):
        planted = list(group)
        missed = [f"{row['derivation']} ({row['dtype']})" for row in planted if not row["caught"]]
        table.append(
            {
                "fault": name,
                "planted": len(planted),
                "caught": len(planted) - len(missed),
                "missed": missed,
                "places": places({row["derivation"] for row in planted}, everywhere),
            }
        )
    return table


def places(some: set[str], everywhere: list[str]) -> str:
    """The names, or what is left out where that is shorter to say."""
    left = [name for name in everywhere if name not in some]
    if len(left) >= len(some):
        return ", ".join(sorted(some))
    return f"all {len(everywhere)}" + (f" but {', '.join(left)}" if left else "")


def digit_curves(rows: Iterable[Mapping]) -> dict[tuple[str, str], list[float]]:
    """(form, dtype) -> the ulps lost at every input that was looked at."""
    return {
        (panel["title"], series["label"]): [float(y) for y in series["y"]]
        for figure in rows
        if figure["id"] == panels.DIGITS
        for panel in figure["panels"]
        for series in panel["series"]
    }


def plots(rows: Iterable[Mapping]) -> list[dict[str, Any]]:
    """Every figure with its panels drawn and its legends' samples."""
    return [
        {
            **figure,
            "panels": [
                {
                    **panel,
                    "svg": Markup(figures.svg(panel)),
                    "legend": [
                        (Markup(figures.swatch(series, n)), series["label"])
                        for n, series in enumerate(panel["series"])
                    ],
                    "lost": any("nan" in map(str, series["y"]) for series in panel["series"]),
                }
                for panel in figure["panels"]
            ],
        }
        for figure in rows
    ]
