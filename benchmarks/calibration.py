"""False alarms: 10,000 verdicts on correct gradients, in every dtype, over sizes and scales.

    python -m benchmarks.calibration [--networks 38] [--spellings 5000] [--seed N] [--note TEXT]

Half of them are networks by eight implementations, half the corpus of right gradients by many hands
(verification/selftest/spellings).  --networks 0 draws the corpus anew and leaves the networks' rows
as they are.

One core, some 40 minutes.  Every run draws anew (the seed is written down); runs before it stay in
the record, whatever they said.  Writes calibration.json and calibration.md beside this file, and
again after every 500 verdicts, so that a run that is ended keeps what it found; exits with 1 where
there was a false alarm.
"""

import argparse
import json
import os
import platform
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from verification.inputs.networks import POINTS, Configuration, configurations, corners, coverage
from verification.report.findings.writing import write_text
from verification.selftest.calibration import ALL, LOSSY, installed, judgements
from verification.selftest.spellings.corpus import CORPUS, sampled
from verification.selftest.statistics import CONTROL, EDGES, Judged, rows, sensitivity

HERE = Path(__file__).parent
RECORD = HERE / "calibration.json"
EVERY = 500  # verdicts between two records
LARGE, MODEST = 6, 64  # one network in six has the whole range of sizes, the others this width
SIZES = (10**2, 10**3, 10**4, 10**5, 10**6, 10**7)  # parameters
MODULES = {name: name for name in ("numpy", "jax", "jaxlib", "torch", "ml_dtypes")}
MODULES |= {"python-flint": "flint"}


def planned(networks: int, seed: int) -> list[Configuration]:
    """The corners, and what a seed draws; large networks between the others, not all at the end."""
    few, many = networks // LARGE, networks - networks // LARGE
    large = configurations(few * POINTS, seed)
    small = configurations(many * POINTS, seed + 1, widest=MODEST, most=MODEST)
    met = corners(seed)
    for k in range(few):
        met += small[k * many // few * POINTS : (k + 1) * many // few * POINTS]
        met += large[k * POINTS : (k + 1) * POINTS]
    return met if few else met + small


def measured(met: list[Configuration]) -> Iterator[tuple[list[Judged], float]]:
    """The verdicts so far and the seconds they took: after each EVERY of them, and at the end."""
    verdicts, start = [], time.perf_counter()
    for verdict in judgements(met, implementations=installed(ALL | LOSSY)):
        verdicts.append(verdict)
        if verdict.alarms and verdict.implementation in ALL:
            print(f"FALSE ALARM: {described(verdict)}", flush=True)
        if len(verdicts) % EVERY == 0:
            yield verdicts, time.perf_counter() - start
    yield verdicts, time.perf_counter() - start


def corpus(count: int, seed: int) -> dict[str, Any]:
    """What is known of the corpus: so many verdicts, drawn."""
    start, verdicts = time.perf_counter(), list(sampled(count, seed))
    alarms = [described(v) for v in verdicts if v.alarms]
    for alarm in alarms:
        print(f"FALSE ALARM: {alarm}", flush=True)
    return {
        "seed": seed,
        "verdicts": len(verdicts),
        "false_alarms": len(alarms),
        "undecided": sum(v.undecided > 0 and not v.alarms for v in verdicts),
        "control": sum(v.worst * CONTROL > 1.0 for v in verdicts),
        "spellings": sum(len(s.right) for s in CORPUS.values()),
        "functions": len(CORPUS),
        "seconds": round(time.perf_counter() - start),
        "rows": together(verdicts),
        "alarms": alarms,
    }


def together(verdicts: list[Judged]) -> list[dict[str, Any]]:
    """One row per dtype: functions and spellings together."""
    return rows([v._replace(implementation="spellings") for v in verdicts])


def described(verdict: Judged) -> dict[str, Any]:
    return {
        "implementation": verdict.implementation,
        "dtype": verdict.dtype,
        "configuration": str(verdict.configuration),
        "entries": verdict.alarms,
        "budgets": verdict.worst,
    }


def records(seed: int, note: str, networks: int) -> Iterator[dict[str, Any]]:
    """What is known so far, again and again; the last record is of the whole plan."""
    before = json.loads(RECORD.read_text())["runs"] if RECORD.exists() else []
    met = planned(networks, seed)
    for everything, seconds in measured(met):
        judged = {v.configuration for v in everything}
        found = record([c for c in met if c in judged], everything)
        known = {"seed": seed, "note": note, "planned": len(met), "seconds": round(seconds)}
        run = {key: (known | found)[key] for key in RUNS}
        yield known | found | {"runs": [*before, run]}


def record(met: list[Configuration], everything: list[Judged]) -> dict[str, Any]:
    """Of the configurations that were met."""
    verdicts = [v for v in everything if v.implementation in ALL]
    alarms = [described(v) for v in verdicts if v.alarms]
    return {
        "verdicts": len(verdicts),
        "false_alarms": len(alarms),
        "undecided": sum(v.undecided > 0 and not v.alarms for v in verdicts),
        "control": sum(v.worst * CONTROL > 1.0 for v in verdicts),
        "met": len(met),
        "edges": EDGES.tolist(),
        "rows": rows(verdicts),
        "sensitivity": sensitivity(verdicts),
        "coverage": coverage(met),
        "sizes": size_classes(met),
        "kinds": dict(Counter(f"{c.network.activation}, {c.network.loss}" for c in met)),
        "alarms": alarms,
        "lossy": rows([v for v in everything if v.implementation in LOSSY]),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name, m in MODULES.items() if find_spec(m)},
    }


