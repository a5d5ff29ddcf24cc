"""Six spellings of every update rule over drawn settings: `python -m benchmarks.updates_spelled`.

    python -m benchmarks.updates_spelled [--settings 1000] [--proven 20] [--seed N]

Every variant in float32 and bfloat16 (Muon, whose budget says nothing there, in float32 alone), and
in float64, where the truth is proven for each setting, at `proven` of them.  Writes
updates_spelled.json and updates_spelled.md beside this file; exits with 1 where a spelling was
outside of the budget of its own rule.
"""

import argparse
import json
import secrets
import time
from pathlib import Path
from typing import Any

from verification.derivations.rules import VARIANTS
from verification.report.findings.writing import write_text
from verification.updates.many import SWITCHING
from verification.updates.spelled import SPELLINGS
from verification.updates.spelled_runs import Spelled, spelled

HERE = Path(__file__).parent
DTYPES = ("float64", "float32", "bfloat16")
ALONE = 50  # settings at most of rules that are run one by one


def counted(name: str, dtype: str, settings: int, proven: int) -> int:
    """How many settings of a variant are run; 0 where nothing could be seen."""
    if dtype == "bfloat16" and VARIANTS[name].matrices:
        return 0
    most = min(settings, ALONE) if VARIANTS[name].family in SWITCHING else settings
    return min(most, proven) if dtype == "float64" else most


def rows(settings: int, proven: int, seed: int, names: Any = VARIANTS) -> list[dict[str, Any]]:
    """One row for each variant and dtype: the spellings together."""
    out = []
    for name in names:
        for dtype in DTYPES:
            count = counted(name, dtype, settings, proven)
            if count:
                out.append(joined(spelled(name, dtype, count, seed)))
    return out


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
    lines = [
        "# Spellings of update rules",
        "",
        f"{len(SPELLINGS)} spellings of {len(VARIANTS)} variants, 12 steps with a changing rate:",
        f"{total('runs'):,} runs, **{total('outside')} outside the budget**. Worst errors are in",
        "budgets. Made by `python -m benchmarks.updates_spelled`.",
        "",
        f"Spellings: {', '.join(SPELLINGS)}. Seed {r['seed']}, {r['seconds']} s.",
        "",
        f"| {' | '.join(columns)} |",
        f"| {' | '.join('---' for _ in columns)} |",
        *(f"| {' | '.join(shown(row[c]) for c in columns)} |" for row in r["rows"]),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--settings", type=int, default=1000)
    parser.add_argument("--proven", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    given, start = parser.parse_args(), time.perf_counter()
    made: dict[str, Any] = {"rows": rows(given.settings, given.proven, given.seed)}
    made |= {"seed": given.seed, "seconds": round(time.perf_counter() - start)}
    write_text(HERE / "updates_spelled.json", json.dumps(made, indent=1) + "\n")
    write_text(HERE / "updates_spelled.md", page(made))
    return 1 if any(row["outside"] for row in made["rows"]) else 0


if __name__ == "__main__":
    raise SystemExit(main())
