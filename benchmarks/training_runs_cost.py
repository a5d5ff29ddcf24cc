"""What the verdict on a training run costs: 200 steps of a network of 10,000 parameters.

    python -m benchmarks.training_runs_cost

A loop by hand in NumPy under momentum, with the band of 32 runs: processor seconds in float64 and
float32, the compilation of the reference included.  Writes training_runs_cost.json beside this
file, and the numbers into training_runs.md; exits with 1 where a verdict is not `correct`.
"""

import json
import re
import time
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

import verification as vf
from verification.report.findings.writing import write_text

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parent / "training_runs.md"
SIZES, STEPS, BATCH = (50, 124, 30), 200, 16
RATE, DECAY = 0.05, 0.9
HEAD = "## Cost"


def params(rng: np.random.Generator) -> dict[str, np.ndarray]:
    i, h, o = SIZES
    w0, w1 = rng.normal(size=(i, h)) / i**0.5, rng.normal(size=(h, o)) / h**0.5
    return {"w0": w0, "b0": 0.1 * rng.normal(size=h), "w1": w1, "b1": 0.1 * rng.normal(size=o)}


def loss(p, x, y):
    z = x @ p["w0"]
    a = jnp.tanh(z + jnp.broadcast_to(p["b0"], z.shape)) @ p["w1"]
    return jnp.mean((a + jnp.broadcast_to(p["b1"], a.shape) - y) ** 2)


def train(p, batches):
    """The loop, by hand."""
    w, v = dict(p), {name: 0 * leaf for name, leaf in p.items()}
    for x, y in batches:
        h = np.tanh(x @ w["w0"] + w["b0"])
        e = h @ w["w1"] + w["b1"] - y
        do = e * e.dtype.type(2 / e.size)
        dz = (do @ w["w1"].T) * (1 - h * h)
        g = {"w0": x.T @ dz, "b0": dz.sum(axis=0), "w1": h.T @ do, "b1": do.sum(axis=0)}
        v = {n: e.dtype.type(DECAY) * v[n] + g[n] for n in v}
        w = {n: w[n] - e.dtype.type(RATE) * v[n] for n in w}
        yield vf.TrainingStep(w, (e**2).mean(), g)


def cost() -> list[dict[str, Any]]:
    rng, out = np.random.default_rng(0), []
    start = params(rng)
    batches = [
        (rng.normal(size=(BATCH, SIZES[0])), rng.normal(size=(BATCH, SIZES[-1])))
        for _ in range(STEPS)
    ]
    meant = {"of": loss, "rule": "momentum", "learning_rate": RATE, "decay": DECAY}
    for dtype in ("float64", "float32"):
        begun = time.process_time()
        found = vf.validate_training(train, params=start, batches=batches, dtype=dtype, **meant)
        seconds = round(time.process_time() - begun, 1)
        entries = sum(leaf.size for leaf in start.values())
        row = {"parameters": entries, "steps": STEPS, "dtype": dtype}
        out.append({**row, "verdict": str(found.verdict), "seconds": seconds})
    return out


def section(rows: list[dict[str, Any]]) -> list[str]:
    line = lambda cells: f"| {' | '.join(map(str, cells))} |"
    return [
        HEAD,
        "",
        "The verdict on a run, with the band of 32 runs, in processor seconds. Made by",
        "`python -m benchmarks.training_runs_cost`.",
        "",
        line(rows[0]),
        line("---" for _ in rows[0]),
        *(line(row.values()) for row in rows),
        "",
    ]


def main() -> int:
    rows = cost()
    write_text(RECORD, json.dumps(rows, indent=1) + "\n")
    page = PAGE.read_text(encoding="utf-8")
    before = re.sub(f"{HEAD}.*", "", page, flags=re.DOTALL).rstrip("\n")
    write_text(PAGE, "\n".join([before, "", *section(rows)]))
    return 0 if all(row["verdict"] == "correct" for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
