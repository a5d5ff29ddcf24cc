"""What a verdict on something large costs: long loops, an image network, a transformer block, sums.

    python -m benchmarks.large [ROW ...]

Each row has a process of its own, in which the same verdict is asked twice: the first finds nothing
compiled.  Wall seconds and processor seconds, all threads together: on a busy machine the wall says
little.  Writes large.json and large.md beside this file; rows that are asked again are replaced.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

import verification as vf
from verification.report.findings.writing import write_text

from .loops import lstm

RECORD, PAGE = (Path(__file__).with_suffix(end) for end in (".json", ".md"))


class Row(NamedTuple):
    """made(size) -> the function and its draw; what is asked, and the seconds that are wanted."""

    made: Callable[[int], tuple[Callable, Callable]]
    size: int
    dtype: str
    wanted: float  # of the second verdict
    cases: int = 16


def state_space(steps: int, states: int = 8) -> tuple[Callable, Callable]:
    """x' = a x + b u, y = c x, with a in (0, 1)."""

    def loss(a, b, c, us):
        def step(x, u):
            x = jax.nn.sigmoid(a) * x + b * u
            return x, jnp.sum(c * x)

        return jnp.mean(jnp.tanh(jax.lax.scan(step, jnp.zeros_like(a), us)[1]))

    return loss, lambda rng: (*rng.normal(size=(3, states)), rng.normal(size=steps))


def convolutional(side: int) -> tuple[Callable, Callable]:
    def loss(first, second, head, images):
        layout, same = ("NHWC", "HWIO", "NHWC"), "SAME"
        conv = lambda x, w: jax.lax.conv_general_dilated(
            x, w, (2, 2), same, dimension_numbers=layout
        )
        h = jax.nn.gelu(conv(jax.nn.gelu(conv(images, first)), second))
        return jnp.mean(jax.nn.logsumexp(jnp.mean(h, (1, 2)) @ head, axis=-1))

    shapes = (3, 3, 3, 8), (3, 3, 8, 16), (16, 10), (2, side, side, 3)
    return loss, lambda rng: tuple(0.3 * rng.normal(size=s) for s in shapes)


def transformer(width: int, tokens: int = 64, heads: int = 4) -> tuple[Callable, Callable]:
    """One block before its norms, causal; 14 width^2 parameters with the projections."""

    def norm(x):
        c = x - jnp.mean(x, -1, keepdims=True)
        return c * jax.lax.rsqrt(jnp.mean(c * c, -1, keepdims=True) + 1e-5)

    def loss(qkv, out, up, down, x):
        count = x.shape[0]
        q, k, v = jnp.split((norm(x) @ qkv).reshape(count, heads, -1), 3, axis=-1)
        scores = jnp.einsum("ihd,jhd->hij", q, k) / (width / heads) ** 0.5
        mask = jnp.tril(jnp.ones((count, count), bool))[None]
        p = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), axis=-1)
        x = x + jnp.einsum("hij,jhd->ihd", p, v).reshape(count, width) @ out
        return jnp.mean((x + jax.nn.gelu(norm(x) @ up) @ down) ** 2)

    shapes = (width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)
    scaled = lambda rng: (rng.normal(size=s) / s[0] ** 0.5 for s in shapes)
    return loss, lambda rng: (*scaled(rng), rng.normal(size=(tokens, width)))


def summed(entries: int) -> tuple[Callable, Callable]:
    of = lambda x: jnp.sum(jnp.tanh(x) * jnp.exp(-x * x))
    return of, lambda rng: (rng.normal(size=entries),)


ROWS: dict[str, Row] = {
    "LSTM, 6 steps": Row(lstm, 6, "float64", 1.0),
    "LSTM, 128 steps": Row(lstm, 128, "float64", 15.0),
    "LSTM, 512 steps": Row(lstm, 512, "float64", 20.0),
    "state space, 512 steps": Row(state_space, 512, "float64", 20.0),
    "convolutions, 64 x 64": Row(convolutional, 64, "float32", 20.0),
    "transformer block, width 256": Row(transformer, 256, "float32", 20.0),
    "sum of a million": Row(summed, 10**6, "float64", 10.0),
}


def judge(name: str, size: int = 0, **asked: Any) -> dict:
    """Two verdicts in this process, and what each took; `asked`: options of validate."""
    row = ROWS[name]
    of, draw = row.made(size or row.size)
    every = tuple(range(4)) if row.made is not summed else 0
    told: dict[str, Any] = {"row": name, "dtype": row.dtype, "wanted s": row.wanted}
    options = {"dtype": row.dtype, "cases": row.cases, "edges": "none"} | asked
    for one in ("first", "next"):
        clocks = time.perf_counter(), time.process_time()
        found = vf.validate(jax.jit(jax.grad(of, every)), of, draw, argnums=every, **options)
        spent = time.perf_counter() - clocks[0], time.process_time() - clocks[1]
        told |= {f"{one} s": round(spent[0], 2), f"{one} processor s": round(spent[1], 2)}
    told |= {"verdict": str(found.verdict), "oracle": found.oracle, "cases": found.cases}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return told | {"GiB": round(peak, 2)}


def page(rows: list[dict]) -> str:
    lines = [
        "# Large",
        "",
        "Two verdicts in one process, of 16 draws without edges; the first compiles. Wall seconds",
        "and processor seconds; the machine was busy, so that the wall is several times what it",
        "would be alone. What is wanted is of the next verdict. A row that is missing was not run.",
        "Made by `python -m benchmarks.large`.",
        "",
        "Where the LSTM's time goes, by a profile of 128 steps: 48 % are the 16 proofs; 49 % are",
        "the budget, walked step by step in NumPy for all 16 draws at once: 37 % random rounding,",
        "12 % the running bound.",
        "",
        "| row | dtype | verdict | oracle | first: wall, processor | next: wall, processor "
        "| wanted | GiB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for r in rows:
        first, after = (
            f"{r[f'{k} s']:.1f}, {r[f'{k} processor s']:.1f} s" for k in ("first", "next")
        )
        lines.append(
            f"| {r['row']} | {r['dtype']} | {r['verdict']} | {r['oracle']} | {first} | {after} "
            f"| {r['wanted s']:g} s | {r['GiB']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(judge(sys.argv[2])))
        return 0
    known = json.loads(RECORD.read_text())["rows"] if RECORD.exists() else []
    rows = {row["row"]: row for row in known}
    for name in sys.argv[1:] or ROWS:
        line = [sys.executable, "-m", "benchmarks.large", "--one", name]
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        rows[name] = json.loads(done.stdout)
        print(rows[name], flush=True)
        kept = [rows[each] for each in ROWS if each in rows]
        write_text(RECORD, json.dumps({"rows": kept}, indent=1) + "\n")
        write_text(PAGE, page(kept))
    return int(any(row["verdict"] != "correct" for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
