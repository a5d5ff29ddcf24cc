"""What would be seen of each function in the corpus, beside what was seen of it before.

    python -m benchmarks.power [--functions NAME ...] [--dtypes float64 ...]

The power of a leaf is its median budget over its root mean square, at one draw; of a function the
largest of its leaves.  Writes power.json and power.md beside this file; a row keeps the power that
the record had before.  Exit status 1 where the median of a dtype is more than twice what it was.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from verification.measurement.tolerance import root_mean_square
from verification.report.findings.writing import write_text
from verification.selftest.spellings.corpus import CORPUS, target

RECORD = Path(__file__).with_suffix(".json")
DTYPES = ("float64", "float32", "bfloat16")
SEED, WIDER = 1, 2.0

Row = dict[str, Any]


def power(function: str, dtype: str) -> float:
    """The largest of its leaves' median budgets over their root mean squares; 0 of zeros."""
    spelled = CORPUS[function]
    with np.errstate(all="ignore"):
        held = target(spelled, dtype, spelled.scales[0], SEED)
    return max(map(_of_leaf, held.truth, held.budget), default=0.0)


def _of_leaf(truth, allowed) -> float:
    known = np.isfinite(allowed) & np.isfinite(truth.mid)
    size = float(root_mean_square(truth.mid, known))
    return float(np.median(allowed[known])) / size if known.any() and size else 0.0


def row(function: str, dtype: str, before: float | None) -> Row:
    return {"function": function, "dtype": dtype, "power": power(function, dtype), "was": before}


def growth(rows: list[Row]) -> dict[str, float]:
    """Of every dtype the median of what the powers have grown by."""
    grown: dict[str, list[float]] = {}
    for one in rows:
        if one["was"] and one["power"]:
            grown.setdefault(one["dtype"], []).append(one["power"] / one["was"])
    return {dtype: float(np.median(found)) for dtype, found in grown.items()}


def page(rows: list[Row]) -> str:
    lines = [
        "# Power, beside what it was",
        "",
        "The median error of an entry that rounding may account for, over the root mean square of",
        "its leaf: smaller is sharper. Made by `python -m benchmarks.power`.",
        "",
    ]
    said = [f"{dtype} {factor:.3g}" for dtype, factor in growth(rows).items()]
    lines += [f"Grown at the median by: {', '.join(said)}.", ""]
    lines += ["| function | dtype | power | was | grown by |", "| --- | --- | --- | --- | --- |"]
    for one in rows:
        was = f"{one['was']:.3g}" if one["was"] else "-"
        by = f"{one['power'] / one['was']:.3g}" if one["was"] else "-"
        lines.append(f"| {one['function']} | {one['dtype']} | {one['power']:.3g} | {was} | {by} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", nargs="+", choices=CORPUS, default=list(CORPUS))
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--out", type=Path, default=RECORD)
    given = parser.parse_args()
    known = json.loads(given.out.read_text())["rows"] if given.out.exists() else []
    kept = {(r["function"], r["dtype"]): r for r in known}
    for dtype in given.dtypes:
        for name in given.functions:
            before = kept.get((name, dtype))
            kept[name, dtype] = row(name, dtype, before and before["power"])
    rows = list(kept.values())
    write_text(given.out, json.dumps({"rows": rows}, indent=1) + "\n")
    write_text(given.out.with_suffix(".md"), page(rows))
    print(growth(rows))
    return int(any(factor > WIDER for factor in growth(rows).values()))


if __name__ == "__main__":
    sys.exit(main())
