"""Every entry of the gradient of a GPT, judged in one verdict: time, memory, power, and mistakes.

    python -m benchmarks.gpt2 [--sizes NAME ...] [--dtypes DTYPE ...] [--resume FOLDER]
                              [--most-cases 8]

Each size, format and mistake has a process of its own.  Truth and budget are found once for a size
and a format, and kept in the folder for the mistakes; one that is named stays, and a run that was
ended goes on from there.  Where one case does not show every catalogued mistake more are drawn, up
to so many; that many times as long it takes.  Writes gpt2.json and gpt2.md beside this file, again
after each row; rows that are there already stay unless they are asked for.  Exits with 1 where a
right gradient is not `correct`, or a planted mistake is not `wrong`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.stages import Stages, by_stage, peak
from verification.report.findings.writing import write_text

HERE = Path(__file__)
WHAT = (__doc__ or "").split("\n\n")[0]


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


def judge(size: Size, dtype: str, mistake: str, folder: str, most: int = 8) -> dict:
    """One validation, alone in its process: what it took, and where the worst entry is."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    import refnet as rn
    import verification as vf
    from verification.judgement import verdict
    from verification.vocabulary import progress

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
    os.makedirs(folder, exist_ok=True)
    was_there, stages, verdict.LIMIT = bool(os.listdir(folder)), Stages(), most
    progress.HEARERS.append(stages)
    start, used = time.perf_counter(), time.process_time()
    asked = {"dtype": dtype, "cases": 1, "edges": "none", "resume": folder}
    found = vf.validate(gradient, of=loss, args=sample, **asked)
    progress.HEARERS.remove(stages)
    said = {"verdict": str(found.verdict), "reason": found.reason, "cases": found.cases}
    return (
        {"parameters": parameters, "dtype": dtype, "mistake": mistake}
        | said
        | {
            "truth": found.oracle,
            "worst": found.worst.leaf if found.worst else "",
            "first explanation": str(found.explanation[0]) if found.explanation else "",
            "power": max(found.power.values(), default=None),
            "seconds": round(time.perf_counter() - start, 1),
            "processor seconds": round(time.process_time() - used, 1),
            "peak GiB": round(peak(), 2),
            "resumed": was_there,
            "stages": stages.told(),
        }
    )


def is_right(row: dict) -> bool:
    """Whether a right gradient is correct, or a mistake wrong at its place."""
    if not row["mistake"]:
        return row["verdict"] == "correct"
    return row["verdict"] == "wrong" and PLACES[row["mistake"]] in row["worst"]


def page(rows: list[dict]) -> str:
    """The rows as Markdown."""
    named = ("parameters", "dtype", "mistake", "verdict", "worst", "power")
    heads = (*named, "seconds", "processor seconds", "peak GiB")
    lines = ["# A GPT, judged whole", "", WHAT, ""]
    lines += ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    show = lambda v: f"{v:,}" if isinstance(v, int) else f"{v:.3g}"
    cells = lambda r: [r[h] if isinstance(r[h], str) else show(r[h]) for h in heads]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    lines += ["", "Mistakes are judged against the truth and the budget that were kept.", ""]
    lines += [line for row in rows for line in why_not(row)]
    for row in rows:
        if not row["mistake"] and "stages" in row:
            lines += [f"## Where it goes: {row['parameters']:,} parameters, {row['dtype']}", ""]
            lines += by_stage(row["stages"])
    lines += on_paper(rows)
    return "\n".join(lines) + "\n"


def why_not(row: dict) -> list[str]:
    """What a right gradient was not accepted for."""
    if row["mistake"] or row["verdict"] == "correct":
        return []
    cases = "one case" if row["cases"] == 1 else f"{row['cases']} cases"
    kept = ", against truth and budget that were kept" if row.get("resumed") else ""
    return [f"{row['parameters']:,} in {row['dtype']}, at {cases}{kept}: {row['reason']}.", ""]


def parameters_of(size: Size) -> int:
    """Two tables, four matrices and a perceptron in each block, and norms."""
    tables = (size.vocabulary + size.tokens) * size.width
    return tables + size.layers * (12 * size.width**2 + 9 * size.width) + 2 * size.width


def on_paper(rows: list[dict]) -> list[str]:
    """What sizes would take that nobody has judged yet: the line through the two largest that are.

    It says nothing of verdicts.
    """
    lines = []
    for dtype, (name, size) in product(DTYPES, SIZES.items()):
        known = [row for row in rows if row["dtype"] == dtype and not row["mistake"]]
        known = sorted((row for row in known if "stages" in row), key=lambda r: r["parameters"])
        count = parameters_of(size)
        if len(known) < 2 or count <= known[-1]["parameters"]:
            continue
        one, other = known[-2:]
        way = (count - other["parameters"]) / (other["parameters"] - one["parameters"])
        far = lambda what, a=one, b=other, t=way: b[what] + t * (b[what] - a[what])
        used, held = far("processor seconds"), far("peak GiB")
        lines += [f"{name}, {dtype}: {used:.3g} processor seconds, {held:.3g} GiB."]
    head = [
        "## On paper",
        "",
        "Not judged yet; linear in parameters, from the two largest sizes:",
        "",
    ]
    return [*head, *lines, ""] if lines else []


def asked(size: str, dtype: str, mistake: str, folder: str, most: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.gpt2", "--most-cases", str(most)]
    command += ["--alone", size, dtype, mistake, folder]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"size": size, **json.loads(out.splitlines()[-1])}


def main() -> int:
    parser = argparse.ArgumentParser(description=WHAT)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--mistakes", nargs="+", choices=MISTAKES, default=list(MISTAKES))
    parser.add_argument("--resume", help="a folder that truth and budget are kept in")
    parser.add_argument("--most-cases", type=int, default=8)
    parser.add_argument("--alone", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        size, dtype, mistake, folder = options.alone
        print(json.dumps(judge(SIZES[size], dtype, mistake, folder, options.most_cases)))
        return 0
    record = HERE.with_suffix(".json")
    rows = json.loads(record.read_text())["rows"] if record.exists() else []
    known = {(row["size"], row["dtype"], row["mistake"]): row for row in rows}
    for pair in product(options.sizes, options.dtypes):
        with ExitStack() as stack:
            folder = options.resume or stack.enter_context(tempfile.TemporaryDirectory())
            for mistake in options.mistakes:
                key = (*pair, mistake)
                known[key] = asked(*key, folder, options.most_cases)
                print(known[key], flush=True)
                rows = [known[k] for k in product(SIZES, DTYPES, MISTAKES) if k in known]
                write_text(record, json.dumps({"rows": rows}, indent=1) + "\n")
                write_text(HERE.with_suffix(".md"), page(rows))
    return int(not all(map(is_right, known.values())))


if __name__ == "__main__":
    sys.exit(main())
