"""The cost of judging every element of a gradient, beside one jitted gradient, in one run.

The network is 64-256-10 (19,210 parameters).  Judged: reference in float64, its radius, what is
allowed at every entry, and whether each entry of an answer lies inside; many cases under one
compilation.  Ratios are medians over rounds, in each of which both are timed; compilation apart.
"""

import json
import statistics
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from refnet import mlp, softmax_cross_entropy
from refnet.layers import Dense
from verification.measurement.batch import judged
from verification.oracles.question import as_exact
from verification.report.findings.writing import write_text

SIZES, BATCHES, CASES, ROUNDS = (64, 256, 10), (1, 16, 32, 128), 32, 9
LIMIT = 40.0


def loss(params, x, y):
    return softmax_cross_entropy(mlp(params, x), y)


def case(rng, batch: int, dtype: str):
    pairs = zip(SIZES, SIZES[1:], strict=False)
    params = tuple(
        Dense(rng.normal(size=s) / np.sqrt(s[0]), 0.1 * rng.normal(size=s[1])) for s in pairs
    )
    labels = np.eye(SIZES[-1])[rng.integers(0, SIZES[-1], batch)]
    return jax.tree.map(lambda a: a.astype(dtype), (params, rng.normal(size=(batch, 64)), labels))


@jax.jit
def inside(judgement, answers):
    """Whether every entry of every answer lies within its budget."""
    leaves = zip(answers, judgement.value, judgement.radius, judgement.allowed, strict=True)
    near = [jnp.all(abs(g.astype(v.dtype) - v) <= r + a) for g, v, r, a in leaves]
    return jnp.all(jnp.stack(near))


def seconds(function, *args) -> float:
    start = time.perf_counter()
    jax.block_until_ready(function(*args))
    return time.perf_counter() - start


def measure(batch: int, dtype: str) -> dict:
    rng = np.random.default_rng(0)
    points = [case(rng, batch, dtype) for _ in range(CASES)]
    cases = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *points)
    exact = jax.tree.map(lambda *leaves: np.stack(list(map(as_exact, leaves))), *points)
    one = jax.tree.map(jnp.asarray, points[0])
    gradient = jax.jit(jax.grad(loss))
    answers = jax.tree.leaves(jax.jit(jax.vmap(jax.grad(loss)))(*cases))
    judge = judged(jax.grad(loss), points[0], dtype)

    def verdicts():
        judgement = judge(exact)
        return inside(judgement, answers), judgement.settled

    compilation = seconds(verdicts)
    right, settled = verdicts()
    rounds = []
    for _ in range(ROUNDS):
        single = statistics.median(seconds(gradient, *one) for _ in range(100))
        rounds.append((single, seconds(verdicts) / CASES))
    return {
        "batch": batch,
        "dtype": dtype,
        "gradient us": round(1e6 * statistics.median(s for s, _ in rounds), 1),
        "judged us": round(1e6 * statistics.median(j for _, j in rounds), 1),
        "ratio": round(statistics.median(j / s for s, j in rounds), 1),
        "compilation s": round(compilation, 2),
        "correct": bool(right),
        "settled": float(np.mean(np.asarray(settled))),
    }


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    rows = [measure(batch, dtype) for dtype in ("float32", "float64") for batch in BATCHES]
    for row in rows:
        print(row, flush=True)
    out = {"network": SIZES, "cases": CASES, "limit": LIMIT, "rows": rows}
    write_text(Path(__file__).with_suffix(".json"), json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
