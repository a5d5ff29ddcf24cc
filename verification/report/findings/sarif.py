"""Findings as SARIF 2.1.0, so that a code host shows each at the line of the user's file.

A correct finding is no result.  Paths are relative to the working directory: run it where the
check-out begins.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from ...vocabulary import Verdict
from ..summary import MEANING
from .words import Row, explanations, head, power, title, worst

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
    lines = [f"{head(row)}: {row['reason']}", *explanations(row), power(row)]
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
