"""Peak memory and time of judging every entry of a network's gradient, by number of parameters.

    python -m benchmarks.memory

Each network and format has a process of its own.  Writes memory.json and memory.md beside this
file, again after each row, and exits with 1 where a verdict is not `correct` or the limit is
passed.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.stages import Stages, by_stage, peak
from verification.report.findings.writing import write_text

SIZES = {"100 thousand": (256, 320, 64, 10), "1 million": (784, 960, 256, 10)}
SIZES |= {"10 million": (1024, 3200, 2112, 32)}
DTYPES = ("float64", "float32", "bfloat16")
BATCH = 32
LIMIT = 8.0  # GiB
HERE = Path(__file__)
WHAT = (__doc__ or "").split("\n\n")[0]


def judge(sizes: list[int], dtype: str) -> dict:
    """One validation, alone in its process: what it took."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    import verification as vf
    from refnet import mse, tanh
    from refnet.layers import Dense
    from verification.vocabulary import progress

    def loss(params, x, y):
        *hidden, last = params
        for layer in hidden:
            x = tanh(x @ layer.w + layer.b)
        return mse(x @ last.w + last.b, y)

    def sample(rng):
        pairs = zip(sizes, sizes[1:], strict=False)
        params = tuple(
            Dense(rng.normal(size=s) / np.sqrt(s[0]), 0.1 * rng.normal(size=s[1])) for s in pairs
        )
        return params, rng.normal(size=(BATCH, sizes[0])), rng.normal(size=(BATCH, sizes[-1]))

    gradient, stages = jax.jit(jax.grad(loss)), Stages()
    progress.HEARERS.append(stages)
    start, used = time.perf_counter(), time.process_time()
    answer = lambda *args: gradient(*jax.tree.map(jnp.asarray, args))
    with jax.enable_x64(True):
        right = vf.validate(answer, of=loss, args=sample, dtype=dtype, cases=1)
    progress.HEARERS.remove(stages)
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    return {
        "parameters": sum(m * n + n for m, n in zip(sizes, sizes[1:], strict=False)),
        "dtype": dtype,
        "verdict": str(right.verdict),
        "reason": right.reason,
        "budget": right.budget,
        "power": max(right.power.values()),
        "seconds": round(seconds, 1),
        "processor seconds": round(processor, 1),
        "peak GiB": round(peak(), 2),
        "load": round(os.getloadavg()[0], 1),
        "stages": stages.told(),
    }


def page(rows: list[dict]) -> str:
    """The rows as Markdown, and where the time of the largest network goes."""
    heads = ("parameters", "dtype", "verdict", "would be seen", "seconds")
    heads += ("processor seconds", "GiB at most", "load")
    lines = ["# Ten million parameters, judged whole", "", WHAT, ""]
    lines += [
        "What would be seen of one entry is over the root mean square of its leaf. Load is that"
    ]
    lines += ["of the machine at the end of the row, with the row itself in it.", ""]
    lines += ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for row in rows:
        numbers = (row["seconds"], row["processor seconds"], row["peak GiB"], row["load"])
        said = (f"{row['parameters']:,}", row["dtype"], row["verdict"], f"{row['power']:.2g}")
        lines += ["| " + " | ".join([*said, *map(str, numbers)]) + " |"]
    for row in rows:
        if row["parameters"] == max(other["parameters"] for other in rows):
            lines += ["", f"## Where it goes: {row['parameters']:,} parameters, {row['dtype']}", ""]
            lines += by_stage(row["stages"])[:-1]
    return "\n".join(lines) + "\n"


def main() -> int:
    if len(sys.argv) > 1:
        print(json.dumps(judge(json.loads(sys.argv[1]), sys.argv[2])))
        return 0
    rows = []
    for sizes in SIZES.values():
        for dtype in DTYPES:
            command = [sys.executable, "-m", "benchmarks.memory", json.dumps(sizes), dtype]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            rows.append(json.loads(out))
            print(rows[-1], flush=True)
            text = json.dumps({"limit GiB": LIMIT, "rows": rows}, indent=1)
            write_text(HERE.with_suffix(".json"), text + "\n")
            write_text(HERE.with_suffix(".md"), page(rows))
    return int(any(row["peak GiB"] > LIMIT or row["verdict"] != "correct" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
