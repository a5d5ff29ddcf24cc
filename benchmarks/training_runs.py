"""Training loops, right and wrong, judged: `python -m benchmarks.training_runs` writes the table.

Three right loops of 200 steps (NumPy, PyTorch where installed, refnet's own step) and the ten
mistakes of faults/loops.py, in float64 and float32.  Writes training_runs.json and
training_runs.md beside this file, and exits with 1 where a right loop is not correct, or a
mistake is not wrong, not named first, or not at the step at which it first shows.
"""

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import numpy as np

import refnet as rn
import verification as vf
from verification.adapters import numpy_loop
from verification.adapters.numpy_loop import Work
from verification.faults.loops import LOOPS, in_evaluation
from verification.report.findings.writing import write_text

HERE = Path(__file__).parent
WORK = numpy_loop.work(epochs=50)  # 4 steps each
DTYPES = ("float64", "float32")
COLUMNS = ("loop", "dtype", "verdict", "step", "shows at", "tensor", "left", "named first", "band")


def ours(params: Any, batches: Any) -> Iterator[vf.TrainingStep]:
    """refnet's own step, compiled."""
    rule = numpy_loop.rule(WORK)
    state = rule.init(params)
    step = jax.jit(lambda p, s, x, y: rn.train_step(rn.mlp, rn.mse, rule, p, s, x, y))
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        for x, y in batches:
            done = step(params, state, x, y)
            params, state = done.params, done.state
            yield vf.TrainingStep(params, done.loss, done.gradient)


def right() -> dict[str, Callable]:
    loops = {"NumPy": numpy_loop.loop(WORK), "refnet": ours}
    if find_spec("torch"):
        from verification.adapters import torch_loop

        loops["PyTorch"] = torch_loop.loop(WORK)
    return loops


def judged(train: Callable, work: Work, dtype: str, **how: Any) -> Any:
    return vf.validate_training(
        train,
        of=numpy_loop.objective(work.normalise),
        rule=numpy_loop.rule(work),
        params=work.params,
        batches=numpy_loop.batches(work),
        dtype=dtype,
        instead={"evaluation statistics": in_evaluation},
        held_out=work.held_out,
        **how,
    )


def first_difference(work: Work, train: Callable) -> int:
    """The first step of float64 that is not that of the right loop: far above rounding."""
    pairs = zip(numpy_loop.loop(work)(work.params, []), train(work.params, []), strict=False)
    near = lambda a, b: np.allclose(a, b, rtol=1e-9, atol=1e-12)
    same = lambda a, b: all(map(near, jax.tree.leaves(a), jax.tree.leaves(b)))
    return next(k for k, (a, b) in enumerate(pairs, 1) if not same(a, b))


def row(name: str, finding: Any, shows: int | None) -> dict[str, Any]:
    told = finding.explanation[0].fault if finding.explanation else ""
    return {
        "loop": name,
        "dtype": finding.dtype,
        "verdict": str(finding.verdict),
        "step": finding.step,
        "shows at": shows,
        "tensor": finding.tensor,
        "left": finding.left,
        "named first": told,
        "band": finding.band or None,
        "reason": finding.reason,
        "explanation": str(finding.explanation[0]) if finding.explanation else "",
    }


def rows() -> Iterator[dict[str, Any]]:
    for dtype in DTYPES:
        for name, fault in LOOPS.items():
            work, train = fault.work(WORK), fault.train(WORK)
            yield row(name, judged(train, work, dtype, runs=0), first_difference(work, train))
        for name, train in right().items():
            yield row(f"right: {name}", judged(train, WORK, dtype), None)


def is_good(row: dict[str, Any]) -> bool:
    if row["shows at"] is None:
        return row["verdict"] == "correct"
    named = row["named first"] == row["loop"]
    return row["verdict"] == "wrong" and row["step"] == row["shows at"] and named


def page(made: list[dict[str, Any]], seconds: float) -> str:
    wrong = [row for row in made if row["shows at"] is not None]
    fine = [row for row in made if row["shows at"] is None]
    shown = lambda x: "" if x is None else f"{x:.2g}" if isinstance(x, float) else str(x)
    line = lambda cells: "| " + " | ".join(cells) + " |"
    versions = ", ".join(f"{n} {metadata.version(n)}" for n in ("jax", "numpy"))
    return "\n".join(
        [
            "# Training runs",
            "",
            "Runs of 200 steps of a 5-7-3 network; `shows at` is the first step that differs from",
            "the right loop by more than rounding. Made by `python -m benchmarks.training_runs`.",
            "",
            f"{sum(map(is_good, fine))} of {len(fine)} right loops are correct;",
            f"{sum(map(is_good, wrong))} of {len(wrong)} mistakes are named first, with the step.",
            "",
            line(COLUMNS),
            line(["---"] * len(COLUMNS)),
            *(line([shown(row[c]) for c in COLUMNS]) for row in made),
            "",
            f"{seconds:.0f} CPU-seconds. Python {platform.python_version()}; {versions}.",
            "",
        ]
    )


def main() -> int:
    made: list[dict[str, Any]] = []
    for one in rows():
        made.append(one)
        print("  ".join(str(one[c]) for c in COLUMNS), flush=True)
    write_text(HERE / "training_runs.json", json.dumps(made, indent=1) + "\n")
    write_text(HERE / "training_runs.md", page(made, time.process_time()))
    return 0 if all(map(is_good, made)) else 1


if __name__ == "__main__":
    sys.exit(main())
