"""The report as one HTML page that needs no network, no script and no font of its own.

Formulas in LaTeX become MathML; a command not known raises.  What the converter returns is parsed
again and copied element by element from a list of what browsers set: it lets names that it does
not know, and markup inside text, pass as they are.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup, escape

from . import explained, figures, panels, peers, summary, tables
from .document import OURS

BETWEEN_DOLLARS = re.compile(r"\$([^$]+)\$")
LEFTOVER = re.compile(r"\\|&|\{\}")
ELEMENTS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mpadded", "mphantom"),
    *("mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    *("mtable", "mtr", "mtd", "menclose"),
}
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2} | {
    "msubsup": 3,
    "munderover": 3,
}
ATTRIBUTES = {
    *("display", "displaystyle", "scriptlevel", "stretchy", "fence", "form", "separator"),
    *("accent", "accentunder", "minsize", "maxsize", "width", "height", "depth"),
    *("linethickness", "lspace", "rspace", "movablelimits", "largeop"),
}
CLASSES = {("columnalign", "left"): "left", ("columnalign", "right"): "right"} | {
    ("mathvariant", variant): "bold" for variant in ("bold", "bold-italic")
}


@lru_cache(maxsize=1024)
def formula(latex: str, display: str = "block") -> Markup:
    """LaTeX -> <math>.  ValueError names what cannot be set."""
    from latex2mathml.converter import convert

    source = latex.strip().strip("$").replace("{aligned}", "{split}")
    try:
        tree = ElementTree.fromstring(convert(source, display=display))
        return Markup(ElementTree.tostring(copied(tree), encoding="unicode"))
    except Exception as error:  # the converter has a dozen kinds, with no common parent
        raise ValueError(f"the formula {latex!r} cannot be set: {error or type(error)}") from error


def copied(element: ElementTree.Element) -> ElementTree.Element:
    """The same element with known names only."""
    name = element.tag.rpartition("}")[2]
    if name not in ELEMENTS:
        raise ValueError(f"<{name}> is not MathML")
    if element.text and LEFTOVER.search(element.text):
        raise ValueError(f"{element.text!r} is not a known command")
    if len(element) != PARTS.get(name, len(element)):
        raise ValueError(f"<{name}> has {len(element)} parts and wants {PARTS[name]}")
    attributes = {key: value for key, value in element.items() if key in ATTRIBUTES}
    if ("mathvariant", "normal") in element.items():
        attributes["mathvariant"] = "normal"
    classes = [CLASSES[item] for item in element.items() if item in CLASSES]
    if classes:
        attributes["class"] = " ".join(classes)
    copy = ElementTree.Element(name, attributes)
    copy.text = element.text
    copy.extend([copied(child) for child in element])
    return copy


def sentence(text: str) -> Markup:
    """Plain text, escaped, with every $formula$ set in the line."""
    parts = BETWEEN_DOLLARS.split(text)
    return Markup("").join(
        formula(part, "inline") if k % 2 else escape(part) for k, part in enumerate(parts)
    )


Document = Mapping[str, Any]


def page(document: Document) -> str:
    """document -> index.html."""
    derivations = document["derivations"]
    dtypes = lambda rows: list(dict.fromkeys(row["dtype"] for row in rows))
    return (
        environment()
        .get_template("page.html")
        .render(
            report=document,
            headline=summary.headline(document),
            attention=summary.attention(document),
            scope=summary.scope(document),
            limits=summary.limits(document),
            meaning=summary.MEANING,
            articles=grouped(document["claims"], "article"),
            derivations=grouped(derivations, "name"),
            oracles=summary.oracles(derivations),
            faults=fault_table(document["faults"]),
            dtypes=dtypes(derivations),
            calibrated=dtypes(document["calibration"]),
            comparison=peers.grids(document["side_by_side"]),
            legend=peers.LEGEND,
            ours=OURS,
            digits=grouped(document["digits"], "form"),
            plots=plots(document["figures"]),
            placed={panels.CALIBRATION, panels.DIGITS},  # figures that stand in their sections
            css=Markup(environment().get_template("page.css").render()),
        )
    )


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
        "worked": lambda row: Markup(explained.worked_html(row)),
        "weakest": summary.weakest,
        "plural": summary.plural,
        "notes": notes,
        "by": by,
        "shared": shared,
        "breakable": breakable,
        "budget": summary.budget,
        "percent": summary.percent,
        "groups": tables.groups,
        "shown": tables.shown,
        "verdicts": lambda rows, table: tables.verdicts(table, rows),
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


def plots(rows: Iterable[Mapping]) -> list[dict[str, Any]]:
    """Every figure with its panels drawn and its legends' samples."""
    return [
        {
            **figure,
            "panels": [
                {
                    **panel,
                    "svg": Markup(figures.svg(panel, f"{figure['id']}-{k}")),
                    "legend": [
                        (Markup(figures.swatch(series, n)), series["label"])
                        for n, series in enumerate(panel["series"])
                    ],
                    "lost": any("nan" in map(str, series["y"]) for series in panel["series"]),
                }
                for k, panel in enumerate(figure["panels"])
            ],
        }
        for figure in rows
    ]
