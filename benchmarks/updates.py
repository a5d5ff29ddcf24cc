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


def is_first(row: dict[str, Any]) -> bool:
    """Whether the mistake itself came first, and not only tied with what did."""
    return row["named"] and row["first"] == row["fault"]


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


def by_mistake(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each mistake, over the variants that it can be made in."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["fault"], []).append(row)
    return [
        {
            "fault": fault,
            "description": mine[0]["description"],
            "rules": len(mine),
            "caught": sum(row["caught"] for row in mine),
            "first": sum(map(is_first, mine)),
            "same": sum(row["same"] for row in mine),
            "named": sum(row["named"] for row in mine),
        }
        for fault, mine in groups.items()
    ]


def page(r: dict[str, Any]) -> str:
    lines = [
        "# Update rules",
        "",
        *agreed_or_not_run(r),
        "",
        f"Of {r['planted']:,} mistakes planted into {len(VARIANTS)} variants {r['caught']:,} are",
        f"caught. {r['first']:,} ({share(r, 'first')}) are named first. {r['same']:,} more are the",
        "same rule as what is named first, in other words: at fresh runs both are equal, in",
        "fractions or in balls of 128 bits, and nothing could rank them. Together that is",
        f"**{score(r):.2%}**; {wrong(r):,} are named wrongly, or not. One in {r['every']} of the",
        f"mistakes that can be made in each variant was planted; {len(r['tied']):,} are said to be",
        "what these runs cannot tell from another rule.",
        "",
        f"Seed {r['seed']}, {r['seconds']} s.",
        "",
        *table(
            ("library", "variant", "dtype", "settings", "outside", "worst", "known"), r["libraries"]
        ),
        "",
        "## Mistakes",
        "",
        *table(
            ("fault", "description", "rules", "caught", "first", "same", "named"), r["mistakes"]
        ),
        "",
        "## Named first instead",
        "",
        *table(("fault", "instead", "same rule", "tied", "rules"), instead(r["not_first"])),
        "",
        f"Python {r['python']}; {', '.join(f'{n} {v}' for n, v in r['versions'].items())}.",
    ]
    return "\n".join(lines) + "\n"


def agreed_or_not_run(r: dict[str, Any]) -> list[str]:
    """The libraries beside their variants; nothing is said of runs that were not made."""
    made = "Made by `python -m benchmarks.updates`."
    if not r["libraries"]:
        return [f"The run was ended before the libraries: none was judged. {made}"]
    plain = [row for row in r["libraries"] if not row["known"]]
    judged = sum(row["settings"] for row in plain)
    out = sum(row["outside"] for row in plain)
    return [
        f"{r['settings']:,} drawn settings of hyperparameters for every rule of optax and dtype,",
        f"{r['stepped']:,} for those of the other libraries:",
        f"{judged:,} runs of 12 steps with a changing rate, **{out} outside the budget** of the",
        "variant that the rule is. Rules that are known to lose digits are not among them; the",
        "table says why.",
        made,
        "",
        *table(tuple(ALARMS), r["false_alarms"]),
    ]


ALARMS = ("library", "rules", "runs", "false alarms", "runs that lose digits", "of them outside")


def share(r: dict[str, Any], key: str) -> str:
    return f"{r[key] / max(r['planted'], 1):.2%}"


def score(r: dict[str, Any]) -> float:
    """Of what was planted: named first, or the same rule as what was."""
    return (r["first"] + r["same"]) / max(r["planted"], 1)


def wrong(r: dict[str, Any]) -> int:
    return r["planted"] - r["first"] - r["same"]


def instead(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What came first in the place of a mistake, and in which variants."""
    groups: dict[tuple, list[str]] = {}
    for row in rows:
        key = (row["fault"], row["first"], row["same"], row["named"] and not row["same"])
        groups.setdefault(key, []).append(row["rule"])
    return [
        {
            "fault": fault,
            "instead": first,
            "same rule": same,
            "tied": tied,
            "rules": ", ".join(rules),
        }
        for (fault, first, same, tied), rules in groups.items()
    ]


def table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> list[str]:
    shown = lambda x: f"{x:.3g}" if isinstance(x, float) else str(x).replace("|", "\\|")
    head = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    return head + ["| " + " | ".join(shown(row[c]) for c in columns) + " |" for row in rows]


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
