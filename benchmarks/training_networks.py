"""Training of larger networks in one run: refnet.train, the same loop by hand, and two peers.

`python -m benchmarks.training_networks` writes training_networks.json and .md next to this file.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

import refnet as rn
from benchmarks.twins import LIBRARIES, installed
from verification.report.findings.writing import write_text

HERE = Path(__file__).parent
RATE = 0.01
RULE = rn.gradient_descent(RATE)
PEERS = ("Flax NNX", "Equinox")


class Setting(NamedTuple):
    """A network with first weights and data, its batch, and how many pairs of runs are timed.

    twin is the name of the same network in other libraries, and what it is to be told.
    """

    name: str
    twin: tuple[str, dict[str, int]]
    network: Callable
    loss: Callable
    params: Any
    data: tuple
    batch: int
    repeats: int


def settings() -> tuple[Setting, ...]:
    key = jax.random.key(0)
    classes = rn.softmax_cross_entropy_with_integer_labels
    digits, adding = rn.digit_images(key).train, rn.adding(key, 1600, 32).train
    text = rn.sums_in_words(key, 32, 64).train
    gpt = partial(rn.gpt, heads=4)
    return (
        Setting(
            *("LeNet, digits", ("LeNet", {}), rn.lenet, classes, rn.init_lenet(key, (8, 8, 1), 10)),
            *((digits.x[:1408], digits.y[:1408]), 64, 15),
        ),
        Setting(
            *("LSTM, 64 units, 32 steps", ("LSTM", {}), rn.recurrent_classifier, rn.mse),
            *(rn.init_recurrent_classifier(key, 2, 64, 1), tuple(adding), 32, 15),
        ),
        Setting(
            *("GPT, 4 layers, width 128, 64 characters", ("GPT", {"heads": 4}), gpt, classes),
            *(rn.init_gpt(key, len(rn.LETTERS), 64, 4, 4, 128), tuple(text), 16, 7),
        ),
    )


def by_hand(one: Setting) -> Callable:
    """What a careful person writes: descent, shuffled, losses returned."""
    x, y = one.data

    def step(params, rows):
        objective = lambda params: one.loss(one.network(params, x[rows]), y[rows])
        value, gradient = jax.value_and_grad(objective)(params)
        return jax.tree.map(lambda p, g: p - RATE * g, params, gradient), value

    @jax.jit
    def run(params, key):
        order = jax.random.permutation(jax.random.split(key, 1)[0], len(x))
        return lax.scan(step, params, order.reshape(-1, one.batch))

    return lambda: jax.block_until_ready(run(one.params, jax.random.key(2)))[1]


def by_refnet(one: Setting) -> Callable:
    def run():
        end = rn.train(
            *(one.network, one.loss, RULE, one.params, one.data),
            key=jax.random.key(2), batch=one.batch,
        )  # fmt: skip
        return jax.block_until_ready((end.history.loss, end.params))[0]

    return run


def by_library(one: Setting, library: str) -> Callable:
    """Its layers with the same weights: a compiled step, and a loop in Python over cut batches."""
    name, told = one.twin
    loss = partial(import_module(f"benchmarks.twins_{LIBRARIES[library]}").TWINS[name], **told)
    order = jax.random.permutation(jax.random.split(jax.random.key(2), 1)[0], len(one.data[0]))
    batches = [[part[rows] for part in one.data] for rows in order.reshape(-1, one.batch)]

    @jax.jit
    def step(params, x, y):
        value, gradient = jax.value_and_grad(loss)(params, x, y)
        return jax.tree.map(lambda p, g: p - RATE * g, params, gradient), value

    def run():
        params, losses = one.params, []
        for batch in batches:
            params, value = step(params, *batch)
            losses.append(value)
        return jnp.stack(jax.block_until_ready((losses, params))[0])

    return run


def measured(one: Setting, repeats: int | None = None) -> dict[str, Any]:
    """Medians of neighboring runs, one after the other in turn, after compilation."""
    runs = {"by hand": by_hand(one), "refnet": by_refnet(one)}
    runs |= {name: by_library(one, name) for name in filter(installed, PEERS)}
    hand, *others = (run() for run in runs.values())
    apart = lambda losses: float(jnp.max(jnp.abs(hand - losses) / jnp.abs(hand)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats or one.repeats):
        for name in list(runs) if repeat % 2 else reversed(runs):
            start = time.perf_counter()
            runs[name]()
            times[name].append((time.perf_counter() - start) / len(hand))
    return {
        "network": one.name,
        "batch": one.batch,
        "milliseconds_per_step": {n: 1e3 * statistics.median(t) for n, t in times.items()},
        "ratios": {n: ratio(times["refnet"], t) for n, t in times.items() if n != "refnet"},
        "loss_difference": dict(zip(list(runs)[1:], map(apart, others), strict=True)),
    }


def ratio(ours: list[float], theirs: list[float]) -> list[float]:
    """Of neighboring runs: the median, the least and the most."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=True)]
    return [statistics.median(pairs), min(pairs), max(pairs)]


HEAD = """# Training larger networks

Milliseconds per step of descent in float32 on the CPU: `refnet.train` beside a `jit(scan)` by hand,
which shuffles and returns its losses, and beside layers of Flax NNX and Equinox with the same
weights, in a compiled step and a loop in Python over batches that are cut already, as their guides
have it; medians of neighboring runs, one after the other in turn, after compilation. The ratios are
refnet's time over the other's: the median of those of neighbors, with the least and the most. A
busy machine moves these, and the median least. The last column is how far losses are from those by
hand, of refnet and of the libraries. Made by `python -m benchmarks.training_networks`.

"""


def page(rows: list[dict[str, Any]], load: float) -> str:
    columns = ["by hand", "refnet", *PEERS]
    over = [f"over {name}" for name in columns if name != "refnet"]
    head = ["network", "batch", *columns, *over, "losses differ by"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in rows:
        taken, ratios = row["milliseconds_per_step"], row["ratios"]
        cells = [f"{taken[n]:.3g}" if n in taken else "not run" for n in columns]
        cells += [_ratio(ratios[n]) if n in ratios else "" for n in columns if n != "refnet"]
        differ = ", ".join(f"{d:.1g}" for d in row["loss_difference"].values())
        lines.append(f"| {' | '.join([row['network'], str(row['batch']), *cells, differ])} |")
    versions = [f"{n} {version(LIBRARIES[n])}" for n in filter(installed, PEERS)]
    where = ", ".join([f"jax {jax.__version__}", *versions])
    return HEAD + "\n".join(lines) + f"\n\n{os.cpu_count()} cores, load {load:.1f}; {where}.\n"


def _ratio(found: list[float]) -> str:
    middle, low, high = found
    return f"{middle:.3f} [{low:.2f}, {high:.2f}]"


def main() -> int:
    rows = []
    for one in settings():
        rows.append(measured(one))
        print(rows[-1], flush=True)
    load = os.getloadavg()[0]
    write_text(HERE / "training_networks.json", json.dumps(rows, indent=2) + "\n")
    write_text(HERE / "training_networks.md", page(rows, load))
    return 0


if __name__ == "__main__":
    sys.exit(main())