def size_classes(met: list[Configuration]) -> dict[str, int]:
    """How many configurations have up to so many parameters."""
    counts = np.searchsorted(SIZES, [coverage([c])["parameters"][0] for c in met])
    return {f"up to {most:,}": int((counts == k).sum()) for k, most in enumerate(SIZES)}


# --- as Markdown -----------------------------------------------------------------------------


def page(r: dict[str, Any]) -> str:
    sizes = ", ".join(f"{count} {name}" for name, count in r["sizes"].items())
    ranges = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in r["coverage"].items())
    lines = [
        "# False alarms",
        "",
        f"{r['verdicts']:,} verdicts on correct gradients: **{r['false_alarms']} false alarms**, "
        f"{r['undecided']:,} undecided (some entry",
        "may overflow in the format, or has no budget). A verdict is one implementation, one",
        "network at one point, one dtype, every entry of every leaf. With budgets "
        f"{CONTROL:g} times smaller",
        f"there would be {r['control']:,} alarms. Made by `python -m benchmarks.calibration`.",
        "",
        f"Seed {r['seed']}, {r['seconds']} s on one core; {r['met']} configurations of the "
        f"{r['planned']} that were planned. Met: {ranges}.",
        f"Configurations by parameters: {sizes}.",
        "",
        *table(ERRORS, map(error_row, r["rows"])),
        "",
        *spellings_page(r.get("corpus")),
        "## What the budgets see",
        "",
        "Medians over configurations, relative to the root mean square of a leaf: the median",
        "budget, and the error that is certain to be seen at any entry of any leaf.",
        "",
        *table(SEEN, map(seen_row, r["sensitivity"])),
        "",
        "## Right formulas that lose digits",
        "",
        "PyTorch's own activations and losses: softplus linear beyond 20, 1 + erf. Their alarms",
        "are no false ones: where units saturate these forms lose digits, which a correct",
        "implementation keeps. They are not in the count. (Slopes 1 - a^2 and a (1 - a) are inside",
        "the budget since it has room for stored outputs; older rows have their alarms.)",
        "",
        *table(ERRORS, map(error_row, r["lossy"])),
        "",
        "## Every run so far",
        "",
        *table(RUNS, ([run[key] for key in RUNS] for run in r["runs"])),
        "",
        f"Python {r['python']}; {', '.join(f'{n} {v}' for n, v in r['versions'].items())}.",
    ]
    return "\n".join(lines) + "\n"


def spellings_page(r: dict[str, Any] | None) -> list[str]:
    """The corpus of right gradients; nothing where none was drawn."""
    if r is None:
        return []
    return [
        "## Right gradients by many hands",
        "",
        f"{r['spellings']} spellings of {r['functions']} functions (NumPy, SciPy, PyTorch,",
        "scikit-learn, loops, JAX; slopes from the input and from the stored output, fused and",
        "composed, sums in several orders), at ordinary and large scales: "
        f"{r['verdicts']:,} verdicts, **{r['false_alarms']} false alarms**,",
        f"{r['undecided']:,} undecided (a naive form may overflow in float16);",
        f"{r['control']:,} alarms with budgets {CONTROL:g} times smaller.",
        f"Seed {r['seed']}, {r['seconds']} s.",
        "",
        *table(ERRORS, map(error_row, r["rows"])),
        "",
    ]


ERRORS = ("implementation", "dtype", "verdicts", "alarms", "undecided", "entries")
ERRORS += ("median", "0.999", "largest", f"alarms at 1/{CONTROL:g}")
SEEN = ("dtype", "widest layer", "configurations", "budget", "seen")
RUNS = ("seed", "verdicts", "false_alarms", "undecided", "control", "seconds", "note")


def error_row(row: dict[str, Any]) -> list[Any]:
    counts = [row[key] for key in ("verdicts", "false_alarms", "undecided")]
    errors = (row["quantiles"]["0.5"], row["quantiles"]["0.999"], row["worst"])
    entries = f"{row['entries']:,}"
    about = [f"{error:.2g}" for error in errors]
    return [row["implementation"], row["dtype"], *counts, entries, *about, row["control"]]


def seen_row(row: dict[str, Any]) -> list[Any]:
    low, high = row["widths"]
    about = [f"{row[key]:.2g}" for key in ("allowed", "seen")]
    return [row["dtype"], f"{low} to {high}", row["configurations"], *about]


def table(header, body) -> list[str]:
    line = lambda cells: f"| {' | '.join(map(str, cells))} |"
    return [line(header), line(["---"] * len(header)), *map(line, body)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=38)
    parser.add_argument("--spellings", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--note", default="")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    seed = secrets.randbits(31) if options.seed is None else options.seed
    spelt = {"corpus": corpus(options.spellings, seed)}
    kept = iter([json.loads(RECORD.read_text())]) if RECORD.exists() else iter(())
    found: dict[str, Any] = {}
    for made in records(seed, options.note, options.networks) if options.networks else kept:
        found = made | spelt
        write_text(RECORD, json.dumps(found, indent=1) + "\n")
        write_text(HERE / "calibration.md", page(found))
        print(f"{found['verdicts']} verdicts, {found['seconds']} s", flush=True)
    print(page(found), end="")
    return int(found["false_alarms"] + spelt["corpus"]["false_alarms"] > 0)


if __name__ == "__main__":
    sys.exit(main())
