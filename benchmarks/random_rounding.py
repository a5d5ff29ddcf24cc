"""What random rounding costs per parameter: 32 draws of a GPT's gradient, here and in PyTorch.

    python -m benchmarks.random_rounding [--sizes tiny "4 million"]

Here: the budget of every entry of the gradient in float32, which is a running bound in float64 and
32 draws of every rounding of the reference, of sums in any order.  Beside it PyTorch's own gradient
of the same loss with the same weights, each number that an operation returns, forward and backward,
off by a random part of one unit (up-down rounding of results; not of what happens inside of a sum).
What is made for whole programs by a compiler is published for 1 to 341 million parameters, at 5 to
60 times less than Verrou takes (Fuzzy PyTorch, arXiv 2605.25991); it answers in significant digits.

Seconds are of the wall, medians, after compilation.  Writes random_rounding.json and
random_rounding.md beside this file.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import refnet as rn
from benchmarks.gpt2 import SIZES, Size
from verification.arithmetic.noise import DRAWS
from verification.measurement.batch import budget_at
from verification.report.findings.writing import write_text

HERE = Path(__file__)
WHAT, _, HOW, _ = (__doc__ or "").split("\n\n")
ROUNDS = 3


def point(size: Size, seed: int) -> tuple:
    """Weights, and one sequence of symbols."""
    key = jax.random.key(seed)
    params = rn.init_gpt(key, size.vocabulary, size.tokens, size.layers, size.heads, size.width)
    drawn = np.random.default_rng(seed).integers(0, size.vocabulary, (1, size.tokens + 1))
    return jax.tree.map(np.asarray, params), drawn.astype(np.int32)


def median(run: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Seconds of run(k), after a first that is not counted."""
    run(0)
    spent = []
    for k in range(1, rounds + 1):
        start = time.perf_counter()
        run(k)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def ours(size: Size) -> float:
    """Bound and draws of all entries."""

    def loss(params, symbols):
        logits = rn.gpt(params, symbols[:, :-1], size.heads)
        return -jnp.take_along_axis(rn.log_softmax(logits), symbols[:, 1:, None], -1).mean()

    gradient = jax.grad(loss)
    return median(lambda k: budget_at(gradient, point(size, k), "float32"), rounds=1)


def torchs(size: Size) -> tuple[float, float]:
    """One gradient in PyTorch, and one with every result rounded at random."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_map

    from benchmarks.twins_torch import gpt

    unit = 2.0**-24

    class Rounded(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            one = lambda x: x * (1.0 + unit * (2.0 * torch.rand_like(x) - 1.0))
            is_new = lambda x: isinstance(x, torch.Tensor) and x.is_floating_point()
            views = func is torch.ops.aten.detach.default or func.is_view
            out = func(*args, **(kwargs or {}))
            return out if views else tree_map(lambda x: one(x) if is_new(x) else x, out)

    params, symbols = point(size, 0)
    held = jax.tree.map(lambda x: torch.tensor(x, requires_grad=True), params)
    leaves, x = jax.tree.leaves(held), torch.tensor(symbols, dtype=torch.int64)

    def gradient(_):
        return torch.autograd.grad(gpt(held, x[:, :-1], x[:, 1:], size.heads), leaves)

    def rounded(_):
        with Rounded():
            return gradient(_)

    exact, drawn = gradient(0), rounded(0)
    apart = max(float((a - b).abs().max()) for a, b in zip(exact, drawn, strict=True))
    assert 0.0 < apart < 1e-2, f"draws are {apart} apart: nothing was rounded, or too much"
    return median(gradient), median(rounded)


def measured(name: str) -> dict:
    size = SIZES[name]
    parameters = sum(x.size for x in jax.tree.leaves(point(size, 0)[0]))
    alone, rounded = torchs(size)
    return {
        "parameters": parameters,
        "here": ours(size),
        "PyTorch": DRAWS * rounded,
        "one gradient": alone,
    }


def page(record: dict) -> str:
    """Seconds, and nanoseconds per parameter and draw."""
    heads = ("parameters", "32 draws and a bound, here", "32 draws, PyTorch")
    heads += ("ns per parameter and draw: here", "PyTorch", "one gradient in PyTorch")
    lines = ["# Random rounding, per parameter", "", WHAT, "", HOW, ""]
    lines += ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for row in record["rows"]:
        each = 1e9 / (row["parameters"] * DRAWS)
        cells = [f"{row['parameters']:,}", f"{row['here']:.3g} s", f"{row['PyTorch']:.3g} s"]
        cells += [f"{each * row[k]:.3g}" for k in ("here", "PyTorch")]
        lines += ["| " + " | ".join([*cells, f"{row['one gradient']:.3g} s"]) + " |"]
    return "\n".join([*lines, "", f"Load average at the end: {record['load']}."]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=WHAT)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["tiny", "4 million"])
    options = parser.parse_args()
    rows = [measured(name) for name in options.sizes]
    record = {"rows": rows, "load": round(os.getloadavg()[0], 1)}
    write_text(HERE.with_suffix(".json"), json.dumps(record, indent=1) + "\n")
    write_text(HERE.with_suffix(".md"), page(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())
