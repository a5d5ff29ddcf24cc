"""Six spellings of every update rule over drawn settings: `python -m benchmarks.updates_spelled`.

    python -m benchmarks.updates_spelled [--settings 1000] [--seed N] [--seconds N] [--known 20]

Every variant in float64, float32 and bfloat16.  The truth is a wider format with its own running
error.  Writes updates_spelled.json and updates_spelled.md beside this file; exits with 1 where a
spelling was outside of the budget of its own rule.  What the record has at as many settings is not
asked again; after so many seconds no other row is begun, and it exits with 2.  `--known` asks, at
so many settings, of how many numbers there is a budget: nothing is said of the others.
"""

import argparse
import json
import math
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from verification.adapters.update_libraries import Cell
from verification.derivations.rules import VARIANTS
from verification.report.findings.writing import write_text
from verification.updates import many, vectors
from verification.updates.spelled import SPELLINGS
from verification.updates.spelled_runs import Spelled, spelled
from verification.updates.vectors import layout

RECORD, HERE = Path(__file__).with_suffix(".json"), Path(__file__).parent
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
    seconds = round(time.process_time() - start, 2)
    return {**found, "seed": seed, "commit": commit(), "seconds": seconds}


def commit() -> str:
    """Of the code that was run; nothing where that is not known."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, cwd=HERE)
    return told.stdout.decode().strip()


def known_share(name: str, dtype: str, settings: int, seed: int) -> float:
    """The share of numbers, over all steps, that have a budget."""
    variant = VARIANTS[name]
    where = layout(vectors.params_of(variant))
    runs = many.settings(Cell(name, "", len), settings, dtype, seed, where)
    allowed = [many.bounds(variant, g, where, dtype) for g in many.together(runs, variant)]
    return float(np.isfinite(np.concatenate(allowed)).mean())


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
        f"{', '.join(map(str, sorted({row['seed'] for row in r['rows']})))}. The record has",
        "the seed and the commit of each row:",
        f"{rows_of_commits(r['rows'])}.",
        *not_run({(row["variant"], row["dtype"]) for row in r["rows"]}),
        "",
        *page_of_known(r.get("known", {})),
        f"| {' | '.join(columns)} |",
        f"| {' | '.join('---' for _ in columns)} |",
        *(f"| {' | '.join(shown(row[c]) for c in columns)} |" for row in r["rows"]),
    ]
    return "\n".join(lines) + "\n"


def not_run(done: set[tuple[str, str]]) -> list[str]:
    left = [" in ".join(row) for row in asked() if row not in done]
    return [f"Not run: {', '.join(left)}."] if left else []


def page_of_known(known: dict[str, Any]) -> list[str]:
    if not known:
        return []
    some = [row for row in known["rows"] if row["share"] < 1.0]
    return [
        "Nothing is known of a number where rounding may turn a branch, or where a root or a",
        "quotient may have no digit left: it is not outside, whatever it is. At",
        f"{known['settings']} settings (seed {known['seed']}) all numbers have a budget in"
        f" {len(known['rows']) - len(some)} of {len(known['rows'])} rows; in the others:",
        "",
        "| variant | dtype | share with a budget |",
        "| --- | --- | --- |",
        *(f"| {row['variant']} | {row['dtype']} | {row['share']:.1%} |" for row in some),
        "",
    ]


def rows_of_commits(rows: list[dict[str, Any]]) -> str:
    counts = Counter(row["commit"] for row in rows)
    return ", ".join(f"{count} rows of {name}" for name, count in counts.most_common())


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--settings", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--known", type=int, default=0)
    given, start = parser.parse_args(), time.process_time()
    if given.known:
        shares = [
            {"variant": v, "dtype": d, "share": known_share(v, d, given.known, given.seed)}
            for v, d in asked()
        ]
        write(kept(0), {"settings": given.known, "seed": given.seed, "rows": shares})
        return DONE
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


def write(known: dict[tuple[str, str], dict[str, Any]], shares: Any = None) -> None:
    """The record and its page, in the order of the table of variants."""
    if shares is None and RECORD.exists():
        shares = json.loads(RECORD.read_text(encoding="utf-8")).get("known")
    made = {"rows": [known[key] for key in asked() if key in known], "known": shares or {}}
    write_text(RECORD, json.dumps(made, indent=1) + "\n")
    write_text(RECORD.with_suffix(".md"), page(made))


if __name__ == "__main__":
    raise SystemExit(main())
