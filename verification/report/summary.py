"""The report in words: one sentence, what needs attention, what was looked at and what was not."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..vocabulary import Evidence, Verdict
from .document import OURS, UNPROVEN, alarms, failing, judged_rows, missed
from .tables import acts

Document = Mapping[str, Any]

MEANING = {
    "correct": "Every element is inside its rounding budget at every case, and the check would "
    "have caught the mistakes in the catalogue.",
    "inaccurate": "The formula is right, but digits are lost that a correct implementation in "
    "this dtype keeps: cancellation, overflow, 0/0.",
    "wrong": "Outside the budget, and not by rounding.",
    "undecided": "No oracle could decide. This never counts as a pass.",
    "rejected": "No proper answer: an exception, a wrong shape or dtype, NaN where the truth is "
    "finite.",
    "proved": "Proved by algebra, or by balls over a whole region.",
    "enclosed": "Proven balls contain the value at every case shown.",
    "exact": "Computed in rational arithmetic: exactly equal, not only close.",
    "measured": "Measured in an experiment, with a confidence interval.",
    "refuted": "False as stated: a counterexample that can be checked by hand, and the corrected "
    "statement, itself judged.",
    "unproven": "The evidence failed, or its negative control passed. This never counts as a pass.",
}
GLYPH = {
    "correct": "✓",
    "inaccurate": "≈",
    "wrong": "✗",
    "undecided": "?",
    "rejected": "!",
    "proved": "✓",
    "enclosed": "∈",
    "exact": "=",
    "measured": "±",
    "refuted": "≠",
    "unproven": "?",
    "caught": "✓",
    "survived": "✗",
    "the same function": "=",
}
ALARM = "a correct gradient was not accepted"
LIMITS = (
    "Only the dtypes in the tables were judged, on the CPU. Nothing is said about other devices.",
    "A verdict holds at the cases drawn and at the edges visited. Only a claim marked proved "
    "speaks of a whole region.",
    "All oracles read the same forward program. If it computes the wrong function, they "
    "agree on the gradient of the wrong function.",
)
TIMES = "\N{NARROW NO-BREAK SPACE}×\N{NARROW NO-BREAK SPACE}"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def headline(document: Document) -> str:
    """What came out, in one sentence."""
    claims, counts = document["claims"], document["counts"]
    parts = []
    if rows := document["derivations"]:
        names = list(dict.fromkeys(row["dtype"] for row in rows))
        dtypes = f"all {len(names)} dtypes" if len(names) > 2 else " and ".join(names)
        parts.append(f"{share(whole(rows), Verdict.CORRECT)} derivations are correct in {dtypes}")
    if claims:
        stand = len(claims) - counts[Evidence.REFUTED] - counts[UNPROVEN]
        ending = f", {counts[UNPROVEN]} unproven" if counts[UNPROVEN] else ""
        parts.append(
            f"of {plural(len(claims), 'claim')} {stand} stood and {counts[Evidence.REFUTED]} "
            f"fell, each with its correction{ending}"
        )
    if rows := document["implementations"]:
        parts.append(f"{share(rows, Verdict.CORRECT)} gradients on real data are correct")
    if rows := document["faults"]:
        caught = sum(row["caught"] for row in rows)
        parts.append(f"{caught:,} of {len(rows):,} planted mistakes were caught")
    parts += clauses(document["tables"])
    if rows := document["calibration"]:
        verdicts, false = (sum(row[key] for row in rows) for key in ("verdicts", "false_alarms"))
        parts.append(f"{plural(false, 'false alarm')} in {verdicts:,} verdicts on correct networks")
    text = "; ".join(parts) or "nothing was judged"
    return text[0].upper() + text[1:] + "."


def made(document: Document) -> str:
    """How the report was made: the command, the seed, what was installed, and what was not."""
    versions = ", ".join(
        f"{name} {version}" for name, version in sorted(document["versions"].items())
    )
    command, absent = document["made"]["command"], document["made"]["absent"]
    missing = f" Not installed, and so not asked: {', '.join(absent)}." if absent else ""
    return f"Made by {command}, with {versions}.{missing}"


def clauses(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of the tables that the headline speaks of."""
    found = {table["id"]: table["rows"] for table in tables}
    said = []
    if rows := found.get("kill-table"):
        survived = sum(row["status"] == "survived" for row in rows)
        said.append(f"{survived} of {len(rows):,} wrong twins survived")
    if rows := found.get("other-implementations"):
        said.append(
            f"{share(rows, Verdict.CORRECT)} gradients of other implementations are correct"
        )
    return said


def whole(rows: list) -> list[dict[str, str]]:
    """One row per name: correct where every dtype is."""
    names = dict.fromkeys(row["name"] for row in rows)
    verdicts = {name: {row["verdict"] for row in rows if row["name"] == name} for name in names}
    return [
        {"verdict": "".join(verdicts[name]) if len(verdicts[name]) == 1 else ""} for name in names
    ]


