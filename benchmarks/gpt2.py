"""Every entry of the gradient of a GPT, judged in one verdict: time, memory, power, and mistakes.

    python -m benchmarks.gpt2 [--sizes NAME ...] [--dtypes DTYPE ...]

Each size, format and mistake has a process of its own.  Writes gpt2.json and gpt2.md beside this
file, again after each row; rows that are there already stay unless they are asked for.  Exits with
1 where a right gradient is not `correct`, or a planted mistake is not `wrong`.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from verification.report.findings.writing import write_text

HERE = Path(__file__)


class Size(NamedTuple):
    """The five numbers that say what a GPT is like, and how long the one sequence is."""

    layers: int
    width: int
    heads: int
    vocabulary: int
    tokens: int


SIZES = {
    "tiny": Size(2, 32, 2, 64, 8),
    "4 million": Size(4, 256, 8, 5000, 64),
    "30 million": Size(6, 512, 8, 20000, 64),
    "GPT-2-small": Size(12, 768, 12, 50257, 64),
}
DTYPES = ("float32", "bfloat16_float32")
MISTAKES = ("", "one head", "one row of the embedding", "the tied weight")
PLACES = {
    "one head": "heads.v",
    "one row of the embedding": "symbols",
    "the tied weight": "symbols",
}


def planted(mistake: str, g: Any, symbols: Any, size: Size) -> Any:
    """The right gradient g, with one mistake in it."""
    read = symbols[0, :-1]
    if mistake == "one head":  # of the middle layer: its values' slope is halved
        middle = size.layers // 2
        block, blocks = g.blocks[middle], list(g.blocks)
        v = block.heads.v.at[:, : size.width // size.heads].multiply(0.5)
        blocks[middle] = block._replace(heads=block.heads._replace(v=v))
        return g._replace(blocks=tuple(blocks))
    if mistake == "one row of the embedding":  # of a symbol that was read
        return g._replace(symbols=g.symbols.at[read[3]].multiply(0.5))
    if mistake == "the tied weight":  # what it gets where symbols are read is that of the places
        return g._replace(symbols=g.symbols.at[read].add(-g.places))
    return g


def judge(size: Size, dtype: str, mistake: str) -> dict:
    """One validation, alone in its process: what it took, and where the worst entry is."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    import refnet as rn
    import verification as vf

    def loss(params, symbols):
        logits = rn.gpt(params, symbols[:, :-1], size.heads)
        return -jnp.take_along_axis(rn.log_softmax(logits), symbols[:, 1:, None], -1).mean()

    def sample(rng):
        key, length = jax.random.key(int(rng.integers(2**31))), size.tokens
        params = rn.init_gpt(key, size.vocabulary, length, size.layers, size.heads, size.width)
        symbols = rng.integers(0, size.vocabulary, (1, length + 1)).astype(np.int32)
        return jax.tree.map(np.asarray, params), symbols

    slope = jax.jit(lambda *args: planted(mistake, jax.grad(loss)(*args), args[1], size))
    gradient = lambda *args: slope(*jax.tree.map(jnp.asarray, args))
    parameters = sum(leaf.size for leaf in jax.tree.leaves(sample(np.random.default_rng(0))[0]))
    start, used = time.perf_counter(), time.process_time()
    found = vf.validate(gradient, of=loss, args=sample, dtype=dtype, cases=1, edges="none")
    return {
        "parameters": parameters,
        "dtype": dtype,
        "mistake": mistake,
        "verdict": str(found.verdict),
        "truth": found.oracle,
        "worst": found.worst.leaf if found.worst else "",
        "first explanation": str(found.explanation[0]) if found.explanation else "",
        "power": max(found.power.values(), default=None),
        "seconds": round(time.perf_counter() - start, 1),
        "processor seconds": round(time.process_time() - used, 1),
        "peak GiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def is_right(row: dict) -> bool:
    """Whether a right gradient is correct, or a mistake wrong at its place."""
    if not row["mistake"]:
        return row["verdict"] == "correct"
    return row["verdict"] == "wrong" and PLACES[row["mistake"]] in row["worst"]


def page(rows: list[dict]) -> str:
    """The rows as Markdown."""
    named = ("parameters", "dtype", "mistake", "verdict", "worst", "power")
    heads = (*named, "seconds", "processor seconds", "peak GiB")
    lines = ["# A GPT, judged whole", "", __doc__.split("\n\n")[0], ""]
    lines += ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    show = lambda v: f"{v:,}" if isinstance(v, int) else f"{v:.3g}"
    cells = lambda r: [r[h] if isinstance(r[h], str) else show(r[h]) for h in heads]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def asked(size: str, dtype: str, mistake: str) -> dict:
    command = [sys.executable, "-m", "benchmarks.gpt2", "--alone", size, dtype, mistake]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {"size": size, **json.loads(out.splitlines()[-1])}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--mistakes", nargs="+", choices=MISTAKES, default=list(MISTAKES))
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        size, dtype, mistake = options.alone
        print(json.dumps(judge(SIZES[size], dtype, mistake)))
        return 0
    record = HERE.with_suffix(".json")
    rows = json.loads(record.read_text())["rows"] if record.exists() else []
    known = {(row["size"], row["dtype"], row["mistake"]): row for row in rows}
    for key in product(options.sizes, options.dtypes, options.mistakes):
        known[key] = asked(*key)
        print(known[key], flush=True)
        rows = [known[k] for k in product(SIZES, DTYPES, MISTAKES) if k in known]
        write_text(record, json.dumps({"rows": rows}, indent=1) + "\n")
        write_text(HERE.with_suffix(".md"), page(rows))
    return int(not all(map(is_right, known.values())))


if __name__ == "__main__":
    sys.exit(main())
