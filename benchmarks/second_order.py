"""Second derivatives beside first ones: `python -m benchmarks.second_order`.

Every derivation of refnet (its gradient by hand, differentiated again) and every differentiable
function of jax.nn and jax.numpy (found by looking, as the atlas does), in float64 and float32, each
judged with order=1 and order=2 in the same process.  What the record has is not asked again.
The cost is processor time of the second verdict over that of the first.  Writes second_order.json
and second_order.md beside this file.
"""

import argparse
import gc
import json
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

import verification as vf
from verification.adapters import jax_function
from verification.atlas.found import functions
from verification.atlas.tried import Suited, suited
from verification.campaign.worker import Late, limited
from verification.derivations import ALL
from verification.derivations.layers import LAYERS
from verification.report.findings.writing import write_text

RECORD = Path(__file__).with_suffix(".json")
DTYPES = ("float64", "float32")
HOMES = ("jax.nn.", "jax.numpy.")
DECIDED = ("correct", "inaccurate", "wrong", "rejected")
CASES, EMPTIED = 1, 20
SECONDS = 120.0  # for one verdict
LIMIT = 6.0  # times the processor time of the first order, in the median
SHARE = 0.95  # decided


def subjects() -> Iterator[tuple[str, Callable[[], dict | None]]]:
    """(name, the arguments of validate); None where there is no derivative to judge."""
    for name, one in {**ALL, **LAYERS}.items():
        first, *others = one.argnums
        numbers = one.argnums if others else first
        asked = {"gradient": jax.jit(one.gradient), "of": one.function, "args": one.draw}
        yield f"refnet {name}", lambda asked=asked, n=numbers: {**asked, "argnums": n}
    for found in functions("jax"):
        if found.name.startswith(HOMES):
            yield found.name, lambda found=found: _asked(suited(found))


def _asked(place: Suited | str) -> dict | None:
    if isinstance(place, str):
        return None
    candidate = jax_function.derivative(place.of)
    asked = {"gradient": candidate, "of": place.of, "args": place.sample}
    return {**asked, "argnums": place.argnums}


def judged(asked: dict, dtype: str, order: int) -> dict[str, Any]:
    """One verdict, and the processor's seconds."""
    begun = time.process_time()
    try:
        with limited(SECONDS), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = vf.validate(**asked, dtype=dtype, order=order, cases=CASES, edges="none")
    except Late:
        return {"verdict": "too slow", "reason": f"no verdict within {SECONDS:g} s"}
    except Exception as error:  # what is raised is a row, too
        return {"verdict": "crash", "reason": f"{type(error).__name__}: {error}"[:300]}
    said = "" if found.verdict == "correct" else found.reason[:300]
    took = round(time.process_time() - begun, 3)
    return {"verdict": str(found.verdict), "oracle": found.oracle, "reason": said, "seconds": took}


def row(asked: dict, dtype: str) -> dict[str, Any]:
    first, second = (judged(asked, dtype, order) for order in (1, 2))
    return {"first": first, "second": second}


def figures(done: dict[str, dict], dtype: str) -> dict[str, Any]:
    """What is to be reached, of one dtype."""
    rows = [r for key, r in done.items() if key.endswith(f", {dtype}") and r]
    second = [r["second"]["verdict"] for r in rows]
    taken = [
        r["second"]["seconds"] / r["first"]["seconds"]
        for r in rows
        if "seconds" in r["first"] and "seconds" in r["second"]
    ]
    return {
        "judged": len(rows),
        "decided": sum(v in DECIDED for v in second),
        "correct": second.count("correct"),
        "convicted": sum(map(_convicted, rows)),
        "inaccurate once and again": len(rows) - sum(map(_may_be_right, rows)),
        "without one": second.count("rejected"),  # where JAX itself raises
        "cost": round(statistics.median(taken), 2) if taken else None,
        "cost of nine in ten": round(float(np.quantile(taken, 0.9)), 2) if taken else None,
    }


def _convicted(row: dict) -> bool:
    return row["second"]["verdict"] in ("inaccurate", "wrong") and _may_be_right(row)


def _may_be_right(row: dict) -> bool:
    """What loses digits at first order, as softmax in float32 does, loses them again."""
    return not row["first"]["verdict"] == row["second"]["verdict"] == "inaccurate"


def table(done: dict[str, dict]) -> str:
    found = {dtype: figures(done, dtype) for dtype in DTYPES}
    head = ["dtype", *next(iter(found.values()))]
    lines = [f"# Second derivatives\n\n{str(__doc__).partition(chr(10))[2].strip()}\n", _line(head)]
    lines += [_line(["---"] * len(head))]
    lines += [_line([dtype, *numbers.values()]) for dtype, numbers in found.items()]
    others = [(k, r) for k, r in done.items() if r and r["second"]["verdict"] != "correct"]
    lines += ["\n## Not correct\n", _line(["function", "first", "second", "why"])]
    lines += [_line(["---"] * 4)]
    for key, r in others:
        why = " ".join(r["second"]["reason"].split()).replace("|", "\\|")
        lines.append(_line([key, r["first"]["verdict"], r["second"]["verdict"], why]))
    silent = sorted({key.partition(",")[0] for key, r in done.items() if not r})
    lines += [f"\n{len(silent)} public functions have no real derivative at any arguments tried."]
    return "\n".join(lines) + "\n"


def _line(cells: list) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def fill(done: dict[str, dict], only: str, until: float, keep: Callable[[], None]) -> None:
    """Every row that is not there yet, until it is time."""
    for count, (name, make) in enumerate((n, m) for n, m in subjects() if only in n):
        keys = {dtype: f"{name}, {dtype}" for dtype in DTYPES}
        if all(key in done for key in keys.values()):
            continue
        if time.monotonic() > until:
            return
        asked = make()
        for dtype, key in keys.items():
            done[key] = {} if asked is None else row(asked, dtype)
        keep()
        if count % EMPTIED == EMPTIED - 1:
            jax.clear_caches()
            gc.collect()


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 where something is convicted, too little decided, or the cost too high."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.second_order")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--only", default="", help="functions whose name has this in it")
    parser.add_argument("--out", type=Path, default=RECORD)
    asked = parser.parse_args(arguments)
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    keep = lambda: write_text(asked.out, _json(done))
    fill(done, asked.only, time.monotonic() + asked.seconds, keep)
    write_text(asked.out.with_suffix(".md"), table(done))
    return int(not all(map(reached, (figures(done, dtype) for dtype in DTYPES))))


def _json(done: dict[str, dict]) -> str:
    lines = (f"{json.dumps(key)}: {json.dumps(row)}" for key, row in done.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def reached(numbers: dict[str, Any]) -> bool:
    enough = numbers["decided"] >= SHARE * numbers["judged"]
    return enough and not numbers["convicted"] and (numbers["cost"] or 0.0) <= LIMIT


if __name__ == "__main__":
    raise SystemExit(main())
