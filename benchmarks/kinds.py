"""Right and wrong derivatives of every other kind: `python -m benchmarks.kinds`.

The corpora of verification/selftest/kinds: tangent rules, rules under transformations, functions
given by an equation, derivatives that are meant to be others, random estimates.  Right ones must be
`correct`, wrong ones `wrong` or `rejected`.  A wrong one is named where the finding has the words
that the corpus says of it, the transformation for one.  What the record has is not asked again.
Writes kinds.json and kinds.md beside this file.  Exit status 1 where one is not told apart.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from verification.report.findings.writing import write_text
from verification.selftest.kinds import ALL
from verification.selftest.kinds.subject import row, totals

RECORD = Path(__file__).with_suffix(".json")


def fill(done: dict[str, dict], only: str, until: float) -> None:
    for kind, subjects in ALL.items():
        for one in subjects:
            key = f"{kind}: {one.name}, {'right' if one.is_right else 'wrong'}"
            if key not in done and only in key and time.monotonic() < until:
                done[key] = {"kind": kind, **row(one)}


def table(done: dict[str, dict]) -> str:
    kinds = dict.fromkeys(row["kind"] for row in done.values())
    of = {kind: [row for row in done.values() if row["kind"] == kind] for kind in kinds}
    counted = {kind: totals(rows) for kind, rows in of.items()}
    lines = [f"# Every kind of derivative\n\n{str(__doc__).partition(chr(10))[2].strip()}\n"]
    lines += _table(["kind", *next(iter(counted.values()), {})], _counts(counted))
    for kind, rows in of.items():
        lines += [f"\n## {kind[:1].upper()}{kind[1:]}\n"]
        lines += _table(["subject", "is", "verdict", "oracle", "named", "said"], map(_cells, rows))
    return "\n".join(lines) + "\n"


def _counts(counted: dict[str, dict[str, int]]) -> list[list[Any]]:
    return [[kind, *numbers.values()] for kind, numbers in counted.items()]


def _cells(row: dict[str, Any]) -> list[Any]:
    is_right = "right" if row["right"] else "wrong"
    said = " ".join(row["said"].split()).replace("|", "\\|")
    named = "" if row["right"] else "yes" if row["named"] else "no"
    return [row["name"], is_right, row["verdict"], row["oracle"], named, said]


def _table(head: list, rows: Any) -> list[str]:
    line = lambda cells: f"| {' | '.join(map(str, cells))} |"
    return [line(head), line(["---"] * len(head)), *map(line, rows)]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--only", default="", help="subjects whose kind and name have this in it")
    parser.add_argument("--out", type=Path, default=RECORD)
    asked = parser.parse_args(arguments)
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    fill(done, asked.only, time.monotonic() + asked.seconds)
    lines = (f"{json.dumps(key)}: {json.dumps(row)}" for key, row in done.items())
    write_text(asked.out, "{\n" + ",\n".join(lines) + "\n}\n")
    write_text(asked.out.with_suffix(".md"), table(done))
    return int(not all(row["told"] for row in done.values()))


if __name__ == "__main__":
    raise SystemExit(main())
