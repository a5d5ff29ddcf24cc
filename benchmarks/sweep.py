"""256 runs as one sweep beside 256 single ones: `python -m benchmarks.sweep` writes sweep.md.

Single is refnet.train called 256 times in a row from initial weights that are there already: the
same functions, rule and shapes, so that it is compiled once, before the clock runs; and, in a row
of its own, with a rate of its own for each run, which is another rule and compiles anew.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import refnet as rn

RUNS, REPEATS, RATE = 256, 9, 0.1


class Setting(NamedTuple):
    """Layer sizes, examples, batch (None: all), epochs."""

    sizes: tuple[int, ...]
    examples: int
    batch: int | None
    epochs: int


SETTINGS = (
    Setting((2, 3, 1), 4, None, 1),
    Setting((2, 3, 1), 4, None, 10),
    Setting((2, 3, 1), 4, None, 100),
    Setting((2, 3, 1), 4, None, 1000),
    Setting((2, 16, 1), 64, 8, 5),
    Setting((30, 16, 1), 448, 32, 5),
)


def pair(setting: Setting) -> tuple[Callable, Callable]:
    """(the sweep, the single runs), each a call that waits for its end."""
    rng = np.random.default_rng(0)
    ends = setting.sizes[0], setting.sizes[-1]
    x, y = (jnp.asarray(rng.standard_normal((setting.examples, n)), jnp.float32) for n in ends)
    keys = jax.random.split(jax.random.key(0), RUNS)
    init = lambda key: rn.init_mlp(key, setting.sizes)
    starts = [init(key) for key in keys]
    rule, rules = rn.gradient_descent(RATE), {"sgd": rn.gradient_descent}
    options = {"batch": setting.batch, "epochs": setting.epochs}

    def together():
        runs = rn.sweep(rn.mlp, rn.mse, rules, init, (x, y), rates=(RATE,), keys=keys, **options)
        return jax.block_until_ready(runs)

    def singly():
        each = zip(starts, keys, strict=True)
        runs = [rn.train(rn.mlp, rn.mse, rule, p, (x, y), key=k, **options) for p, k in each]
        return jax.block_until_ready(runs)

    return together, singly


def seconds(call: Callable) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measured(setting: Setting) -> tuple[float, float, float]:
    """Medians of the sweep and of the single runs, and of the ratios of neighbours."""
    together, singly = pair(setting)
    together(), singly()
    both = [(seconds(together), seconds(singly)) for _ in range(REPEATS)]
    sweep, single = (statistics.median(column) for column in zip(*both, strict=True))
    return sweep, single, statistics.median(b / a for a, b in both)


def own_rates(count: int = 4) -> float:
    """Seconds of one single run whose rate no run had before: it is compiled."""
    x, y = jnp.ones((4, 2)), jnp.ones((4, 1))
    params = rn.init_mlp(jax.random.key(0), (2, 3, 1))
    one = lambda rate: jax.block_until_ready(
        rn.train(rn.mlp, rn.mse, rn.gradient_descent(rate), params, (x, y), epochs=10)
    )
    one(0.5)
    return statistics.median(seconds(lambda k=k: one(0.01 + 0.001 * k)) for k in range(count))


TEXT = """# 256 runs, together and one by one

{said}
Milliseconds for 256 runs, medians of {repeats} interleaved repeats after compilation; the last
column is the median of the ratios of neighbours. {cores} cores, jax {jax}.

| network | examples | batch | epochs | one sweep | 256 single runs | single / sweep |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

Where each run has a rate of its own, `refnet.train` compiles each: {own:.0f} ms a run, and a sweep
over rates compiles once.
"""


def main() -> None:
    lines = []
    for setting in SETTINGS:
        sweep, single, ratio = measured(setting)
        cells = ["-".join(map(str, setting.sizes)), setting.examples, setting.batch or "all"]
        cells += [setting.epochs, f"{1e3 * sweep:.3g}", f"{1e3 * single:.3g}", f"{ratio:.3g}"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
        print(lines[-1], flush=True)
    said = (__doc__ or "").split("\n\n")[1]
    out = {"said": said, "repeats": REPEATS, "cores": os.cpu_count(), "jax": jax.__version__}
    text = TEXT.format(rows="\n".join(lines), own=1e3 * own_rates(), **out)
    (Path(__file__).parent / "sweep.md").write_text(text)


if __name__ == "__main__":
    main()
