"""256 runs as one sweep beside 256 single ones: `python -m benchmarks.sweep` writes sweep.md.

Single is refnet.train called 256 times in a row from initial weights that are there already: the
same functions, rule and shapes, so that it is compiled once, before the clock runs.  With its
weights drawn (which the sweep does too) is the same with `init_mlp` of each seed before it.  And,
in a line of its own, a rate of its own for each run, which is another rule and compiles anew.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import refnet as rn
from verification.report.findings.writing import write_text

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


def calls(setting: Setting) -> tuple[Callable, Callable, Callable]:
    """(the sweep, the single runs, those with their weights drawn): calls that wait for the end."""
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
        return of_each(starts)

    def drawn():
        return of_each(map(init, keys))

    def of_each(weights):
        each = zip(weights, keys, strict=True)
        runs = [rn.train(rn.mlp, rn.mse, rule, p, (x, y), key=k, **options) for p, k in each]
        return jax.block_until_ready(runs)

    return together, singly, drawn


def seconds(call: Callable) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measured(setting: Setting, repeats: int) -> list[float]:
    """Medians of the three calls, and of the ratios of neighbours to the sweep."""
    three = calls(setting)
    for call in three:
        call()
    rows = [[seconds(call) for call in three] for _ in range(repeats)]
    times = [statistics.median(column) for column in zip(*rows, strict=True)]
    return times + [statistics.median(row[k] / row[0] for row in rows) for k in (1, 2)]


def own_rates(count: int = 4) -> float:
    """Seconds of one single run whose rate no run had before: it is compiled."""
    x, y = jnp.ones((4, 2)), jnp.ones((4, 1))
    params = rn.init_mlp(jax.random.key(0), (2, 3, 1))
    one = lambda rate: jax.block_until_ready(
        rn.train(rn.mlp, rn.mse, rn.gradient_descent(rate), params, (x, y), epochs=10)
    )
    one(0.5)
    return statistics.median(seconds(lambda k=k: one(0.01 + 0.001 * k)) for k in range(count))


def swept_rates(count: int = 4) -> float:
    """Seconds of one sweep over as many rates as there are runs, compilation and all."""
    data = jnp.ones((4, 2)), jnp.ones((4, 1))
    keys = jax.random.split(jax.random.key(0), 1)

    def one(k: int):
        init = lambda key: rn.init_mlp(key, (2, 3, 1))  # another function: compiled anew
        rates = [0.01 + 0.001 * (k + n / RUNS) for n in range(RUNS)]
        rules = {"sgd": rn.gradient_descent}
        runs = rn.sweep(rn.mlp, rn.mse, rules, init, data, rates=rates, keys=keys, epochs=10)
        return jax.block_until_ready(runs)

    one(-1)
    return statistics.median(seconds(lambda k=k: one(k)) for k in range(count))


def by_hand(repeats: int, steps: int = 1000) -> tuple[float, float]:
    """Seconds of a step of one 2-3-1 run; and of a step of all, written out, runs on the last axis.

    Every loop of the second is over contiguous runs: no layout suits a CPU better.
    """
    rng = np.random.default_rng(0)
    draw = lambda *shape: jnp.asarray(rng.standard_normal(shape), jnp.float32)
    x, y, sizes = draw(4, 2), draw(4, 1), ((2, 3), (3, 1))
    every = tuple((draw(*s, RUNS), draw(s[1], RUNS)) for s in sizes)
    one = tuple((w[..., 0], b[..., 0]) for w, b in every)

    def single(params, x, y):
        (w, b), (u, c) = params
        return jnp.mean((jnp.tanh(x @ w + b) @ u + c - y) ** 2)

    def last(params, x, y):
        h = x[:, :, None]
        for k, (w, b) in enumerate(params):
            h = sum(h[:, i, None] * w[i] for i in range(len(w))) + b
            h = jnp.tanh(h) if k == 0 else h
        return jnp.sum(jnp.mean((h - y[:, :, None]) ** 2, axis=(0, 1)))

    @partial(jax.jit, static_argnums=0)
    def run(loss, params, x, y):
        step = lambda p, _: (jax.tree.map(lambda a, g: a - RATE * g, p, slope(p, x, y)), None)
        slope = jax.grad(loss)
        return jax.lax.scan(step, params, None, length=steps)[0]

    calls = [partial(run, single, one, x, y), partial(run, last, every, x, y)]
    waiting = [lambda call=call: jax.block_until_ready(call()) for call in calls]
    for call in waiting:
        call()
    return tuple(statistics.median(seconds(c) for _ in range(repeats)) / steps for c in waiting)


TEXT = """# 256 runs, together and one by one

{said}
Milliseconds for 256 runs, medians of {repeats} interleaved repeats after compilation; the last
two columns are the medians of the ratios of neighbours. {cores} cores, jax {jax}, load {load:.0f}.

| network | examples | batch | epochs | sweep | single | drawn | single / sweep | drawn / sweep |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

Where each run has a rate of its own, `refnet.train` compiles each: {own:.0f} ms a run, {all:.0f} s
for 256. A sweep over 256 rates (2-3-1, 10 epochs) compiles once: {swept:.2f} s, with that,
**{gain:.0f} times faster** than 256 single runs.

What a sweep saves is the call, the drawing and the compilation of each run, not its arithmetic. A
step of one small run is fused into a loop of {single:.2g} microseconds, so that 256 of them cost
what the arithmetic of all costs within a small factor. Even written out by hand, with the runs on
the last axis, a step of 256 of the smallest networks takes {last:.2g} microseconds, and is
{hand:.0f} times faster than 256 steps of one: where nothing is compiled no sweep can be 50 times
faster over many steps.
Keeping lost runs as they are costs the sweep little.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=REPEATS)
    given = parser.parse_args()
    lines = []
    for setting in SETTINGS:
        numbers = measured(setting, given.repeats)
        cells = ["-".join(map(str, setting.sizes)), setting.examples, setting.batch or "all"]
        cells += [setting.epochs, *(f"{1e3 * t:.3g}" for t in numbers[:3])]
        cells += [f"{ratio:.3g}" for ratio in numbers[3:]]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
        print(lines[-1], flush=True)
    said = (__doc__ or "").split("\n\n")[1]
    own, swept = own_rates(), swept_rates()
    single, last = by_hand(given.repeats)
    out = {"said": said, "repeats": given.repeats, "cores": os.cpu_count(), "jax": jax.__version__}
    out |= {"single": 1e6 * single, "last": 1e6 * last, "hand": RUNS * single / last}
    out |= {
        "own": 1e3 * own,
        "all": RUNS * own,
        "swept": swept,
        "gain": RUNS * own / swept,
        "load": os.getloadavg()[0],
    }
    text = TEXT.format(rows="\n".join(lines), **out)
    write_text(Path(__file__).parent / "sweep.md", text)


if __name__ == "__main__":
    main()
