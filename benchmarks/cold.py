"""`refnet validate` from a cold start: a two-layer network, process start to exit, in one run.

The ratio is to a process that takes one gradient with JAX and does nothing else; the two take
turns, so that a busy machine disturbs both.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from verification.report.findings.writing import write_text

RECORD = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parent.parent
ROUNDS, LIMIT = 5, 6.0
NETWORK = '''"""A two-layer network by hand."""
import jax.numpy as jnp
import numpy as np


def loss(params, x, y):
    w1, b1, w2, b2 = params
    return jnp.mean((jnp.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)


def gradient(params, x, y):
    w1, b1, w2, b2 = params
    a = np.tanh(x @ w1 + b1)
    error = a @ w2 + b2 - y
    do = (error + error) / error.dtype.type(error.size)
    dz = (do @ w2.T) * (1 - a) * (1 + a)
    return x.T @ dz, dz.sum(0), a.T @ do, do.sum(0)


def wrong(params, x, y):
    dw1, db1, dw2, db2 = gradient(params, x, y)
    return dw1, db1, dw2, db2 / 7


def sample(rng):
    w1, w2 = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    params = w1, rng.normal(size=5), w2, rng.normal(size=2)
    return params, rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
'''
ASKED = tuple(
    (name, dtype, status)
    for name, status in (("gradient", 0), ("wrong", 1))
    for dtype in ("float64", "float32")
)
BARE = "import jax; print(jax.grad(lambda x: x * x)(3.0))"


def asked(name: str, dtype: str) -> list[str]:
    functions = (f"net.py:{name}", "--of", "net.py:loss", "--args", "net.py:sample")
    return ["-m", "verification", "validate", *functions, "--dtype", dtype]


def seconds(folder: str, arguments: list[str], status: int) -> tuple[float, float]:
    """By the clock on the wall, and of the processor, which a busy machine disturbs less."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == status, done.stdout + done.stderr
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(folder: str, name: str, dtype: str, status: int) -> dict:
    rounds = []
    for _ in range(ROUNDS):
        bare = seconds(folder, ["-c", BARE], 0)
        rounds.append((bare, seconds(folder, asked(name, dtype), status)))
    median = lambda values: round(statistics.median(values), 2)
    return {
        "gradient": name,
        "dtype": dtype,
        "seconds": median(ours[0] for _, ours in rounds),
        "cpu seconds": median(ours[1] for _, ours in rounds),
        "jax.grad alone, cpu seconds": median(bare[1] for bare, _ in rounds),
        "ratio of cpu": median(ours[1] / bare[1] for bare, ours in rounds),
    }


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "net.py").write_text(NETWORK)
        for one in ASKED:
            rows.append(measure(folder, *one))
            print(rows[-1], flush=True)
    load = round(os.getloadavg()[0], 1)
    out = {"rounds": ROUNDS, "limit s": LIMIT, "cores": os.cpu_count(), "load": load, "rows": rows}
    write_text(RECORD, json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
