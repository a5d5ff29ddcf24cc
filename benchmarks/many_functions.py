"""The memory of one process that judges many functions, one after another.

    python -m benchmarks.many_functions [COUNT]

The functions are those of the committed atlas of JAX, in float64, two draws each.  What JAX holds
itself are its own caches: at the end they are emptied, and the memory is measured once more.
Writes many_functions.json beside this file, and exits with 1 where the limit is passed.
"""

import ctypes
import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import jax

from verification.atlas import tried
from verification.atlas.found import functions
from verification.atlas.rows import judged
from verification.report.findings.writing import write_text

ATLAS = Path(__file__).with_name("atlas.json")
PAGE = 4096
MIB = 2**20
COUNT, EACH, LIMIT = 400, 50, 1024.0  # functions; between two rows of the table; MiB


def resident() -> float:
    """MiB of this process in memory, without what the allocator could give back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / MIB


def suited(count: int) -> Iterator[tried.Suited]:
    """The first functions of the atlas that are decided, at the arguments that suited them."""
    rows = [r for r in json.loads(ATLAS.read_text())["rows"] if r["dtype"] == "float64"]
    known = {row["name"]: row["arguments"] for row in rows if row["verdict"] == "correct"}
    found = (f for f in functions("jax") if f.name in known)
    for one, _ in zip(found, range(count), strict=False):
        place = tried.suited(one, likely=known[one.name])
        if isinstance(place, tried.Suited):
            yield place


def measure(count: int, each: int) -> dict:
    """Memory after every few functions, and at the end without the caches of JAX."""
    rows, before = [], resident()
    number = 0
    for number, place in enumerate(suited(count), 1):
        judged(place, "float64", 2)
        if number % each == 0:
            rows.append({"functions": number, "more MiB": round(resident() - before, 1)})
            print(rows[-1], flush=True)
    whole = resident() - before
    jax.clear_caches()
    own = resident() - before
    end = {"functions": number, "more MiB": round(whole, 1), "without JAX's MiB": round(own, 1)}
    return {"limit MiB": LIMIT, "at start MiB": round(before, 1), "rows": rows, "end": end}


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    made = measure(count, min(EACH, count))
    print(made["end"], flush=True)
    write_text(Path(__file__).with_suffix(".json"), json.dumps(made, indent=1) + "\n")
    return int(made["end"]["without JAX's MiB"] > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
