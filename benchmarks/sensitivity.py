"""Sensitivity: the smallest error of one entry that is flagged, by dtype, width and size.

    python -m benchmarks.sensitivity [--largest 1000000] [--seed 0] [--dtypes bfloat16]

A correct gradient is judged as `validate` does; then each of its entries in turn is moved by a
given share of its leaf's root mean square, up and down.  Prints the share of entries that are
flagged at one case, and at one of 16 at least, as a verdict sees them: one wrong entry convicts
wherever it is outside.  Cases are drawn until every entry has been flagged, 16 at most.  First for
a network of width 512, then for a sum of n terms, n from 10 to 1,000,000.  Writes sensitivity.json
beside this file.  Exits with 1 where an entry of float64 or float32 goes unseen at one case, or one
of the others at all 16.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from refnet import mlp, mse
from refnet.layers import Dense
from verification.judgement.verdict import judge
from verification.measurement.budget import budget
from verification.measurement.evaluation import evaluated, held, proof
from verification.measurement.sample import Sample
from verification.oracles.question import ask
from verification.report.findings.writing import write_text
from verification.vocabulary import Case, Finding

STEPS = {"float64": 1e-9, "float32": 1e-4, "float16": 0.125, "bfloat16": 0.5}  # of a leaf's RMS
SURELY = ("float64", "float32")  # where every entry must be flagged at one case
CASES = 16  # of a verdict, where nothing else is asked for
NETWORK, BATCH = (64, 512, 10), 32
HEAD = "{:>16} {:>8} {:>9} {:>8} {:>9} {:>9} {:>5} {:>8} {:>6}"


class Row(NamedTuple):
    """One setting: the shares of entries flagged, the power of all cases, and the seconds."""

    what: str
    dtype: str
    verdict: str
    share: float  # at the first case
    best: float  # at some case
    cases: int  # looked at: until every entry has been flagged once, or all 16
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
    sample = evaluated(jax.jit(gradient), proof(ask(of, case.args)), bound, case)
    return sample, judge(of.__name__, dtype, [sample])


def flagged(sample: Sample, leaf: int, size: float) -> np.ndarray:
    """Whether an entry is outside its budget once it is moved by `size` RMS, up and down."""
    truth, step = sample.truth[leaf], size * np.sqrt(np.mean(sample.truth[leaf].mid ** 2))
    off = (sample.got[leaf] - truth.mid) - truth.tail
    room = sample.allowed[leaf] + truth.rad
    return (np.abs(off + step) > room) & (np.abs(off - step) > room)


def row(what: str, of: Callable, draw: Callable, dtype: str, seed: int, cases=CASES) -> Row:
    start, rng = time.perf_counter(), np.random.default_rng(seed)
    first = best = np.zeros(0, bool)
    k = 0
    powers: dict[str, float] = {}
    verdict = ""
    for k in range(cases):
        sample, finding = judged(of, draw(rng), dtype)
        here = [flagged(sample, i, STEPS[dtype]).ravel() for i in range(len(sample.paths))]
        seen = np.concatenate(here)
        first, best = (first, best | seen) if k else (seen, seen)
        verdict = verdict or (finding.verdict if finding.verdict != "correct" else "")
        powers = {p: min(powers.get(p, np.inf), power) for p, power in finding.power.items()}
        if best.all():
            break
    seconds = time.perf_counter() - start
    share, whole = float(first.mean()), float(best.mean())
    power, verdict = max(powers.values()), str(verdict or "correct")
    return Row(what, dtype, verdict, share, whole, k + 1, power, seconds)


def rows(largest: int, seed: int, dtypes=tuple(STEPS)) -> Iterator[Row]:
    name = "-".join(map(str, NETWORK))
    for dtype in dtypes:
        yield row(name, network_loss, network, dtype, seed)
    sizes = [n for n in (10, 1000, 100_000, 1_000_000) if n <= largest]
    for dtype in dtypes:
        for n in sizes:
            yield row(f"{n:,} terms", sum_of_terms, terms(n), dtype, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtypes", nargs="*", default=tuple(STEPS), choices=tuple(STEPS))
    options = parser.parse_args()
    print(HEAD.format("", "dtype", "verdict", "off by", "one case", "of 16", "cases", "power", "s"))
    found, unseen = [], 0
    for r in rows(options.largest, options.seed, options.dtypes):
        shares = f"{r.share:.3%}", f"{r.best:.3%}"
        line = r.what, r.dtype, r.verdict, f"{STEPS[r.dtype]:.3g}", *shares
        print(HEAD.format(*line, r.cases, f"{r.power:.1e}", f"{r.seconds:.1f}"), flush=True)
        found.append(r._asdict() | {"off by": STEPS[r.dtype]})
        unseen += r.verdict != "correct" or (r.share if r.dtype in SURELY else r.best) < 1.0
        text = json.dumps({"cases": CASES, "seed": options.seed, "rows": found}, indent=1)
        write_text(Path(__file__).with_suffix(".json"), text + "\n")
    return int(unseen > 0)


if __name__ == "__main__":
    sys.exit(main())
