"""What people use as a gate for a gradient, on the same wrong and right ones as refnet.

    python -m benchmarks.gates [--every N] [--only NAME,NAME] [--seed N]

--every N plants each N-th mistake of the catalogue: 9 takes about three minutes on a quiet core.
Writes gates.json and gates.md beside this file.  Exit status 1 where refnet refuses a right one.
"""

import argparse
import json
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from verification.report import gates
from verification.report.findings.writing import write_text

RECORD = Path(__file__).with_suffix(".json")
PACKAGES = ("jax", "torch", "numpy")
LEAD = """# The gates of others, on the same gradients

Each gate sees the same answers: mistakes of the catalogue that make another function, and right
gradients (by hand, autodiff, PyTorch's own where they lose no digits). Passed: wrong ones that the
gate lets through. Refused: right ones that it does not. Tolerances are those of the project that is
named; a float64 reference is the proven truth, the reference in the dtype is autodiff. Numbers: of
an entrywise function, at the size that is said; else a few, as the derivation is drawn.
"""


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def share(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else "-"


def markdown(counts: list[dict], how: dict) -> str:
    lines = [
        LEAD,
        "| gate | dtype | numbers | wrong ones passed | right ones refused | no answer |",
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for one in counts:
        passed, refused = share(one["passed"], one["wrong"]), share(one["refused"], one["right"])
        size = f"{one['size']:,}" if one["size"] else "few"
        cells = (one["gate"], one["dtype"], size, passed, refused, str(one["no answer"]))
        lines.append(f"| {' | '.join(cells)} |")
    said = ", ".join(f"{name} {number}" for name, number in how["versions"].items())
    lines += ["", f"Derivations: {', '.join(how['derivations'])}; one mistake in {how['every']}."]
    return "\n".join([*lines, f"Made by `python -m benchmarks.gates` with {said}."]) + "\n"


def main(arguments: Iterable[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gates")
    parser.add_argument("--every", type=int, default=9)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(gates.NAMES))
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(list(arguments))
    how = {"every": asked.every, "seed": asked.seed, "derivations": asked.only}
    how |= {"cases": gates.CASES, "versions": versions()}
    table = list(gates.rows(asked.only, every=asked.every, seed=asked.seed))
    counts = gates.counts(table)
    wrongly = [row for row in table if row["right"] and row["passed"] is False]
    document = {"how": how, "counts": counts, "right ones refused": wrongly}
    write_text(RECORD, json.dumps(document, indent=1) + "\n")
    write_text(RECORD.with_suffix(".md"), markdown(counts, how))
    print(markdown(counts, how))
    return int(any(row["gate"] == gates.REFNET for row in wrongly))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
