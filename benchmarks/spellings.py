"""Right gradients by many hands, each judged at draws and at large scales: none may be refused.

    python -m benchmarks.spellings [--seeds 20] [--dtypes float64 ...] [--minutes 10] [--anew]

A run goes on where the last one stopped: a function and dtype that has its seeds is not asked
again, one that has fewer gets the others.  --anew forgets what was found: after a change to the
judge.  Writes spellings.json and spellings.md beside this file after every function.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verification.arithmetic.formats import DTYPES
from verification.selftest.spellings.corpus import CORPUS, WHOLE, Unasked, met
from verification.selftest.statistics import Judged

RECORD = Path(__file__).with_name("spellings.json")
SEEDS = 20

CAUSES = {  # of what is undecided, and stays so
    ("rmsprop", "float16"): "where a mean of squares is 1e-4, its power -3/2, by which several of "
    "these programs multiply, is beyond the largest number of float16: there is no budget",
}

Row = dict[str, Any]


def row(function: str, dtype: str, seeds: range) -> Row:
    """What so many seeds have found of one function in one dtype."""
    found = list(met({function: CORPUS[function]}, (dtype,), seeds))
    verdicts = [v for v in found if isinstance(v, Judged)]
    refused = [v for v in verdicts if v.alarms]
    silent = [v for v in verdicts if v.undecided and not v.alarms]
    return {
        "implementation": function,
        "dtype": dtype,
        "spellings": len(CORPUS[function].right),
        "seeds": len(seeds),
        "verdicts": len(verdicts),
        "false_alarms": len(refused),
        "undecided": len(silent),
        "worst": max((v.worst for v in verdicts), default=0.0),
        "refused": dict(Counter(_who(v) for v in refused)),
        "without_budget": dict(Counter(_who(v) for v in silent)),
        "unasked": {u.who: u.why for u in found if isinstance(u, Unasked)},
    }


def _who(verdict: Judged) -> str:
    return str(verdict.configuration).rsplit(", seed", 1)[0]


def together(one: Row, other: Row) -> Row:
    """Two rows of one function and dtype, at other seeds."""
    added = {k: one[k] + other[k] for k in ("seeds", "verdicts", "false_alarms", "undecided")}
    counted = {k: dict(Counter(one[k]) + Counter(other[k])) for k in ("refused", "without_budget")}
    return one | added | counted | {"worst": max(one["worst"], other["worst"])}


def runs(given: argparse.Namespace, kept: dict[tuple[str, str], Row]) -> Iterator[Row]:
    """The rows that are not known yet, dtype by dtype, as long as the time allows."""
    until = time.monotonic() + 60 * given.minutes
    for dtype in given.dtypes:
        for name in given.functions:
            before = kept.get((name, dtype))
            if before and before["spellings"] != len(CORPUS[name].right):
                before = None
            done = before["seeds"] if before else 0
            if done >= given.seeds or time.monotonic() > until:
                continue
            now = row(name, dtype, range(done, given.seeds))
            yield together(before, now) if before else now


def write(record: Path, kept: dict[tuple[str, str], Row], seconds: float) -> None:
    found = list(kept.values())
    how = {"seconds": round(seconds), "seeds": min(r["seeds"] for r in found)}
    record.write_text(json.dumps({"how": how, "rows": found}, indent=1) + "\n")
    record.with_suffix(".md").write_text(page(found, seconds))


def page(found: list[Row], seconds: float) -> str:
    """The rows by dtype, and by name whatever was refused, had no budget or was not asked."""
    lines = [
        "# Right gradients by many hands",
        "",
        "Every spelling of `verification/selftest/spellings` is right. A verdict is one of them at",
        "one point: a seed, a dtype, an ordinary or a large scale. Made by",
        f"`python -m benchmarks.spellings` in {round(seconds)} s.",
        "",
        "| dtype | functions | seeds | spellings | verdicts | refused | undecided | largest error, "
        "in budgets |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for dtype in DTYPES:
        mine = [r for r in found if r["dtype"] == dtype]
        if mine:
            total = lambda key: sum(r[key] for r in mine)  # noqa: B023
            seeds = sorted({r["seeds"] for r in mine})
            lines.append(
                f"| {dtype} | {len(mine)} of {len(CORPUS)} | {' or '.join(map(str, seeds))} | "
                f"{total('spellings'):,} | {total('verdicts'):,} | {total('false_alarms')} | "
                f"{total('undecided')} | {max(r['worst'] for r in mine):.3g} |"
            )
    for title, key in (("Refused", "refused"), ("Undecided", "without_budget")):
        named = [f"- {r['implementation']}, {r['dtype']}: {_list(r[key])}" for r in found if r[key]]
        known = CAUSES if key == "without_budget" else {}
        asked = {(r["implementation"], r["dtype"]) for r in found if r[key]}
        named += [f"\nWhy {n} in {d}: {why}." for (n, d), why in known.items() if (n, d) in asked]
        lines += ["", f"## {title}", "", *(named or ["None."])]
    return "\n".join([*lines, "", "## Not asked", "", *not_asked(found)]) + "\n"


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{who} ({count})" for who, count in counts.items())


def not_asked(found: list[Row]) -> list[str]:
    """Why, and of how many spellings."""
    why = Counter((r["dtype"], reason) for r in found for reason in r["unasked"].values())
    return [
        f"- {dtype}: {count} spellings, {reason}." for (dtype, reason), count in why.items()
    ] or ["None."]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(WHOLE))
    parser.add_argument("--functions", nargs="+", choices=CORPUS, default=list(CORPUS))
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--anew", action="store_true")
    parser.add_argument("--out", type=Path, default=RECORD)
    given, began = parser.parse_args(), time.monotonic()
    before = {} if given.anew or not given.out.exists() else json.loads(given.out.read_text())
    kept = {(r["implementation"], r["dtype"]): r for r in before.get("rows", ()) if "seeds" in r}
    spent = before["how"]["seconds"] if kept else 0
    for now in runs(given, kept):
        kept[now["implementation"], now["dtype"]] = now
        print(*(now[k] for k in ("implementation", "dtype", "verdicts", "refused")), flush=True)
        write(given.out, kept, spent + time.monotonic() - began)
    found = list(kept.values())
    bad = [r["implementation"] for r in found if r["false_alarms"]]
    print(f"{sum(r['verdicts'] for r in found)} verdicts; refused in: {bad or 'none'}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
