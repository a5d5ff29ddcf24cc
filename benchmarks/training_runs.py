"""Training loops, right and wrong, judged: `python -m benchmarks.training_runs` writes the table.

Three right loops of 200 steps (NumPy, PyTorch where installed, refnet's own step) and the mistakes
of faults/loops.py, in float64 and float32; the mistakes of faults/token_loops.py in loops of three
kinds, in a setting other than that of the tests; right runs of every rule of refnet, looked at by
the lint.  Writes training_runs.json and training_runs.md beside this file, and exits with 1 where a
right loop is not correct or suspect, or a mistake is not wrong, not named first, or not at the step
at which it first shows.
"""

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import metadata
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import refnet as rn
import verification as vf
from benchmarks import training_runs_cost
from verification.adapters import numpy_loop
from verification.adapters.numpy_loop import Work
from verification.adapters.token_loop import (
    TokenWork,
    token_batches,
    token_loop,
    token_loss,
    token_rule,
    token_work,
)
from verification.adapters.token_slopes import engines
from verification.faults.loops import LOOPS, in_evaluation
from verification.faults.token_loops import TOKEN_LOOPS
from verification.report.findings.writing import write_text

HERE = Path(__file__).parent
WORK = numpy_loop.work(epochs=50)  # 4 steps each
TOKENS = token_work(seed=7, batch=9, micro=3, rate=0.03, momentum=0.8, keep=0.6, resume=5)
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


def over_tokens(train: Callable, work: TokenWork, dtype: str) -> Any:
    return vf.validate_training(
        train,
        of=token_loss,
        rule=token_rule(work),
        params=work.params,
        batches=token_batches(work),
        dtype=dtype,
        runs=0,
    )


def token_rows() -> Iterator[dict[str, Any]]:
    for kind, engine in engines(find_spec("torch") is not None).items():
        for dtype in DTYPES:
            for name, fault in TOKEN_LOOPS.items():
                if (kind, dtype, name) == ("PyTorch", "float64", "autocast left on"):
                    continue  # PyTorch's leaves float64 as it is
                found = over_tokens(fault.train(TOKENS, engine), TOKENS, dtype)
                yield {**row(name, found, _shows(fault.train)), "kind": kind}
            right = over_tokens(token_loop(TOKENS, engine), TOKENS, dtype)
            yield {**row("right", right, None), "kind": kind}


def _shows(train: Callable) -> int:
    """The first step of the NumPy loop in float64 that is not that of the right one."""
    engine = engines(torch=False)["NumPy"]
    run = lambda loop: loop(TOKENS.params, [])
    pairs = zip(run(token_loop(TOKENS, engine)), run(train(TOKENS, engine)), strict=False)
    near = lambda a, b: np.allclose(np.asarray(a), np.asarray(b), rtol=1e-9, atol=1e-12)
    same = lambda a, b: all(map(near, jax.tree.leaves(a), jax.tree.leaves(b)))
    with jax.enable_x64(True):
        return next(k for k, (a, b) in enumerate(pairs, 1) if not same(a, b))


def is_good(row: dict[str, Any]) -> bool:
    if row["shows at"] is None:
        return row["verdict"] == "correct"
    named = row["named first"] == row["loop"]
    return row["verdict"] == "wrong" and row["step"] == row["shows at"] and named


def page(made: list[dict[str, Any]], looked: list[str], seconds: float) -> str:
    tokens = [row for row in made if "kind" in row]
    rows = [row for row in made if "kind" not in row]
    suspect = sum(bool(said) for said in looked)
    versions = ", ".join(f"{n} {metadata.version(n)}" for n in ("jax", "numpy"))
    return "\n".join(
        [
            "# Training runs",
            "",
            "Runs of 200 steps of a 5-7-3 network; `shows at` is the first step that differs from",
            "the right loop by more than rounding. Made by `python -m benchmarks.training_runs`.",
            "",
            *summed(rows),
            *table(COLUMNS, rows),
            "",
            "## Loops over tokens",
            "",
            "16 steps with padding, dropout, accumulation, clipping, frozen and tied weights,",
            "resumed in between, in NumPy, JAX and PyTorch. Seed, sizes and rates are",
            "others than those that the explanations were written with.",
            "",
            *summed(tokens),
            *table(("kind", *COLUMNS[:-1]), tokens),
            "",
            "## Right runs, looked at without a reference",
            "",
            f"{len(looked)} right runs of every rule of refnet, in three dtypes, by",
            f"`vf.lint_training`: {suspect} with a suspicion.",
            "",
            f"{seconds:.0f} CPU-seconds. Python {platform.python_version()}; {versions}.",
            "",
            *costs(),
        ]
    )


