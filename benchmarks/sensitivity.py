"""Sensitivity: the smallest error of one entry that is flagged, by dtype, width and size.

    python -m benchmarks.sensitivity [--largest 1000000] [--seed 0]

A correct gradient is judged as `validate` does; then each of its entries in turn is moved by a
given share of its leaf's root mean square, up and down.  Prints the share of entries that are
flagged, and the power that the finding states.  First for a network of width 512, then for a sum of
n terms, n from 10 to 1,000,000.  Exits with 1 where an entry of float64 or float32 goes unseen.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from refnet import mlp, mse
from refnet.layers import Dense
from verification.judgement.budget import budget
from verification.judgement.hearing import heard, held, proof
from verification.judgement.sample import Sample
from verification.judgement.verdict import judge
from verification.oracles.question import ask
from verification.vocabulary import Case, Finding

STEPS = {"float64": 1e-9, "float32": 1e-4, "float16": 0.125, "bfloat16": 0.5}  # of a leaf's RMS
SURELY = ("float64", "float32")  # where every entry must be flagged
NETWORK, BATCH = (64, 512, 10), 32
HEAD = "{:>16} {:>8} {:>9} {:>8} {:>9} {:>8} {:>6}"


class Row(NamedTuple):
    """One setting: what it was, the share of entries flagged, the power, and the seconds."""

    what: str
    dtype: str
    verdict: str
    share: float
    power: float
    seconds: float


def network_loss(params, x, y):
    return mse(mlp(params, x), y)


def network(rng: np.random.Generator) -> tuple:
    layer = lambda m, n: Dense(rng.normal(size=(m, n)) / np.sqrt(m), 0.1 * rng.normal(size=n))
    params = tuple(layer(*pair) for pair in pairwise(NETWORK))
    return params, rng.normal(size=(BATCH, NETWORK[0])), rng.normal(size=(BATCH, NETWORK[-1]))


def sum_of_terms(w):
    return jnp.sum(jnp.tanh(w) ** 2)


def terms(n: int) -> Callable:
    return lambda rng: (rng.normal(size=n),)


def judged(of: Callable, point: tuple, dtype: str) -> tuple[Sample, Finding]:
    """Autodiff under jit, judged at one point."""
    case = held(Case("case 0", point), dtype, (0,))
    assert case is not None
    gradient = jax.grad(of)
    bound = partial(budget, gradient, case.args, dtype)
    sample = heard(jax.jit(gradient), proof(ask(of, case.args)), bound, case)
    return sample, judge(of.__name__, dtype, [sample])


def flagged(sample: Sample, leaf: int, size: float) -> np.ndarray:
    """Whether an entry is outside its budget once it is moved by `size` RMS, up and down."""
    truth, step = sample.truth[leaf], size * np.sqrt(np.mean(sample.truth[leaf].mid ** 2))
    off = (sample.got[leaf] - truth.mid) - truth.tail
    room = sample.allowed[leaf] + truth.rad
    return (np.abs(off + step) > room) & (np.abs(off - step) > room)


def row(what: str, of: Callable, draw: Callable, dtype: str, seed: int) -> Row:
    start = time.perf_counter()
    sample, finding = judged(of, draw(np.random.default_rng(seed)), dtype)
    seconds = time.perf_counter() - start
    seen = [flagged(sample, k, STEPS[dtype]) for k in range(len(sample.paths))]
    share = sum(int(s.sum()) for s in seen) / sum(s.size for s in seen)
    return Row(what, dtype, finding.verdict, share, max(finding.power.values()), seconds)


def rows(largest: int, seed: int) -> Iterator[Row]:
    name = "-".join(map(str, NETWORK))
    for dtype in STEPS:
        yield row(name, network_loss, network, dtype, seed)
    sizes = [n for n in (10, 1000, 100_000, 1_000_000) if n <= largest]
    for dtype in STEPS:
        for n in sizes:
            yield row(f"{n:,} terms", sum_of_terms, terms(n), dtype, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(
        f"{'':>16} {'dtype':>8} {'verdict':>9} {'off by':>8} {'flagged':>9} {'power':>8} {'s':>6}"
    )
    unseen = 0
    for r in rows(options.largest, options.seed):
        print(
            f"{r.what:>16} {r.dtype:>8} {r.verdict:>9} {STEPS[r.dtype]:8.3g} {r.share:9.3%}"
            f" {r.power:8.1e} {r.seconds:6.1f}"
        )
        unseen += r.dtype in SURELY and (r.share < 1.0 or r.verdict != "correct")
    return int(unseen > 0)


if __name__ == "__main__":
    sys.exit(main())
