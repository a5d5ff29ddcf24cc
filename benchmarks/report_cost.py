"""Where the time of `make report` goes: each task in one process, and what of it is compilation.

    python -m benchmarks.report_cost [--quick]

Seconds are those of the processor, all threads together; two workers share them.  A compilation is
what XLA makes of one program; tracing and lowering come on top and count as the rest.  What is
wanted: 90 s after the installation, on two cores.  Writes report_cost.json and report_cost.md
beside this file.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import jax

from verification.report.findings.writing import write_text
from verification.report.stages import STAGES, Task, carry_out

HERE = Path(__file__)
WHAT = (__doc__ or "").split("\n\n")[0]
WANTED, CORES, DEAREST = 90.0, 2, 20
COMPILED = "/jax/core/compile/backend_compile_duration"


class Compilations:
    """Inside of `with`: how many programs XLA has compiled, and how long they took."""

    def __init__(self):
        self.programs, self.seconds = 0, 0.0

    def __enter__(self):
        jax.monitoring.register_event_duration_secs_listener(self)
        return self

    def __exit__(self, *_) -> None:
        jax.monitoring.unregister_event_duration_listener(self)

    def __call__(self, event: str, duration_secs: float, **_: str | int) -> None:
        if event == COMPILED:
            self.programs, self.seconds = self.programs + 1, self.seconds + duration_secs


def measured(task: Task, compilations: Compilations) -> dict:
    """One task, done here and now."""
    start, programs, seconds = time.process_time(), compilations.programs, compilations.seconds
    carry_out(task)
    return {
        "stage": task.stage,
        "task": task.name,
        "processor seconds": round(time.process_time() - start, 2),
        "compilation": round(compilations.seconds - seconds, 2),
        "programs": compilations.programs - programs,
    }


def together(rows: list[dict]) -> list[dict]:
    """The tasks of each stage as one row, and all of them as the last."""
    stages = dict.fromkeys(row["stage"] for row in rows)
    of = {stage: [row for row in rows if row["stage"] == stage] for stage in stages}
    return [_sum(stage, found) for stage, found in of.items()] + [_sum("all", rows)]


def _sum(stage: str, rows: list[dict]) -> dict:
    added = ("processor seconds", "compilation", "programs")
    return {"stage": stage, "task": len(rows)} | {k: sum(row[k] for row in rows) for k in added}


def table(rows: list[dict], second: str) -> list[str]:
    heads = ("stage", second, "processor seconds", "of them compilation", "programs compiled")
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for row in rows:
        share = row["compilation"] / max(row["processor seconds"], 1e-9)
        numbers = f"{row['processor seconds']:.1f} | {share:.0%} | {row['programs']}"
        lines += [f"| {row['stage']} | {row['task']} | {numbers} |"]
    return lines


def page(record: dict) -> str:
    """The stages, the dearest tasks, and what both mean for the time on two cores."""
    stages = together(record["rows"])
    total, programs = stages[-1]["processor seconds"], stages[-1]["programs"]
    each = stages[-1]["compilation"] / max(programs, 1)
    dearest = sorted(record["rows"], key=lambda row: -row["processor seconds"])[:DEAREST]
    lines = ["# Where the time of the report goes", "", WHAT, "", *table(stages, "tasks"), ""]
    lines += [
        f"On {CORES} cores that is {total / CORES:.0f} s at least; {WANTED:.0f} s are wanted."
    ]
    lines += [
        f"{programs} programs are compiled, {1000 * each:.0f} ms each: what is judged has one for"
    ]
    lines += ["each shape and format, as whoever uses it would compile it.", ""]
    lines += [f"## The {len(dearest)} dearest tasks", "", *table(dearest, "task"), ""]
    lines += [f"Load average at the end: {record['load']}."]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=WHAT)
    parser.add_argument("--quick", action="store_true", help="fewer cases and formats")
    options = parser.parse_args()
    tasks = [Task(s, n, 0, options.quick) for s, stage in STAGES.items() for n in stage.names()]
    with Compilations() as compilations:
        rows = [measured(task, compilations) for task in tasks]
    record = {"quick": options.quick, "rows": rows, "load": round(os.getloadavg()[0], 1)}
    write_text(HERE.with_suffix(".json"), json.dumps(record, indent=1) + "\n")
    write_text(HERE.with_suffix(".md"), page(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())
