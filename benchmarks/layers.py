"""Forward and backward of each layer beside jax.nn, Flax NNX and PyTorch, in one run on the CPU.

`python -m benchmarks.layers [LAYER ...]` writes layers.json and .md next to this file, or times the
layers that are named again.  Libraries that are not installed are said not to be there.
"""

import importlib.util
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.layer_peers import Layer, layers
from verification.report.findings.writing import write_text

HERE = Path(__file__).parent
REPEATS = 21
PACKAGES = {"jax.nn": "jax", "Flax NNX": "flax", "PyTorch": "torch"}


def of_jax(function: Callable, args: tuple) -> Callable:
    """Forward and backward, compiled: the value and the gradients of its floats."""
    leaves, tree = jax.tree.flatten(args)
    floats = [np.asarray(x).dtype.kind == "f" for x in leaves]

    def of_floats(moving, rest):
        moving, rest = iter(moving), iter(rest)
        every = [next(moving) if f else next(rest) for f in floats]
        return function(*jax.tree.unflatten(tree, every))

    @jax.jit
    def both(moving, rest):
        out, pull = jax.vjp(lambda moving: of_floats(moving, rest), moving)
        return out, pull(out * out)

    moving = [jnp.asarray(x) for x, f in zip(leaves, floats, strict=True) if f]
    rest = [jnp.asarray(x) for x, f in zip(leaves, floats, strict=True) if not f]
    return lambda: jax.block_until_ready(both(moving, rest))


def of_torch(function: Callable, args: tuple) -> Callable:
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)  # two that wait for each other on a busy machine are far slower
    leaves, tree = jax.tree.flatten(args)
    tensors = [torch.tensor(np.asarray(x)) for x in leaves]
    moving = [x.requires_grad_() for x in tensors if x.is_floating_point()]

    def both():
        out = function(*jax.tree.unflatten(tree, tensors))
        return out, torch.autograd.grad(out, moving, (out * out).detach())

    return both


def runs_of(layer: Layer) -> dict[str, Callable]:
    runs = {"refnet": of_jax(layer.ours, layer.args)}
    for name, function in layer.theirs.items():
        if installed(name):
            made = of_torch if name == "PyTorch" else of_jax
            runs[name] = made(function, layer.args)
    return runs


def installed(library: str) -> bool:
    return importlib.util.find_spec(PACKAGES[library]) is not None


def measured(name: str, layer: Layer, repeats: int = REPEATS) -> dict[str, Any]:
    """Medians of neighboring runs, one after the other in turn, after compilation."""
    runs = runs_of(layer)
    far = apart([run() for run in runs.values()])
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats):
        for who in list(runs) if repeat % 2 else reversed(runs):
            start = time.perf_counter()
            runs[who]()
            times[who].append(time.perf_counter() - start)
    micro = {who: 1e6 * statistics.median(t) for who, t in times.items()}
    ratios = {who: ratio(times["refnet"], t) for who, t in times.items() if who != "refnet"}
    return {"layer": name, "microseconds": micro, "ratios": ratios, "differ": far}


def ratio(ours: list[float], theirs: list[float]) -> list[float]:
    """Of neighboring runs: the median, the least and the most."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=True)]
    return [statistics.median(pairs), min(pairs), max(pairs)]


def apart(answers: list) -> float:
    """The largest difference of a sum of gradients, over the sum of sizes: they do the same."""
    flat = lambda answer: [np.asarray(leaf.detach() if hasattr(leaf, "detach") else leaf, float)
                           for leaf in jax.tree.leaves(answer[1])]  # fmt: skip
    ours, *others = map(flat, answers)
    far = lambda a, b: abs(a.sum() - b.sum()) / max(abs(a).sum(), 1e-30)
    return max((far(a, b) for other in others for a, b in zip(ours, other, strict=True)), default=0)


HEAD = """# Layers, forward and backward

Microseconds for the value and the gradients of all floats, float32, on the CPU: medians of
neighboring runs, one after the other in turn, after compilation (PyTorch is not
compiled, and has one thread). The
ratios are refnet's time over the other's: the median of those of neighbors, with the least and the
most; a busy machine moves these, and the median least. Below some 50 microseconds what is timed is
mostly the call. Activations of Flax are those of jax.nn. The last column is how far gradients are
from each other. Made by `python -m benchmarks.layers`.

A convolution is one product of what the taps read, side by side, and the kernel. Beside a sum over
taps, as it was before, and `lax.conv_general_dilated`, forward and backward in turn on a busy
machine, XLA's own took 1 and it 0.75 (the sum 2.2) for 16 images of 16 x 16 x 8 to 16 channels,
0.34 (0.65) for 64 of 8 x 8 x 1 to 6, 1.5 (3.5) for 16 of 32 x 32 x 16 to 32 with stride 2, and
0.43 (1.5) with 16 groups, where the sum took 35 s to compile. XLA's own is not used, as jaxlib 0.10
and 0.12 end the process while they compile the gradient of a transposed one with a kernel of 3 x 2,
and so the second derivative of one with stride 2. A transposed convolution stays a sum over taps:
its one product reads mostly zeros, and took 2.6 times as long with stride 2.

"""


def page(rows: list[dict[str, Any]], load: float) -> str:
    names = list(PACKAGES)
    head = ["layer", "refnet", *names, *(f"over {name}" for name in names), "differ by"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in rows:
        taken, ratios = row["microseconds"], row["ratios"]
        cells = [f"{taken[n]:.0f}" if n in taken else "" for n in ("refnet", *names)]
        cells += [_ratio(ratios[n]) if n in ratios else "" for n in names]
        lines.append(f"| {' | '.join([row['layer'], *cells, format(row['differ'], '.0g')])} |")
    here = [f"{n} {version(PACKAGES[n])}" for n in names if installed(n)]
    absent = [n for n in names if not installed(n)]
    missing = f" Not run: {', '.join(absent)}." if absent else ""
    where = f"{os.cpu_count()} cores, load {load:.1f}; {', '.join(here)}.{missing}"
    return HEAD + "\n".join(lines) + f"\n\n{where}\n"


def _ratio(found: list[float]) -> str:
    middle, low, high = found
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def main(names: list[str]) -> int:
    known, record = layers(), HERE / "layers.json"
    kept = json.loads(record.read_text()) if names and record.exists() else []
    found = {row["layer"]: row for row in kept}
    for name in names or known:
        found[name] = measured(name, known[name])
        print(found[name], flush=True)
    rows = [found[name] for name in known if name in found]
    write_text(record, json.dumps(rows, indent=2) + "\n")
    write_text(HERE / "layers.md", page(rows, os.getloadavg()[0]))
    return 0 if all(row["differ"] < 1e-4 for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
