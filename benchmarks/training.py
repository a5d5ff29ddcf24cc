"""Training side by side in one run: refnet.train, the same loop by hand, and its peers.

`python -m benchmarks.training` writes training.json and training.md next to this file.
"""

import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import refnet as rn
from benchmarks import peers
from verification.report.findings.writing import write_text

REPEATS = 21
RATE = 0.01
RULE = rn.gradient_descent(RATE)
OURS = {"relu": partial(rn.mlp, activation=rn.relu), "tanh": partial(rn.mlp, activation=rn.tanh)}
THEIRS = {"relu": lambda z: jnp.maximum(z, 0.0), "tanh": jnp.tanh}


class Setting(NamedTuple):
    """Layer sizes, batch, steps of an epoch, epochs of a run, hidden activation."""

    sizes: tuple[int, ...]
    batch: int
    steps: int
    epochs: int
    activation: str = "relu"


SETTINGS = (
    Setting((1, 1), 1, 2_000, 40),
    Setting((2, 16, 1), 32, 200, 20),
    Setting((64, 256, 256, 10), 128, 20, 10),
    Setting((784, 512, 10), 128, 20, 5),
    Setting((64, 256, 256, 10), 128, 20, 10, "tanh"),
    Setting((784, 512, 10), 128, 20, 5, "tanh"),
)


def data(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = setting.batch * setting.steps
    ends = setting.sizes[0], setting.sizes[-1]
    x, y = (rng.standard_normal((rows, size), dtype=np.float32) for size in ends)
    return x, y


def predict(params, x, activation):
    *hidden, (w, b) = params
    for v, c in hidden:
        x = THEIRS[activation](x @ v + c)
    return x @ w + b


@partial(jax.jit, static_argnames=("batch", "epochs", "activation"))
def by_hand(params, x, y, key, batch, epochs, activation):
    """What a careful person writes: SGD on mean squared error, shuffled, losses returned."""

    def loss(params, x, y):
        return jnp.mean((predict(params, x, activation) - y) ** 2)

    def step(params, rows):
        value, gradient = jax.value_and_grad(loss)(params, x[rows], y[rows])
        return jax.tree.map(lambda p, g: p - RATE * g, params, gradient), value

    def epoch(params, key):
        order = jax.random.permutation(key, len(x))
        return lax.scan(step, params, order.reshape(-1, batch))

    params, losses = lax.scan(epoch, params, jax.random.split(key, epochs))
    return params, losses.ravel()


def hand_run(setting: Setting) -> Callable:
    x, y = map(jnp.asarray, data(setting))
    params = rn.init_mlp(jax.random.key(1), setting.sizes)
    key = jax.random.key(2)
    options = setting.batch, setting.epochs, setting.activation
    return lambda: jax.block_until_ready(by_hand(params, x, y, key, *options))


def refnet_run(setting: Setting) -> Callable:
    pair = tuple(map(jnp.asarray, data(setting)))
    params = rn.init_mlp(jax.random.key(1), setting.sizes)
    options = {"key": jax.random.key(2), "batch": setting.batch, "epochs": setting.epochs}
    network = OURS[setting.activation]

    def run():
        end = rn.train(network, rn.mse, RULE, params, pair, **options)
        return jax.block_until_ready((end.params, end.history.loss))

    return run


def same_training(setting: Setting) -> float:
    """The largest relative difference of the two loops' losses: they do the same work."""
    (_, hand), (_, ours) = hand_run(setting)(), refnet_run(setting)()
    return float(jnp.max(jnp.abs(hand - ours) / hand))


def measured(setting: Setting) -> dict:
    """Median microseconds per step of each contestant, one after the other, REPEATS times."""
    runs = {"by hand": hand_run(setting), "refnet": refnet_run(setting)}
    steps = dict.fromkeys(runs, setting.steps * setting.epochs)
    for name, prepare in peers.PEERS.items():
        if peers.installed(name) and setting.activation == "relu":
            runs[name] = prepare(setting, *data(setting), RATE)
            steps[name] = setting.steps
    times = {name: [] for name in runs}
    for run in runs.values():
        run()
    for repeat in range(REPEATS):
        for name in list(runs) if repeat % 2 else reversed(runs):
            start = time.perf_counter()
            runs[name]()
            times[name].append((time.perf_counter() - start) / steps[name])
    micro = {name: 1e6 * statistics.median(t) for name, t in times.items()}
    pairs = [a / b for a, b in zip(times["refnet"], times["by hand"], strict=True)]
    return {
        "sizes": setting.sizes,
        "batch": setting.batch,
        "activation": setting.activation,
        "microseconds_per_step": micro | {n: None for n in peers.PEERS if n not in micro},
        "ratio": statistics.median(pairs),
        "loss_difference": same_training(setting),
    }


def environment() -> dict:
    packages = ("jax", "jaxlib", "optax", "torch", "equinox", "flax")
    versions = {}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {"python": platform.python_version(), "cores": os.cpu_count(), "versions": versions}


def table(rows: list[dict], where: dict) -> str:
    columns = ["by hand", "refnet", *peers.PEERS]
    head = ["network", "batch", *columns, "refnet / by hand"]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for row in rows:
        micro = row["microseconds_per_step"]
        absent = "not installed" if row["activation"] == "relu" else "not run"
        cells = [f"{micro[c]:.4g}" if micro[c] else absent for c in columns]
        network = "-".join(map(str, row["sizes"])) + f" {row['activation']}"
        cells = [network, str(row["batch"]), *cells, f"{row['ratio']:.3f}"]
        lines.append("| " + " | ".join(cells) + " |")
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    filled = where | {"table": "\n".join(lines), "repeats": REPEATS, "versions": versions}
    return TEXT.format(**filled)


TEXT = """# Training, side by side

Microseconds per step: mean squared error, plain SGD, float32, CPU; medians of {repeats}
interleaved runs after compilation. `by hand` is a `jit(scan)` that shuffles each epoch and returns
its losses; `refnet` is one call of `refnet.train`, its checks of the data included. The peers run
the loop their guides show: a Python loop over (compiled, but for PyTorch) steps on batches already
cut. The last column is the median of the ratios of neighbouring runs, which a busy machine
disturbs least. The rows with tanh show what `refnet.tanh` costs beside `jnp.tanh`: its slope keeps
every digit in saturation, where 1 - a^2 has none, and takes one more exponential.
Made by `python -m benchmarks.training`.

{table}

Python {python}, {cores} cores; {versions}.
"""


def main() -> None:
    rows = []
    for setting in SETTINGS:
        rows.append(measured(setting))
        micro = {k: v and round(v, 3) for k, v in rows[-1]["microseconds_per_step"].items()}
        print(setting.sizes, micro, f"ratio {rows[-1]['ratio']:.3f}", flush=True)
    where = environment()
    here = Path(__file__).parent
    write_text(here / "training.json", json.dumps({"rows": rows, **where}, indent=2) + "\n")
    write_text(here / "training.md", table(rows, where))


if __name__ == "__main__":
    main()
