"""The kill table's column of second order: `python -m benchmarks.kill_table_second [--every N]`.

Of each derivation of refnet each N-th mistake of the catalogue is planted in its gradient; that is
differentiated again by JAX, in float64, and judged as a second derivative.  The right gradient,
differentiated again, must be right.  What the record has is not asked again; --executor,
--scheduler and --workers are those of a campaign.  Writes kill_table_second.json and
kill_table_second.md beside this file.
"""

import argparse
import json
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import jax

from verification import faults
from verification.faults.assembly import SUBJECTS
from verification.report.findings.writing import write_text
from verification.selftest.kill_table import CAUGHT
from verification.selftest.kill_table_second import NONE, RIGHT, UNKNOWN, statuses

from . import executors

RECORD = Path(__file__).with_suffix(".json")
STATUSES = (CAUGHT, RIGHT, NONE, UNKNOWN)


def row(name: str, every: int) -> dict[str, int]:
    """How many mistakes became what."""
    twins = faults.twins(name)[list(SUBJECTS).index(name) % every :: every]
    counts = Counter(statuses(SUBJECTS[name], twins, "float64"))
    return {status: counts[status] for status in STATUSES}


def in_order(done: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """That of the derivations, whoever has answered first."""
    return {name: done[name] for name in SUBJECTS if name in done}


def table(done: dict[str, dict[str, int]]) -> str:
    line = lambda cells: f"| {' | '.join(map(str, cells))} |"
    lines = [f"# The kill table at second order\n\n{str(__doc__).partition(chr(10))[2].strip()}\n"]
    lines += [line(["derivation", *STATUSES]), line(["---"] * 5)]
    lines += [line([name, *counts.values()]) for name, counts in done.items()]
    lines.append(line(["all", *(sum(c[s] for c in done.values()) for s in STATUSES)]))
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 where a derivation has no truth at second order; raises where one is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_table_second")
    parser.add_argument("--every", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SUBJECTS))
    parser.add_argument("--out", type=Path, default=RECORD)
    executors.add(parser)
    asked = parser.parse_args(arguments)
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    until = time.monotonic() + asked.seconds
    left = ((name, asked.every) for name in asked.only if name not in done)
    with executors.asked(asked) as pool:
        for some in iter(lambda: [*islice(left, pool.workers if pool else 1)], []):
            if time.monotonic() > until:
                break
            for (name, _), counts in executors.answers(pool, row, some, dict):
                done = in_order(done | {name: counts})
                write_text(asked.out, json.dumps(done, indent=1) + "\n")
            jax.clear_caches()
    write_text(asked.out.with_suffix(".md"), table(done))
    return int(any(counts[UNKNOWN] for counts in done.values()))


if __name__ == "__main__":
    from benchmarks.kill_table_second import main  # its functions have names in other processes

    raise SystemExit(main())
