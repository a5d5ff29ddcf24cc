"""What a question of a campaign costs beside its verdict: in processes here, over Dask, over Ray.

    python -m benchmarks.scale [--questions 200] [--verdicts 200]

Questions that cost nothing, a row copied, are asked of 1 and 2 workers of each executor that is
installed, after a first one that starts them; then verdicts on a gradient of three numbers.  Rows
are written to a journal, each on the disk before the next.  From these it is reckoned how many
questions a second one caller could hand out to 10,000 workers.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verification.campaign import journal, pool, worker
from verification.campaign.plan import read
from verification.report.findings.writing import write_text

from .executors import clusters
from .kills import written

RECORD = Path(__file__).with_suffix(".json")
PAGE = RECORD.with_suffix(".md")
WORKERS = 10_000
ROW = {"implementation": "net", "dtype": "float32", "verdict": "correct", "reason": "x" * 400}
REPEATS = 3


def measured(make: pool.Make, workers: int, questions: int, verdicts: int) -> dict[str, float]:
    """Seconds of the caller for a question without a cost, and for a verdict."""
    with contextlib.closing(pool.Pool(workers, make)) as asked:
        return {
            "seconds": each(asked, dict, [(ROW,)] * questions),
            "verdict": each(asked, worker.answered, tiny(verdicts)),
        }


def each(asked: pool.Pool, function: Callable, tasks: list[tuple]) -> float:
    """Seconds for each task, the median of several runs, once the workers are warm."""
    list(asked.each(function, tasks[: 2 * asked.workers]))
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        count = len(list(asked.each(function, tasks)))
        taken.append((time.perf_counter() - start) / count)
    return statistics.median(taken)


def tiny(verdicts: int) -> list[tuple]:
    """Questions about one right gradient, in the working directory."""
    plan = read(written(Path(), 2 * verdicts))
    tasks = [(plan.implementations[q.implementation], q) for q in plan.questions]
    return [(one, question) for one, question in tasks if one.name == "right"]


def per_row(questions: int) -> float:
    """Seconds for one row of the journal, on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        kept, _ = journal.begin(Path(folder), "plan", questions, False)
        with contextlib.closing(kept):
            start = time.perf_counter()
            for k in range(questions):
                kept.add(k, ROW)
            return (time.perf_counter() - start) / questions


TEXT = """# Many workers

What a question costs beside its verdict; made by `python -m benchmarks.scale`.

| executor | workers | a question that costs nothing | verdicts a second |
| --- | --- | --- | --- |
{rows}
| the journal alone | | {journal:.2f} ms | |

The verdicts are on a gradient of three numbers, one case each; {machine}.

## 10,000 workers, on paper
The caller's journal takes {kept:,.0f} rows a second, each on the disk before the next question.
{limits}
By shorter questions the slower of engine and journal is the limit: today that is {slower}. Larger
chunks make questions longer, without a change of anything else. Rows that are written to the disk
many at a time would move the journal's limit, at the price of as many answers in a kill. Several
callers, each with a part of the plan, move both.

{questions} questions and {verdicts} verdicts, medians of {repeats} runs; load average {load}.
"""
LIMIT = (
    "Over {executor} one caller hands out {handed:,.0f} questions a second: {workers:,} workers\n"
    "are kept busy by questions of {seconds:,.0f} s or more."
)


def page(made: dict[str, Any]) -> str:
    shown = "| {executor} | {workers} | {milliseconds:.2f} ms | {verdicts:,.0f} |"
    rows = [
        shown.format(**row, milliseconds=1e3 * row["seconds"], verdicts=1 / row["verdict"])
        for row in made["rows"]
    ]
    fastest = {
        name: min(row["seconds"] for row in made["rows"] if row["executor"] == name)
        for name in dict.fromkeys(row["executor"] for row in made["rows"])
    }
    limits = [
        LIMIT.format(
            executor=name.title(), handed=1 / seconds, workers=WORKERS,
            seconds=WORKERS * max(seconds, made["journal"]),
        )
        for name, seconds in fastest.items()
        if name != "process"
    ]  # fmt: skip
    engine = min((s for name, s in fastest.items() if name != "process"), default=0.0)
    told = {
        "rows": "\n".join(rows),
        "journal": 1e3 * made["journal"],
        "kept": 1 / made["journal"],
        "limits": "\n".join(limits),
        "slower": "the journal" if made["journal"] > engine else "the engine",
        "repeats": REPEATS,
    }
    return TEXT.format(**{**made, **told})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--verdicts", type=int, default=200)
    given = parser.parse_args()
    engines = {"process": pool.processes, **clusters()}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        rows = [
            {"executor": name, "workers": n, **measured(make, n, given.questions, given.verdicts)}
            for name, make in engines.items()
            for n in (1, 2)
        ]
    made = {
        "questions": given.questions,
        "verdicts": given.verdicts,
        "rows": rows,
        "journal": per_row(given.questions),
        "load": round(os.getloadavg()[0], 1),
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
    }
    write_text(RECORD, json.dumps(made, indent=1) + "\n")
    write_text(PAGE, page(made))


if __name__ == "__main__":
    main()
