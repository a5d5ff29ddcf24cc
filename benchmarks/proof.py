"""How long a proof takes: every partial derivative of a network, by balls, beside autodiff.

    python -m benchmarks.proof

One core.  The proven gradient is one pass forward and one reverse sweep, whatever the number of
parameters; the check that looks at every element by finite differences would take two forward
passes for each of them.  Writes proof.json and proof.md beside this file.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import jax
import numpy as np

import refnet
from refnet.layers import Dense
from verification.oracles import ball
from verification.oracles.question import ask
from verification.report.findings.writing import write_text
from verification.vocabulary import Ball

HERE = Path(__file__).parent
NETWORKS = (((2, 16, 3), 32), ((64, 256, 10), 128), ((784, 512, 10), 128))
REPEATS = 3


class Proof(NamedTuple):
    """One network: its size, the seconds of a proof and of autodiff, and how thin the balls are."""

    network: str
    batch: int
    parameters: int
    proof_seconds: float
    autodiff_seconds: float
    relative_radius_log2: float


def loss(params, x, labels):
    return refnet.softmax_cross_entropy_with_integer_labels(refnet.mlp(params, x), labels)


def drawn(sizes: tuple[int, ...], batch: int) -> tuple:
    """Weights and data of unit scale, as float64."""
    rng = np.random.default_rng(0)
    draw = lambda i, o: Dense(rng.normal(size=(i, o)) / np.sqrt(i), 0.1 * rng.normal(size=o))
    params = tuple(draw(*pair) for pair in zip(sizes[:-1], sizes[1:], strict=True))
    return params, rng.normal(size=(batch, sizes[0])), rng.integers(0, sizes[-1], batch)


def seconds(work: Callable) -> float:
    """The median of a few runs, after one that compiles and traces."""
    work()
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        runs.append(time.perf_counter() - start)
    return median(runs)


def widest(balls: list[Ball]) -> float:
    """log2 of the largest radius relative to its middle."""
    return float(max(np.log2(np.max(b.rad / np.abs(b.mid))) for b in balls))


def measured(sizes: tuple[int, ...], batch: int) -> Proof:
    args = drawn(sizes, batch)
    question = ask(loss, args)
    with jax.enable_x64(True):
        gradient, device = jax.jit(jax.grad(loss)), jax.device_put(args)
        autodiff = seconds(lambda: jax.block_until_ready(gradient(*device)))
    return Proof(
        network="-".join(map(str, sizes)),
        batch=batch,
        parameters=sum(question.leaves[i].size for i in question.wanted),
        proof_seconds=seconds(lambda: ball.gradient(question)),
        autodiff_seconds=autodiff,
        relative_radius_log2=widest(ball.gradient(question)),
    )


def table(rows: list[Proof]) -> str:
    lines = [
        "# Proven gradients",
        "",
        "Seconds for the gradient of softmax cross-entropy in every weight and bias, one core,",
        "float64 inputs; medians after compilation. Made by `python -m benchmarks.proof`.",
        "",
        "| network | batch | parameters | proof, s | autodiff, s | largest relative radius |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for r in rows:
        lines.append(
            f"| {r.network} | {r.batch} | {r.parameters:,} | {r.proof_seconds:.3g} "
            f"| {r.autodiff_seconds:.3g} | 2^{r.relative_radius_log2:.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = [measured(*network) for network in NETWORKS]
    write_text(HERE / "proof.json", json.dumps([r._asdict() for r in rows], indent=1) + "\n")
    write_text(HERE / "proof.md", table(rows))
    print(table(rows), end="")


if __name__ == "__main__":
    main()