def share(rows: list, verdict: str) -> str:
    hits = sum(row["verdict"] == verdict for row in rows)
    return f"all {hits:,}" if hits == len(rows) > 1 else f"{hits:,} of {len(rows):,}"


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def attention(document: Document) -> list[tuple[str, str, str, str]]:
    """(anchor, name, verdict, reason) of every row that is not a pass, worst first."""
    rows = [
        (anchor(row), title(row), row["verdict"], row.get("reason") or row.get("evidence", ""))
        for row in judged_rows(document)
        if failing(row)
    ]
    others = [
        (
            "faults",
            f"{row['fault']} in {row['derivation']}, {row['dtype']}",
            row["verdict"],
            "a planted mistake was not caught",
        )
        for row in missed(document)
    ]
    others += [(*alarm(row), Verdict.WRONG, ALARM) for row in alarms(document)]
    others += [(place, name, Verdict.WRONG, act) for place, name, act in acts(document["tables"])]
    order = (Verdict.WRONG, Verdict.REJECTED, UNPROVEN, Verdict.INACCURATE, Verdict.UNDECIDED)
    return sorted(rows, key=lambda row: order.index(row[2])) + others


def alarm(row: Mapping[str, Any]) -> tuple[str, str]:
    """The anchor and the name of a row in which a correct gradient was not accepted."""
    if "checker" in row:
        return "side-by-side", f"{OURS} on the {row['function']}, {row['size']:,}, {row['dtype']}"
    return "calibration", f"Calibration: {row['implementation']}, {row['dtype']}"


def title(row: Mapping[str, Any]) -> str:
    if "id" in row:
        return f"Claim {row['id']}"
    if "dataset" in row:
        return f"{row['name']} on {row['dataset']}, {row['at']}, {row['dtype']}"
    return f"{row['name']}, {row['dtype']}"


def anchor(row: Mapping[str, Any]) -> str:
    if "id" in row:
        return f"claim-{row['id']}"
    return "implementations" if "dataset" in row else f"derivation-{row['name']}"


def scope(document: Document) -> dict[str, str]:
    """What was judged, in numbers."""
    derivations = document["derivations"]
    names = {row["name"] for row in derivations}
    arrows = {(row["name"], arrow["name"]) for row in derivations for arrow in row["arrows"]}
    facts = {
        "Functions": f"{len(names)}, with {plural(len(arrows), 'arrow')} of the chain rule",
        "Dtypes": ", ".join(dict.fromkeys(row["dtype"] for row in derivations)),
        "Cases": f"{sum(row['cases'] for row in derivations):,}, edges and all dtypes included",
        "Oracles": ", ".join(
            f"{name} ({rank})" if rank else name for name, rank in oracles(derivations).items()
        ),
    }
    for dtype in dict.fromkeys(row["dtype"] for row in derivations):
        powers = [weakest(row["power"]) for row in derivations if row["dtype"] == dtype]
        known = [power for power in powers if power is not None]
        if known:
            facts[f"Power, {dtype}"] = (
                f"an error of {number(max(known))} of an array's RMS "
                "would have been caught everywhere"
            )
    return {name: fact for name, fact in facts.items() if fact}


def oracles(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """oracle -> its rank, in the order in which they appear."""
    seen = {}
    for row in rows:
        for part in (row, *row.get("arrows", ())):
            for agreement in part["agreements"]:
                seen.setdefault(agreement["oracle"], agreement["rank"])
    return seen


def limits(document: Document) -> list[str]:
    """What was not checked: counted where it can be counted."""
    rows = document["derivations"]
    skipped = sum(row["skipped"] + sum(a["skipped"] for a in row["arrows"]) for row in rows)
    silent = {
        (part["name"], agreement["oracle"])
        for row in rows
        for part in (row, *row["arrows"])
        for agreement in part["agreements"]
        if agreement["agrees"] is None
    }
    counted = [
        f"{plural(skipped, 'case')} skipped, each counted in its row and never as a pass.",
        f"An oracle was silent {plural(len(silent), 'time')}, where it has no rule or cannot "
        "decide; silence is shown and is never agreement.",
    ]
    quick = ["A quick run: fewer cases than the full report."] if document["quick"] else []
    return [*quick, *counted, *LIMITS]


def weakest(power: Mapping[str, Any]) -> float | None:
    """The power of the least guarded leaf; nan where any is unknown."""
    values = [float(value) for value in power.values()]
    if any(map(math.isnan, values)):
        return math.nan
    return max(values, default=None)


def budget(kinds: str) -> str:
    """Which budget judged, in two words."""
    return "both budgets" if "," in kinds else kinds or "no budget"


def percent(quantile: str) -> str:
    """0.999 -> 99.9 %"""
    return f"{100 * float(quantile):g} %"


def number(value: Any, digits: int = 2) -> str:
    """1.2 × 10⁻⁷, or 12.3, or nan: a float for a reader."""
    x = float(value)
    if not math.isfinite(x):
        return {"inf": "∞", "-inf": "−∞"}.get(str(x), "NaN")
    short = f"{x:.{digits + 1}g}"
    if (x == 0 or abs(x) >= 1e-2) and "e" not in short:
        return short.replace("-", "−")
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    raised = str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{mantissa.replace('-', '−')}{TIMES}10{raised}"
