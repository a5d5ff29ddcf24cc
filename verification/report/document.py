"""The report as data: every row of one run, and the one JSON document all pages are made from.

The document is the same, byte for byte, for the same seed and versions: no clock, no path, no
machine name; floats as Python writes them, so that they read back exactly; nan and inf as strings.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary import ArrowCheck, Check, Evidence, Finding, Judged, Verdict
from .explained import Worked, worked_row
from .tables import Table, acts, table_row

SCHEMA = "2"
SCHEMA_ID = f"urn:refnet:report:{SCHEMA}"
UNPROVEN = "unproven"  # a claim whose evidence failed, or whose negative control passed
OURS = "refnet"  # our name among the checkers that are laid side by side

ARTICLES = {
    "A": "Which weights move",
    "B": "Mean squared error and three descents",
    "C": "One neuron, sigmoid and cross-entropy",
}


class ClaimRow(NamedTuple):
    """One claim with what was found; `failure` is the sentence of Unproven where it is not."""

    id: str
    article: str
    statement: str
    judged: Judged | None
    failure: str = ""


class Series(NamedTuple):
    """One curve: y over x, with a band or error bars where low and high are given."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    kind: str = "line"  # line | points | bound: how it is drawn


class Panel(NamedTuple):
    """One pair of axes."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_scale: str = "log"
    y_scale: str = "log"


class Figure(NamedTuple):
    """Panels that belong together, and the sentence that says what to see in them."""

    id: str
    title: str
    caption: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Report:
    """All the rows of one run.  `timings` (seconds by task) never enter the document."""

    seed: int
    versions: Mapping[str, str]
    quick: bool = False
    claims: tuple[ClaimRow, ...] = ()
    checks: tuple[Check, ...] = ()
    implementations: tuple[Mapping[str, Any], ...] = ()
    faults: tuple[Mapping[str, Any], ...] = ()
    training: tuple[Mapping[str, Any], ...] = ()
    calibration: tuple[Mapping[str, Any], ...] = ()
    side_by_side: tuple[Mapping[str, Any], ...] = ()
    digits: tuple[Mapping[str, Any], ...] = ()
    tables: tuple[Table, ...] = ()
    worked: tuple[Worked, ...] = ()
    figures: tuple[Figure, ...] = ()
    absent: tuple[str, ...] = ()  # what was not installed, and so not asked
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """What makes the same report again."""
        return f"refnet report{' --quick' if self.quick else ''} --seed {self.seed}"

    @property
    def counts(self) -> dict[str, int]:
        return self.document()["counts"]

    @property
    def passed(self) -> bool:
        """True where nothing is left to act on: no failure, nothing undecided, no fault missed,
        no false alarm, no row of a table that asks for it.
        """
        document = self.document()
        failures = filter(failing, judged_rows(document))
        left = (failures, missed(document), alarms(document), acts(document["tables"]))
        return not any(map(any, left))

    def document(self) -> dict[str, Any]:
        rows = {
            "claims": [claim_row(claim) for claim in self.claims],
            "derivations": [row for check in self.checks for row in derivation_rows(check)],
            "implementations": plain(self.implementations),
            "faults": plain(self.faults),
            "training": plain(self.training),
            "calibration": plain(self.calibration),
            "side_by_side": plain(self.side_by_side),
            "digits": plain(self.digits),
            "tables": plain(list(map(table_row, self.tables))),
            "worked": plain(list(map(worked_row, self.worked))),
            "figures": plain(self.figures),
        }
        head = {"$schema": SCHEMA_ID, "schema": SCHEMA, "seed": self.seed, "quick": self.quick}
        head["made"] = {"command": self.command, "absent": list(self.absent)}
        return {**head, "versions": dict(self.versions), "counts": count(rows), **rows}


def dumps(document: Mapping[str, Any]) -> str:
    return (
        json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    )


def claim_row(claim: ClaimRow) -> dict[str, Any]:
    head = {"id": claim.id, "article": claim.article, "statement": claim.statement}
    if claim.judged is None:
        judged = Judged(Evidence.REFUTED, claim.failure, control="")
        return {**head, **plain(judged), "verdict": UNPROVEN}
    return {**head, **plain(claim.judged)}


def derivation_rows(check: Check) -> list[dict[str, Any]]:
    """One row per dtype, each with its arrows in that dtype."""
    return [
        {
            "name": check.name,
            "latex": check.latex,
            **finding_row(finding),
            "agreements": plain(check.agreements),
            "arrows": [row for arrow in check.arrows for row in arrow_rows(arrow, finding.dtype)],
        }
        for finding in check.findings
    ]


def arrow_rows(arrow: ArrowCheck, dtype: str) -> list[dict[str, Any]]:
    return [
        {
            "name": arrow.name,
            "latex": arrow.latex,
            **finding_row(finding),
            "agreements": plain(arrow.agreements),
        }
        for finding in arrow.findings
        if finding.dtype == dtype
    ]


def finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "dtype": finding.dtype,
        "verdict": finding.verdict.value,
        "reason": finding.reason,
        "cases": finding.cases,
        "cases_asked": finding.cases_asked,
        "cases_drawn": finding.cases_drawn,
        "left_out": finding.left_out,
        "skipped": finding.skipped,
        "power": plain(finding.power),
        "worst": plain(finding.worst),
        "oracle": finding.oracle,
        "budget": finding.budget,
        "convention": finding.convention,
        "explanation": [str(line) for line in finding.explanation],
        "reproduce": finding.reproduce,
    }


def fault_rows(check: Check) -> list[dict[str, Any]]:
    """One row per mistake planted; one that the budget hides leaves its finding undecided."""
    return [
        {
            "fault": fault,
            "derivation": check.name,
            "dtype": finding.dtype,
            "caught": bool(caught),
            "verdict": str(Verdict.WRONG if caught else Verdict.UNDECIDED),
        }
        for finding in check.findings
        for fault, caught in finding.kills.items()
    ]


def implementation_row(judged: Any) -> dict[str, Any]:
    """One implementation at one point of a run: who, on what, and what was found."""
    found = finding_row(judged.finding)
    kept = ("dtype", "verdict", "power", "worst", "cases", "reason")
    head = ("name", "dataset", "network", "at", "convention")
    return {key: getattr(judged, key) for key in head} | {key: found[key] for key in kept}


def judged_rows(rows: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Every row whose verdict counts: claims, derivations by dtype, implementations."""
    return [*rows["claims"], *rows["derivations"], *rows["implementations"]]


