"""Training of larger networks in one run: refnet.train, and the same loop by hand.

`python -m benchmarks.training_networks` writes training_networks.json and .md next to this file.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

import refnet as rn
from verification.report.findings.writing import write_text

HERE = Path(__file__).parent
RATE = 0.01
RULE = rn.gradient_descent(RATE)


class Setting(NamedTuple):
    """A network with first weights and data, its batch, and how many pairs of runs are timed."""

    name: str
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
            *("LeNet, digits", rn.lenet, classes, rn.init_lenet(key, (8, 8, 1), 10)),
            *((digits.x[:1408], digits.y[:1408]), 64, 15),
        ),
        Setting(
            *("LSTM, 64 units, 32 steps", rn.recurrent_classifier, rn.mse),
            *(rn.init_recurrent_classifier(key, 2, 64, 1), tuple(adding), 32, 15),
        ),
        Setting(
            *("GPT, 4 layers, width 128, 64 characters", gpt, classes),
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


def measured(one: Setting, repeats: int | None = None) -> dict[str, Any]:
    """Medians of neighboring runs, one after the other in turn, after compilation."""
    runs = {"by hand": by_hand(one), "refnet": by_refnet(one)}
    hand, ours = (run() for run in runs.values())
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats or one.repeats):
        for name in list(runs) if repeat % 2 else reversed(runs):
            start = time.perf_counter()
            runs[name]()
            times[name].append((time.perf_counter() - start) / len(hand))
    pairs = [a / b for a, b in zip(times["refnet"], times["by hand"], strict=True)]
    return {
        "network": one.name,
        "batch": one.batch,
        "milliseconds_per_step": {n: 1e3 * statistics.median(t) for n, t in times.items()},
        "ratio": statistics.median(pairs),
        "ratios": [min(pairs), max(pairs)],
        "loss_difference": float(jnp.max(jnp.abs(hand - ours) / jnp.abs(hand))),
    }


HEAD = """# Training larger networks

Milliseconds per step of descent in float32 on the CPU: `refnet.train` beside a `jit(scan)` by hand,
which shuffles and returns its losses; medians of neighboring runs, one after the other in turn,
after compilation. The ratio is the median of those of neighbors, with the least and the most: a
busy machine moves these, and the median least. The losses of the two agree to the last column.
Made by `python -m benchmarks.training_networks`.

| network | batch | by hand | refnet | ratio | losses differ by |
| --- | --- | --- | --- | --- | --- |
"""


def page(rows: list[dict[str, Any]], load: float) -> str:
    lines = []
    for row in rows:
        hand, ours = row["milliseconds_per_step"].values()
        low, high = row["ratios"]
        lines.append(
            f"| {row['network']} | {row['batch']} | {hand:.3g} | {ours:.3g} "
            f"| {row['ratio']:.3f} [{low:.2f}, {high:.2f}] | {row['loss_difference']:.1g} |"
        )
    where = f"{os.cpu_count()} cores, load {load:.1f} while it ran; jax {jax.__version__}."
    return HEAD + "\n".join(lines) + f"\n\n{where}\n"


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