def costs() -> list[str]:
    """The section of benchmarks.training_runs_cost, where it was run."""
    found = training_runs_cost.RECORD
    known = found.exists()
    return training_runs_cost.section(json.loads(found.read_text("utf-8"))) if known else []


def summed(made: list[dict[str, Any]]) -> list[str]:
    wrong = [row for row in made if row["shows at"] is not None]
    fine = [row for row in made if row["shows at"] is None]
    return [
        f"{sum(map(is_good, fine))} of {len(fine)} right loops are correct;",
        f"{sum(map(is_good, wrong))} of {len(wrong)} mistakes are named first, with the step.",
        "",
    ]


def table(columns: tuple[str, ...], made: list[dict[str, Any]]) -> list[str]:
    shown = lambda x: "" if x is None else f"{x:.2g}" if isinstance(x, float) else str(x)
    line = lambda cells: "| " + " | ".join(cells) + " |"
    rows = [line([shown(row[c]) for c in columns]) for row in made]
    return [line(list(columns)), line(["---"] * len(columns)), *rows]


def right_runs() -> Iterator[str]:
    """What the lint says of right runs: of every rule, in three dtypes, on batches and on all."""
    rng = np.random.default_rng(5)
    x, teacher = rng.normal(size=(29, 5)), rng.normal(size=(5, 3))
    whole = [(x, np.tanh(x @ teacher))]
    dealt = numpy_loop.batches(numpy_loop.work(seed=5, epochs=4))
    for name, make in rn.UPDATES.items():
        for dtype in ("float64", "float32", "bfloat16"):
            for batches in (dealt, whole * 16):
                # at 0.02 its first steps are less than bfloat16 rounds weights by, as is then said
                rate = 1.0 if name == "adadelta" else 0.02
                steps, start = run_of(make(rate), dtype, batches)
                yield "; ".join(f"{name}: {s}" for s in vf.lint_training(steps, start=start)[0])


def run_of(rule: Any, dtype: str, batches: list[tuple]) -> tuple[list[vf.TrainingStep], Any]:
    typed = lambda tree: jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), tree)
    step = jax.jit(lambda p, s, x, y: rn.train_step(rn.mlp, rn.mse, rule, p, s, x, y))
    with jax.enable_x64(True), numpy_promotion():
        params = start = typed(WORK.params)
        state, out = rule.init(params), []
        for batch in map(typed, batches):
            done = step(params, state, *batch)
            params, state = done.params, done.state
            out.append(vf.TrainingStep(params, done.loss, done.gradient, batch))
    return out, start


def numpy_promotion() -> ExitStack:
    stack = ExitStack()
    stack.enter_context(jax.numpy_dtype_promotion("standard"))
    stack.enter_context(jax.numpy_rank_promotion("allow"))
    return stack


def main() -> int:
    made: list[dict[str, Any]] = []
    for one in chain(token_rows(), rows()):
        made.append(one)
        print("  ".join(str(one[c]) for c in COLUMNS), flush=True)
    looked = list(right_runs())
    write_text(HERE / "training_runs.json", json.dumps(made, indent=1) + "\n")
    write_text(HERE / "training_runs.md", page(made, looked, time.process_time()))
    return 0 if all(map(is_good, made)) and not any(looked) else 1


if __name__ == "__main__":
    sys.exit(main())