def failing(row: Mapping[str, Any]) -> bool:
    """A refutation that stands is a result; undecided is not."""
    return row["verdict"] in {UNPROVEN, *Verdict} - {Verdict.CORRECT}


def missed(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The planted mistakes that were not caught."""
    return [row for row in document["faults"] if not row["caught"]]


def alarms(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows in which a correct gradient was not called correct by us."""
    return [
        *(row for row in document["calibration"] if row["false_alarms"]),
        *(row for row in document["side_by_side"] if refuses(row)),
    ]


def refuses(row: Mapping[str, Any]) -> bool:
    """Whether this is our own row of the comparison, with a correct gradient not accepted."""
    return row["checker"] == OURS and row["correct"] != "accepted"


def count(rows: Mapping[str, Any]) -> dict[str, int]:
    """verdict -> how many judged rows have it, every verdict named."""
    seen = Counter(str(row["verdict"]) for row in judged_rows(rows))
    return {name: seen[name] for name in (*map(str, (*Verdict, *Evidence)), UNPROVEN)}


def plain(value: Any) -> Any:
    """Named tuples, mappings, enums and arrays as what JSON knows."""
    if value is None or isinstance(value, bool | int) and not isinstance(value, Enum):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic) or hasattr(value, "__array__"):
        return plain(np.asarray(value).tolist())
    return str(value)
