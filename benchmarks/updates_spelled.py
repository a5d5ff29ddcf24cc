"""Six spellings of every update rule over drawn settings: `python -m benchmarks.updates_spelled`.

    python -m benchmarks.updates_spelled [--settings 1000] [--seed N] [--seconds N]

Every variant in float64, float32 and bfloat16.  The truth is a wider format with its own running
error.  Writes updates_spelled.json and updates_spelled.md beside this file; exits with 1 where a
spelling was outside of the budget of its own rule.  What the record has at as many settings is not
asked again; after so many seconds no other row is begun, and it exits with 2.
"""

import argparse
import json
import math
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from verification.derivations.rules import VARIANTS
from verification.report.findings.writing import write_text
from verification.updates.spelled import SPELLINGS
from verification.updates.spelled_runs import Spelled, spelled

RECORD = Path(__file__).with_suffix(".json")
DTYPES = ("float64", "float32", "bfloat16")
DONE, OUTSIDE, MORE = 0, 1, 2  # exit statuses


def asked(names: Iterable[str] = VARIANTS) -> Iterator[tuple[str, str]]:
    """Every variant and dtype; rules of matrices last, whose roundings are drawn."""
    matrices = lambda name: VARIANTS[name].matrices
    yield from ((name, dtype) for name in sorted(names, key=matrices) for dtype in DTYPES)


def row(name: str, dtype: str, settings: int, seed: int) -> dict[str, Any]:
    """One variant and dtype: its spellings together."""
    start = time.process_time()
    found = joined(spelled(name, dtype, settings, seed))
    return {**found, "seed": seed, "seconds": round(time.process_time() - start, 2)}


def joined(found: list[Spelled]) -> dict[str, Any]:
    """The spellings of one variant in one dtype together, and which was furthest off."""
    furthest = max(found, key=lambda row: row.worst)
    return {
        "variant": furthest.variant,
        "dtype": furthest.dtype,
        "settings": furthest.settings,
        "runs": furthest.settings * len(found),
        "outside": sum(row.outside for row in found),
        "worst": furthest.worst,
        "spelling": furthest.spelling,
    }


def page(r: dict[str, Any]) -> str:
    total = lambda key: sum(row[key] for row in r["rows"])
    columns = ("variant", "dtype", "settings", "outside", "worst", "spelling")
    shown = lambda x: f"{x:.3g}" if isinstance(x, float) else str(x)
    least = min(row["settings"] for row in r["rows"])
    lines = [
        "# Spellings of update rules",
        "",
        f"{len(SPELLINGS)} spellings of {len({row['variant'] for row in r['rows']})} of"
        f" {len(VARIANTS)} variants, 12",
        f"steps with a changing rate, at {least:,} settings at least of each in each dtype:",
        f"{total('runs'):,} runs, **{total('outside')} outside the budget**. Worst errors are in",
        "budgets. The truth is a wider format with its own running error: longdouble for float64,",
        "float64 below. Made by `python -m benchmarks.updates_spelled`.",
        "",
        f"Spellings: {', '.join(SPELLINGS)}. {total('seconds'):.0f} CPU-seconds; seeds",
        f"{', '.join(map(str, sorted({row['seed'] for row in r['rows']})))}.",
        "",
        f"| {' | '.join(columns)} |",
        f"| {' | '.join('---' for _ in columns)} |",
        *(f"| {' | '.join(shown(row[c]) for c in columns)} |" for row in r["rows"]),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--settings", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--seconds", type=float, default=math.inf)
    given, start = parser.parse_args(), time.process_time()
    known = kept(given.settings)
    for name, dtype in asked():
        if (name, dtype) in known:
            continue
        if time.process_time() - start > given.seconds:
            return MORE
        known[name, dtype] = row(name, dtype, given.settings, given.seed)
        write(known)
    return OUTSIDE if any(row["outside"] for row in known.values()) else DONE


def kept(settings: int) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of the record that need not be asked again."""
    if not RECORD.exists():
        return {}
    found = json.loads(RECORD.read_text(encoding="utf-8"))["rows"]
    wanted = {*asked()}
    return {
        (r["variant"], r["dtype"]): r
        for r in found
        if r["settings"] >= settings and (r["variant"], r["dtype"]) in wanted
    }


def write(known: dict[tuple[str, str], dict[str, Any]]) -> None:
    """The record and its page, in the order of the table of variants."""
    made = {"rows": [known[key] for key in asked() if key in known]}
    write_text(RECORD, json.dumps(made, indent=1) + "\n")
    write_text(RECORD.with_suffix(".md"), page(made))


if __name__ == "__main__":
    raise SystemExit(main())
