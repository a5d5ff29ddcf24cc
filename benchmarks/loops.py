"""What a verdict on a loop costs: an LSTM cell by scan, 4 units, a batch of 2, every edge visited.

    python -m benchmarks.loops [STEPS ...]

Each number of steps and format has a process of its own, in which the same verdict is asked twice:
the first finds nothing compiled.  Seconds are of the processor, all threads together: this holds on
a busy machine, too, but for what neighbours take of a core.  Beside it the checker of JAX,
`check_grads` in reverse mode, at one point.  Writes loops.json and loops.md beside this file: rows
that are asked again are replaced.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verification.report.findings.writing import write_text

RECORD, PAGE = (Path(__file__).with_suffix(end) for end in (".json", ".md"))
UNITS, BATCH, INPUTS = 4, 2, 3
STEPS, DTYPES = (6, 128), ("float64", "float32", "bfloat16")
WANTED = {6: (3.0, 1.0), 128: (15.0, 15.0), 512: (None, 20.0)}  # seconds: the first, the next


def lstm(steps: int) -> tuple[Callable, Callable]:
    """The mean of its squared states, and how weights and inputs are drawn."""
    import jax
    import jax.numpy as jnp

    def loss(w, u, b, xs):
        def step(carry, x):
            h, s = carry
            i, f, g, o = jnp.split(x @ w + h @ u + b[None], 4, axis=-1)
            s = jax.nn.sigmoid(f) * s + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(s)
            return (h, s), h

        start = jnp.zeros((xs.shape[1], UNITS), xs.dtype)
        return jnp.mean(jax.lax.scan(step, (start, start), xs)[1] ** 2)

    def draw(rng):
        shapes = (INPUTS, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,)
        return *(0.5 * rng.normal(size=s) for s in shapes), rng.normal(size=(steps, BATCH, INPUTS))

    return loss, draw


def judge(steps: int, dtype: str, **asked: Any) -> dict:
    """Two verdicts in this process, and what each took; `asked`: options of validate."""
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    import verification as vf

    loss, draw = lstm(steps)
    every = (0, 1, 2, 3)
    row: dict = {"steps": steps, "dtype": dtype}
    for name in ("first s", "next s"):
        begun = time.process_time()
        found = vf.validate(
            jax.grad(loss, argnums=every), of=loss, args=draw, argnums=every, dtype=dtype, **asked
        )
        row[name] = round(time.process_time() - begun, 2)
    row |= {"verdict": str(found.verdict), "cases": found.cases, "edges": found.edges}
    with jax.enable_x64(True):
        import numpy as np

        point = tuple(map(jnp.asarray, draw(np.random.default_rng(0))))
        begun = time.process_time()
        check_grads(loss, point, order=1, modes=["rev"])
        row["check_grads s"] = round(time.process_time() - begun, 2)
    return row


def page(rows: list[dict]) -> str:
    lines = [
        "# Loops",
        "",
        "Processor seconds of one verdict on the gradient of an LSTM cell by `scan`, all draws and",
        "edges; beside it `check_grads` at one point, which takes 0.7 s where nothing else runs:",
        "the machine was busy. Made by `python -m benchmarks.loops`.",
        "",
        "| steps | dtype | verdict | draws, edges | first | next | wanted | check_grads |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        wanted = ", ".join(f"{s:g} s" for s in WANTED.get(row["steps"], ()) if s)
        lines.append(
            f"| {row['steps']} | {row['dtype']} | {row['verdict']} "
            f"| {row['cases']}, {row['edges']} | {row['first s']:.1f} s | {row['next s']:.1f} s "
            f"| {wanted} | {row['check_grads s']:.1f} s |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(judge(int(sys.argv[2]), sys.argv[3])))
        return 0
    known = json.loads(RECORD.read_text())["rows"] if RECORD.exists() else []
    rows = {(row["steps"], row["dtype"]): row for row in known}
    for steps in map(int, sys.argv[1:] or STEPS):
        for dtype in DTYPES:
            line = [sys.executable, "-m", "benchmarks.loops", "--one", str(steps), dtype]
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            rows[steps, dtype] = json.loads(done.stdout)
            print(rows[steps, dtype], flush=True)
            written(rows)
    return int(any(row["verdict"] != "correct" for row in rows.values()))


def written(rows: dict[tuple[int, str], dict]) -> None:
    every = [rows[key] for key in sorted(rows, key=lambda key: (key[0], DTYPES.index(key[1])))]
    write_text(RECORD, json.dumps({"rows": every}, indent=1) + "\n")
    write_text(PAGE, page(every))


if __name__ == "__main__":
    sys.exit(main())
