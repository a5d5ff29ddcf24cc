"""`import refnet` beside `import jax`: seconds of the processor in fresh interpreters, by turns.

    python -m benchmarks.import_time

They take turns, so that a busy machine disturbs all; the ratio is that of the medians.  Byte code
is there, as after a first import: a round that is not counted writes it to a folder of its own.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from verification.report.findings.writing import write_text

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).with_suffix(".md")
ROOT = Path(__file__).resolve().parent.parent
ROUNDS, LIMIT = 9, 1.1
ASKED = ("jax", "jax, jaxtyping", "jax, optax", "refnet")
HEAD = """# `import refnet` beside `import jax`

Seconds of the processor in a fresh interpreter, medians of {rounds} turns; Python {python}, jax
{jax}. `refnet` needs jaxtyping at import, and imports optax where the first update rule is made.

| import | seconds | beside jax |
| --- | --- | --- |
"""


def seconds(modules: str, bytecode: str) -> float:
    """Of the processor, which a busy machine disturbs less than the clock on the wall."""
    ours = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "PYTHONPYCACHEPREFIX": bytecode}
    environment = {**os.environ, **ours}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {modules}"], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(rounds: int) -> list[dict]:
    """One row for each import: its median, and that over the median of jax alone."""
    with tempfile.TemporaryDirectory() as bytecode:
        turns = [[seconds(modules, bytecode) for modules in ASKED] for _ in range(rounds + 1)]
    medians = [statistics.median(column) for column in zip(*turns[1:], strict=True)]
    return [
        {"import": modules, "seconds": took, "ratio": took / medians[0]}
        for modules, took in zip(ASKED, medians, strict=True)
    ]


def page(rows: list[dict], rounds: int) -> str:
    head = HEAD.format(rounds=rounds, python=sys.version.split()[0], jax=version("jax"))
    lines = (f"| {r['import']} | {r['seconds']:.3f} | {r['ratio']:.2f} |" for r in rows)
    return head + "\n".join(lines) + "\n"


def main() -> int:
    """1 where refnet takes more than LIMIT times what jax takes."""
    rows = measured(ROUNDS)
    write_text(RECORD, json.dumps({"rounds": ROUNDS, "limit": LIMIT, "rows": rows}, indent=1))
    write_text(PAGE, page(rows, ROUNDS))
    print(page(rows, ROUNDS))
    return int(rows[-1]["ratio"] > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
