"""What a campaign found, in the order of its plan: the same, byte for byte, however it was run."""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from ..report.findings.writing import dumps, write_folder, write_text
from ..vocabulary import SEVERITY, plural
from .plan import Plan

Row = Mapping[str, Any]
NAME = "campaign.json"


def merged(plan: Plan, answers: Mapping[int, Row]) -> list[dict[str, Any]]:
    """One row for each implementation and dtype: its questions put together."""
    key = lambda question: (question.implementation, question.dtype)
    groups = (list(group) for _, group in groupby(plan.questions, key))
    return [one([answers[question.number] for question in group]) for group in groups]


def one(rows: list[Row]) -> dict[str, Any]:
    """The least favourable verdict and its words; the sums, the worst and the best of all."""
    told = min(rows, key=lambda row: SEVERITY.index(row["verdict"]))
    worst = [row["worst"] for row in rows if row["worst"]]
    share = sum(row["verdict"] == told["verdict"] for row in rows)
    all_of = f"in {share} of {plural(len(rows), 'question')}: " if len(rows) > 1 else ""
    joined = lambda field: ", ".join(dict.fromkeys(row[field] for row in rows if row[field]))
    total = {f: sum(row[f] for row in rows) for f in SUMS}
    return {
        **told,
        **total,
        "reason": all_of + told["reason"],
        "worst": max(worst, key=lambda w: _size(w["budgets"]), default=None),
        "power": _best(rows),
        "kills": _any(rows),
        "oracle": joined("oracle"),
        "budget": joined("budget"),
        "convention": joined("convention"),
        "questions": len(rows),
    }


SUMS = ("cases", "skipped", "left_out", "cases_asked", "cases_drawn")


def _size(budgets: float | str) -> float:
    """nan and inf come as strings; both are the worst there is."""
    return budgets if isinstance(budgets, float | int) else float("inf")


def _best(rows: list[Row]) -> dict[str, Any]:
    """Leaf by leaf the smallest error that some question was certain to see."""
    best: dict[str, Any] = {}
    for row in rows:
        for leaf, power in row["power"].items():
            best[leaf] = min(best.get(leaf, power), power, key=_size)
    return best


def _any(rows: list[Row]) -> dict[str, bool]:
    """A mistake is seen where some question would have seen it."""
    seen: dict[str, bool] = {}
    for row in rows:
        for fault, caught in row["kills"].items():
            seen[fault] = seen.get(fault, False) or caught
    return seen


def write(out: Path, plan: Plan, answers: Mapping[int, Row], rows: list[dict[str, Any]]) -> Path:
    """The report: findings in all formats, and every question with its verdict."""
    counts = Counter(row["verdict"] for row in rows)
    document = {
        "title": plan.title,
        "plan": plan.hash,
        "counts": {verdict: counts[verdict] for verdict in SEVERITY},
        "findings": rows,
        "questions": [
            {
                "implementation": answers[q.number]["implementation"],
                "against": answers[q.number]["against"],
                "dtype": q.dtype,
                "cases": q.cases,
                "seed": q.seed,
                "verdict": answers[q.number]["verdict"],
                "reason": answers[q.number]["reason"],
                "reproduce": answers[q.number]["reproduce"],
            }
            for q in plan.questions
        ],
    }
    write_text(out / NAME, dumps(document))
    return write_folder(out, rows, plan.title)
