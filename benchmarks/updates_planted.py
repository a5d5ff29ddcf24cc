"""Every mistake in every variant of an update rule: is it caught, named first, in the first three?

    python -m benchmarks.updates_planted [--seconds 300] [--seed N]

Each goes on where the last one stopped, and begins no other variant after so many seconds; it
exits with 2 while variants are left.  Writes updates_planted.json and .md.  The settings are drawn
anew by the seed of the first run: the catalogue was tuned on others.
"""

import argparse
import json
import secrets
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.updates_page import by_mistake, instead, is_first, table
from verification.derivations.rules import VARIANTS
from verification.faults.update_rules import ALL, wrong_rules
from verification.report.findings.writing import write_text
from verification.updates.planted import planted

PATH = Path(__file__).with_suffix(".json")
DONE, WRONG, MORE = 0, 1, 2  # exit statuses
FIRST, THREE = 0.95, 0.99  # of the mistakes: so many must be named first, and in the first three
FEW = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    given, start = parser.parse_args(), time.process_time()
    made = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else new(given.seed)
    for name in mixed(made["seed"]):
        if time.process_time() - start > given.seconds:
            return MORE
        if extended(made, name):
            write(made)
    write(made)
    return DONE if enough(made["rows"]) else WRONG


def mixed(seed: int) -> list[str]:
    """All variants, so that the first of them are like all: the record is read before its end."""
    return np.random.default_rng(seed).permutation(list(VARIANTS)).tolist()


def new(seed: int) -> dict[str, Any]:
    return {"seed": seed, "seconds": 0.0, "asked": {}, "rows": []}


def extended(made: dict[str, Any], name: str) -> bool:
    """Adds what was not asked yet of a variant; whether there was anything."""
    asked, start = made["asked"].setdefault(name, []), time.process_time()
    left = [w.fault.name for w in wrong_rules(name) if w.fault.name not in asked]
    if not left:
        return False
    found = [one._asdict() for one in planted(name, seed=made["seed"], only=left)]
    made["rows"] += [{k: x for k, x in row.items() if k != "description"} for row in found]
    asked += left
    made["seconds"] = round(made["seconds"] + time.process_time() - start, 1)
    return True


def first(row: dict[str, Any]) -> bool:
    return row["place"] == 1


def among_three(row: dict[str, Any]) -> bool:
    return 0 < row["place"] <= FEW


def enough(rows: list[dict[str, Any]]) -> bool:
    count = len(rows)
    return (
        all(row["caught"] for row in rows)
        and sum(map(first, rows)) >= FIRST * count
        and sum(map(among_three, rows)) >= THREE * count
    )


def page(made: dict[str, Any]) -> str:
    asked = made["asked"]
    rows = [row | {"description": ALL[row["fault"]].description} for row in made["rows"]]
    count = max(len(rows), 1)
    share = lambda of: f"{sum(map(of, rows)):,} ({sum(map(of, rows)) / count:.2%})"
    same = lambda row: first(row) and not is_first(row)
    lines = [
        "# Mistakes in update rules",
        "",
        f"{len(rows):,} mistakes in {len(asked)} of {len(VARIANTS)} variants: every one of the",
        "catalogue that changes what the variant does, planted and judged at settings of",
        f"their own. {share(lambda row: row['caught'])} are caught.",
        f"{share(first)} are named first; of these {sum(map(same, rows)):,} in other words:",
        "what is said is proven to be the same rule, in fractions or balls, at fresh runs.",
        f"{share(among_three)} are among the first three.",
        "",
        f"Seed {made['seed']}, {made['seconds']:,.0f} s of processor.",
        "Made by `python -m benchmarks.updates_planted`.",
        "",
        *table(("fault", "description", "rules", "caught", "first", "same", "named"), [
            *by_mistake(rows)
        ]),
        "",
        "## Not named first",
        "",
        *table(("fault", "instead", "same rule", "tied", "rules"), instead([
            row for row in rows if not first(row)
        ])),
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def write(made: dict[str, Any]) -> None:
    write_text(PATH, json.dumps(made) + "\n")
    write_text(PATH.with_suffix(".md"), page(made))


if __name__ == "__main__":
    raise SystemExit(main())
