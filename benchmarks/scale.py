"""What a question of a campaign costs beside its verdict: in processes here, and over Dask.

    python -m benchmarks.scale [--questions 200]

Questions that cost nothing, a row copied, are asked of 1 and 2 workers of each executor, after a
first one that starts them; then rows are written to a journal, each on the disk before the next.
From both it is reckoned how many questions a second one caller could hand out to 10,000 workers.
"""

import argparse
import contextlib
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from verification.campaign import cluster, journal, pool
from verification.report.findings.writing import write_text

RECORD = Path(__file__).with_suffix(".json")
PAGE = RECORD.with_suffix(".md")
EXECUTORS = {"process": pool.processes, "dask": cluster.dask()}
WORKERS = 10_000
ROW = {"implementation": "net", "dtype": "float32", "verdict": "correct", "reason": "x" * 400}
REPEATS = 3


def per_question(make: pool.Make, workers: int, questions: int) -> float:
    """Seconds of the caller for each, the median of several runs."""
    with contextlib.closing(pool.Pool(workers, make)) as asked:
        list(asked.each(dict, [(ROW,)] * workers))
        taken = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            count = len(list(asked.each(dict, [(ROW,)] * questions)))
            taken.append((time.perf_counter() - start) / count)
    return statistics.median(taken)


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

| executor | workers | a question |
| --- | --- | --- |
{rows}
| the journal alone | | {journal:.2f} ms |

One caller hands out {handed:,.0f} questions a second over Dask, and its journal takes {kept:,.0f}
rows a second, each on the disk before the next question. So {workers:,} workers are kept busy by
questions of {seconds:,.0f} s or more; by shorter ones the slower of both is the limit. Larger
chunks make questions longer, without a change of anything else. Rows that are written to the disk
many at a time would move the journal's limit, at the price of as many answers in a kill. Several
callers, each with a part of the plan, move both.

{questions} questions, medians of {repeats} runs. {machine}.
"""


def page(made: dict[str, Any]) -> str:
    shown = "| {executor} | {workers} | {milliseconds:.2f} ms |"
    rows = [shown.format(**row, milliseconds=1e3 * row["seconds"]) for row in made["rows"]]
    dask = min(row["seconds"] for row in made["rows"] if row["executor"] == "dask")
    told = {
        "rows": "\n".join(rows),
        "journal": 1e3 * made["journal"],
        "handed": 1 / dask,
        "kept": 1 / made["journal"],
        "workers": WORKERS,
        "seconds": WORKERS * max(dask, made["journal"]),
        "repeats": REPEATS,
    }
    return TEXT.format(**{**made, **told})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--questions", type=int, default=200)
    given = parser.parse_args()
    rows = [
        {"executor": name, "workers": n, "seconds": per_question(make, n, given.questions)}
        for name, make in EXECUTORS.items()
        for n in (1, 2)
    ]
    made = {
        "questions": given.questions,
        "rows": rows,
        "journal": per_row(given.questions),
        "machine": f"Python {platform.python_version()}",
    }
    write_text(RECORD, json.dumps(made, indent=1) + "\n")
    write_text(PAGE, page(made))


if __name__ == "__main__":
    main()
