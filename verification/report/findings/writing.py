"""Findings written to files: an HTML page, JUnit XML, SARIF 2.1.0 and JSON, all of the same rows.

The page needs no network, no script and no font; everything is escaped.  In JUnit each finding is
one test case with file and line, and undecided is an error.  SARIF shows each at the line of the
user's file; a correct finding is no result there, and paths are relative to the working
directory: run it where the check-out begins.  A file is written aside and renamed, so that there
is never half a file.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from markupsafe import Markup

from ...vocabulary import SEVERITY, Verdict
from ...vocabulary.html import STYLE
from ..summary import GLYPH, MEANING
from ..write import clean, count_tests
from .words import Row, explanations, facts, fragment_of, head, number, place, power, title, worst


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
            style=Markup(STYLE),
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
        "fragment": lambda row: Markup(fragment_of(row)),
        "number": number,
        "weakest": lambda row: number(weakest(row)),
        "budgets": lambda row: number(row["worst"]["budgets"]) if row["worst"] else "none",
    }
    return found


def junit(rows: Sequence[Row]) -> str:
    """rows -> junit.xml, without times: the same rows give the same text."""
    root = Element("testsuites", name="refnet", tests=str(len(rows)))
    suite = SubElement(root, "testsuite", name="refnet validate", tests=str(len(rows)))
    for row in rows:
        _add(suite, row)
    count_tests(suite, suite)
    count_tests(root, root)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _add(suite: Element, row: Row) -> None:
    location = row.get("location") or {}
    where = {k: clean(str(location[k])) for k in ("file", "line") if location.get(k)}
    classname = clean(row.get("test") or location.get("file") or "refnet")
    named = {"classname": classname, "name": clean(title(row))}
    case = SubElement(suite, "testcase", named | where)
    verdict = row["verdict"]
    if verdict == Verdict.CORRECT:
        return
    kind = "error" if verdict == Verdict.UNDECIDED else "failure"
    message = clean(f"{verdict}: {row['reason']}")
    lines = [f"{caption}: {said}" for caption, said in facts(row)]
    said = "\n".join([place(row), *lines]).strip()
    SubElement(case, kind, message=message, type=verdict).text = clean(said)


SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Verdict.WRONG: "error",
    Verdict.REJECTED: "error",
    Verdict.INACCURATE: "warning",
    Verdict.UNDECIDED: "warning",  # never a pass
}
RULES = tuple(LEVELS)


def sarif(rows: Sequence[Row]) -> str:
    """rows -> a SARIF log with one run."""
    driver = {"name": "refnet", "version": _version(), "rules": [_rule(v) for v in RULES]}
    results = [_result(row) for row in rows if row["verdict"] != Verdict.CORRECT]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}],
    }
    return json.dumps(log, indent=1) + "\n"


def _version() -> str:
    try:
        return version("refnet")
    except PackageNotFoundError:  # run from a check-out
        return "0"


def _rule(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": f"gradient-{verdict}",
        "shortDescription": {"text": f"A gradient is {verdict}."},
        "fullDescription": {"text": MEANING[verdict]},
        "defaultConfiguration": {"level": LEVELS[verdict]},
    }


def _result(row: Row) -> dict[str, Any]:
    verdict = Verdict(row["verdict"])
    lines = [f"{head(row)}: {row['reason']}", *explanations(row), *filter(None, [power(row)])]
    if row["worst"]:
        lines.insert(1, worst(row["worst"]))
    if row["reproduce"]:
        lines.append(f"Again: {row['reproduce']}")
    found = {
        "ruleId": f"gradient-{verdict}",
        "ruleIndex": RULES.index(verdict),
        "level": LEVELS[verdict],
        "message": {"text": "\n".join(lines)},
        "locations": _locations(row.get("location") or {}),
        "partialFingerprints": {"gradient/v1": _fingerprint(row)},
    }
    related = [{"id": k, **place} for k, place in enumerate(_forward(row), 1)]
    return found | ({"relatedLocations": related} if related else {})


def _locations(location: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not location.get("file"):
        return []
    return [_physical(location["file"], location["line"])]


def _physical(file: str, line: int) -> dict[str, Any]:
    absolute = PurePosixPath(file).is_absolute()
    artifact = {"uri": f"file://{quote(file)}"} if absolute else {"uri": quote(file)}
    region = {"startLine": max(int(line), 1)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _forward(row: Row) -> list[dict[str, Any]]:
    """The places in the function differentiated that explanations name."""
    file = (row.get("forward") or {}).get("file", "")
    places = []
    for one in row["explanation"]:
        found = re.fullmatch(r"(.+):(\d+)", one["location"])
        if found and file and PurePosixPath(found[1]).name == PurePosixPath(file).name:
            told = {"message": {"text": f"{one['term']}: {one['mistake']}"}}
            places.append({**_physical(file, int(found[2])), **told})
    return places


def _fingerprint(row: Row) -> str:
    """The same for the same gradient in the same dtype, wherever its lines move to."""
    file = (row.get("location") or {}).get("file", "")
    return hashlib.sha256(f"{file}\n{title(row)}".encode()).hexdigest()[:32]


FORMATS = ("findings.json", "junit.xml", "findings.sarif", "index.html")


def write_text(file: Path, text: str) -> None:
    """The whole text or the former file; a device or a pipe is written as it is."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8")
        return
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with open(aside, "w", encoding="utf-8", newline="\n") as part:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
        aside.replace(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_folder(folder: Path, rows: Sequence[Row], heading: str) -> Path:
    """All formats of the same rows; returns the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: Mapping[str, str] = {
        "findings.json": dumps(list(rows)),
        "junit.xml": junit(rows),
        "findings.sarif": sarif(rows),
        "index.html": page(rows, heading),
    }
    for name in FORMATS:
        write_text(folder / name, texts[name])
    return folder / "index.html"


def dumps(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def validate(rows: Sequence[Row]) -> None:
    """Raises ValueError that names the first place at which a row is not as promised."""
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator(schema())
    for k, row in enumerate(rows):
        errors = sorted(checker.iter_errors(row), key=lambda e: e.json_path)
        if errors:
            raise ValueError(f"finding {k}: {errors[0].json_path}: {errors[0].message[:300]}")


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of one finding."""
    text = files("verification.report.findings").joinpath("schema.json").read_text("utf-8")
    return json.loads(text)
