"""Update rules of optax and PyTorch beside their variants, over 1,000 drawn settings for each.

    python -m benchmarks.updates [--settings 1000] [--stepped 1000] [--every 1] [--seed N]
                                 [--workers 2]

Two cores, some 30 minutes.  Every catalogued mistake, or one in `every`, is planted into every
variant: caught, and named first?  Then the libraries; `stepped` are the settings for those that
are driven step by step and not as one compiled program, all but optax.  Writes updates.json and
updates.md beside this file, after each library, and exits with 1 where a library left its budget
without being listed in KNOWN, where a mistake was not caught, or where too few were named: first,
or second to what is proven to be the same rule at runs of its own.
"""

import argparse
import json
import multiprocessing
import platform
import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.updates_page import by_mistake, is_first, page, score
from verification.adapters.update_libraries import LIBRARIES, in_optax_adafactor, installed
from verification.derivations.rules import VARIANTS
from verification.report.findings.writing import write_text
from verification.updates.many import ANSWERS, agreed
from verification.updates.planted import planted

HERE = Path(__file__).parent
DTYPES = ("float64", "float32")
NAMED = 0.95  # of the mistakes: so many must be named first, or be the same rule as the first
FLOAT32 = "keeps or computes something in float32"
KNOWN = {  # (library, variant, dtype) -> why it leaves its budget: right formulas that lose digits
    ("optax", "accumulation", "float64"): FLOAT32,
    ("optax", "schedule_step", "float64"): FLOAT32,
    ("optax", "schedule_exponential", "float64"): FLOAT32,
    ("optax", "schedule_warmup_from_zero", "float64"): FLOAT32,
    ("PyTorch", "nadam_scheduled", "float64"): FLOAT32,
    **{("optax", cell.variant, "float64"): FLOAT32 for cell in in_optax_adafactor.CELLS},
}
MODULES = {"optax": "optax", "jax": "jax", "torch": "torch", "scikit-learn": "sklearn"}


def agreement(library: str, place: int, dtype: str, settings: int, seed: int) -> dict[str, Any]:
    """The row of one variant of a library and dtype; in any process."""
    cell = LIBRARIES[library][place]
    row = agreed(cell, ANSWERS[library], settings, dtype, seed)
    known = KNOWN.get((library, cell.variant, dtype), "")
    return {"library": library, **row._asdict(), "known": known}


def agreements(pool: Executor, library: str, settings: int, seed: int) -> list[dict[str, Any]]:
    """One row for each variant of a library and dtype."""
    cells = range(len(LIBRARIES[library]) if library else 0)
    asked = [(library, k, dtype, settings, seed) for k in cells for dtype in DTYPES]
    return list(pool.map(agreement, *zip(*asked, strict=True))) if asked else []


def made_in(name: str, seed: int, every: int) -> list[dict[str, Any]]:
    """One row for each mistake in a variant, in float64; in any process."""
    return [one._asdict() for one in planted(name, seed=seed, every=every)]


def mistakes(pool: Executor, seed: int, every: int) -> list[dict[str, Any]]:
    one_of = partial(made_in, seed=seed, every=every)
    return [row for rows in pool.map(one_of, VARIANTS) for row in rows]


def records(
    pool: Executor, settings: int, stepped: int, seed: int, every: int
) -> Iterator[dict[str, Any]]:
    """What is known after the mistakes, and after each library; Keras has one dtype a process."""
    start, libraries, found = time.perf_counter(), [], mistakes(pool, seed, every)
    for library in ("", *LIBRARIES):
        if library == "Keras" or (library and not installed(library)):
            continue
        count = settings if library == "optax" else stepped
        libraries += agreements(pool, library, count, seed)
        yield {
            "seed": seed,
            "settings": settings,
            "stepped": stepped,
            "every": every,
            "seconds": round(time.perf_counter() - start),
            "libraries": libraries,
            "false_alarms": by_library(libraries),
            "mistakes": by_mistake(found),
            "planted": len(found),
            "caught": sum(row["caught"] for row in found),
            "named": sum(row["named"] for row in found),
            "first": sum(is_first(row) for row in found),
            "same": sum(row["same"] for row in found),
            "not_first": [row for row in found if not is_first(row)],
            "tied": [row for row in found if row["also"]],
            "python": platform.python_version(),
            "versions": {n: metadata.version(n) for n, m in MODULES.items() if find_spec(m)},
        }


def by_library(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs outside the budget of their variant; those of rules that lose digits apart."""
    total = lambda mine, key: sum(row[key] for row in mine)
    out = []
    for library in dict.fromkeys(row["library"] for row in rows):
        mine = [row for row in rows if row["library"] == library]
        plain, known = ([r for r in mine if bool(r["known"]) is lost] for lost in (False, True))
        out.append(
            {
                "library": library,
                "rules": len({row["variant"] for row in mine}),
                "runs": total(plain, "settings"),
                "false alarms": total(plain, "outside"),
                "runs that lose digits": total(known, "settings"),
                "of them outside": total(known, "outside"),
            }
        )
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--settings", type=int, default=1000)
    parser.add_argument("--stepped", type=int, default=1000)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    made: dict[str, Any] = {}
    apart = multiprocessing.get_context("spawn")  # JAX has threads
    with ProcessPoolExecutor(given.workers, mp_context=apart) as pool:
        for made in records(pool, given.settings, given.stepped, given.seed, given.every):
            write_text(HERE / "updates.json", json.dumps(made, indent=1) + "\n")
            write_text(HERE / "updates.md", page(made))
    alarms = [row for row in made["libraries"] if row["outside"] and not row["known"]]
    for row in alarms:
        print(f"OUTSIDE ITS BUDGET: {row}")
    few = score(made) < NAMED or made["caught"] < made["planted"]
    print(page(made).split("\n## Mistakes")[0].splitlines()[2])
    return 1 if alarms or few else 0


if __name__ == "__main__":
    sys.exit(main())
