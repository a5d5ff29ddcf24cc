"""False alarms: 10,000 verdicts on correct gradients, in every dtype, over sizes and scales.

    python -m benchmarks.calibration [--networks 38] [--spellings 5000] [--minutes 10] [--note TEXT]
        [--executor process|dask|ray] [--scheduler ADDRESS] [--workers N]

Half of them are networks by eight implementations, half the corpus of right gradients by many hands
(verification/selftest/spellings); the half that is behind goes on.  The whole plan takes hours of
one core; with --minutes a run stops after so many, and the next one goes on where it stopped (the
verdicts so far are in calibration.part.jsonl), over whatever executor.  --anew draws another seed.
Runs before it stay in the record, whatever they said.  Writes calibration.json and calibration.md
beside this file, with what was run; exits with 1 where there was a false alarm.
"""

import argparse
import json
import multiprocessing
import os
import platform
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from importlib.util import find_spec
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from verification.campaign.pool import Pool
from verification.inputs.networks import POINTS, Configuration, configurations, corners, coverage
from verification.report.findings.writing import write_text
from verification.selftest.calibration import ALL, LOSSY, installed, judgements
from verification.selftest.spellings.corpus import CORPUS
from verification.selftest.spellings.corpus import judgements as spellings
from verification.selftest.spellings.corpus import plan as corpus_plan
from verification.selftest.statistics import CONTROL, EDGES, Judged, rows, sensitivity

from . import executors
from .calibration_page import RUNS, page
from .verdict_log import Chunk, append, begin, chunks, plan_of
from .verdict_log import verdicts as verdicts_of

RECORD = Path(__file__).with_name("calibration.json")
LOG = RECORD.with_suffix(".part.jsonl")
HALVES = NETWORK, SPELLING = "network", "spellings"
AHEAD = 4  # chunks with each worker at a time
LARGE, MODEST = 6, 64  # one network in six has the whole range of sizes, the others this width
SIZES = (10**2, 10**3, 10**4, 10**5, 10**6, 10**7)  # parameters
MODULES = {name: name for name in ("numpy", "jax", "jaxlib", "torch", "ml_dtypes")}
MODULES |= {"python-flint": "flint"}


def planned(networks: int, seed: int) -> list[Configuration]:
    """The corners, and what a seed draws; large networks between the others, not all at the end."""
    few, many = networks // LARGE, networks - networks // LARGE
    large = configurations(few * POINTS, seed)
    small = configurations(many * POINTS, seed + 1, widest=MODEST, most=MODEST)
    met = corners(seed)
    for k in range(few):
        met += small[k * many // few * POINTS : (k + 1) * many // few * POINTS]
        met += large[k * POINTS : (k + 1) * POINTS]
    return met if few else met + small


class Work(NamedTuple):
    """A chunk that may be done, in any process."""

    name: str
    judge: Callable[..., Iterable[Judged]]
    asked: tuple


def network_work(met: list[Configuration]) -> Iterator[Work]:
    """One chunk per network, with all its points."""
    for _, group in groupby(met, key=lambda c: c.network):
        points = list(group)
        yield Work(f"{NETWORK} {met.index(points[0])}", of_network, (points,))


def of_network(points: list[Configuration]) -> Iterable[Judged]:
    return judgements(points, implementations=installed(ALL | LOSSY))


def corpus_work(seed: int) -> Iterator[Work]:
    """One chunk per function that is drawn, without end."""
    for k, (name, _, dtype, first) in enumerate(corpus_plan(seed)):
        yield Work(f"{SPELLING} {k}", of_function, (name, dtype, first))


def of_function(name: str, dtype: str, first: int) -> Iterable[Judged]:
    return spellings({name: CORPUS[name]}, (dtype,), range(first, first + 1))


def carried_out(one: Work) -> Chunk:
    """On one core, as whoever asks: sums over more have other last digits."""
    if multiprocessing.parent_process() is not None and hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {mine[os.getpid() % len(mine)]})
    start = time.perf_counter()
    verdicts = list(one.judge(*one.asked))
    return Chunk(one.name, time.perf_counter() - start, verdicts)


def work(plan: dict[str, Any], met: list[Configuration], done: list[Chunk]) -> Iterator[Work]:
    """What is left to do, of the half that is behind first; `done` grows meanwhile."""
    ways: dict[str, Iterator[Work]] = {
        NETWORK: network_work(met),
        SPELLING: corpus_work(plan["seed"]),
    }
    names = {c.name for c in done}
    while ways:
        half = min(ways, key=lambda name: judged(done, name))
        one = next(ways[half], None)
        if one is None or (
            half == SPELLING and judged(enough(done, plan), half) >= plan["spellings"]
        ):
            del ways[half]
        elif one.name not in names:
            yield one


def enough(done: list[Chunk], plan: dict[str, Any]) -> list[Chunk]:
    """In the order of the plan, and of the spellings no more than it asks for.

    Workers answer as they can, and are a little ahead: the record is that of one process.
    """
    place = lambda chunk: int(chunk.name.split()[1])
    of = {half: sorted((c for c in done if c.name.startswith(half)), key=place) for half in HALVES}
    kept, count = [], 0
    for k, chunk in enumerate(of[SPELLING]):
        if count >= plan["spellings"] or place(chunk) != k:
            break
        kept.append(chunk)
        count += len(chunk.verdicts)
    return of[NETWORK] + kept


def judged(done: list[Chunk], half: str) -> int:
    return sum(len(c.verdicts) for c in done if c.name.startswith(half))


def corpus(done: list[Chunk], plan: dict[str, Any]) -> dict[str, Any]:
    """What is known of the corpus."""
    mine = [c for c in done if c.name.startswith(SPELLING)]
    verdicts = verdicts_of(mine)
    alarms = [described(v) for v in verdicts if v.alarms]
    return {
        "seed": plan["seed"],
        "planned": plan["spellings"],
        "verdicts": len(verdicts),
        "false_alarms": len(alarms),
        "undecided": sum(v.undecided > 0 and not v.alarms for v in verdicts),
        "control": sum(v.worst * CONTROL > 1.0 for v in verdicts),
        "spellings": sum(len(s.right) for s in CORPUS.values()),
        "functions": len(CORPUS),
        "seconds": round(sum(c.seconds for c in mine)),
        "rows": together(verdicts),
        "alarms": alarms,
    }


def together(verdicts: list[Judged]) -> list[dict[str, Any]]:
    """One row per dtype: functions and spellings together."""
    return rows([v._replace(implementation="spellings") for v in verdicts])


def described(verdict: Judged) -> dict[str, Any]:
    return {
        "implementation": verdict.implementation,
        "dtype": verdict.dtype,
        "configuration": str(verdict.configuration),
        "entries": verdict.alarms,
        "budgets": verdict.worst,
    }


def known(done: list[Chunk], met: list[Configuration], plan: dict[str, Any]) -> dict[str, Any]:
    """What the record says after these chunks; the networks of before where none was judged."""
    before = json.loads(RECORD.read_text()) if RECORD.exists() else {"runs": []}
    done = enough(done, plan)
    spelt = {"corpus": corpus(done, plan)}
    mine = [c for c in done if c.name.startswith(NETWORK)]
    if not mine:
        return before | spelt
    everything = verdicts_of(mine)
    judged = {v.configuration for v in everything}
    found = record([c for c in met if c in judged], everything)
    seconds = round(sum(c.seconds for c in mine))
    about = {"seed": plan["seed"], "note": plan["note"], "planned": len(met), "seconds": seconds}
    run = {key: (about | found)[key] for key in RUNS}
    earlier = [r for r in before["runs"] if r["seed"] != plan["seed"]]
    return about | found | spelt | {"runs": [*earlier, run]}


def record(met: list[Configuration], everything: list[Judged]) -> dict[str, Any]:
    """Of the configurations that were met."""
    verdicts = [v for v in everything if v.implementation in ALL]
    alarms = [described(v) for v in verdicts if v.alarms]
    return {
        "verdicts": len(verdicts),
        "false_alarms": len(alarms),
        "undecided": sum(v.undecided > 0 and not v.alarms for v in verdicts),
        "control": sum(v.worst * CONTROL > 1.0 for v in verdicts),
        "met": len(met),
        "edges": EDGES.tolist(),
        "rows": rows(verdicts),
        "sensitivity": sensitivity(verdicts),
        "coverage": coverage(met),
        "sizes": size_classes(met),
        "kinds": dict(Counter(f"{c.network.activation}, {c.network.loss}" for c in met)),
        "alarms": alarms,
        "lossy": rows([v for v in everything if v.implementation in LOSSY]),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name, m in MODULES.items() if find_spec(m)},
    }


def size_classes(met: list[Configuration]) -> dict[str, int]:
    """How many configurations have up to so many parameters."""
    counts = np.searchsorted(SIZES, [coverage([c])["parameters"][0] for c in met])
    return {f"up to {most:,}": int((counts == k).sum()) for k, most in enumerate(SIZES)}


def planned_for(options: argparse.Namespace) -> dict[str, Any]:
    """The plan of the run that goes on, or a new one."""
    old = None if options.anew else plan_of(LOG)
    if old is not None:
        return old
    seed = secrets.randbits(31) if options.seed is None else options.seed
    sizes = {"networks": options.networks, "spellings": options.spellings}
    begin(LOG, sizes | {"seed": seed, "note": options.note})
    return sizes | {"seed": seed, "note": options.note}


def run(
    plan: dict[str, Any], met: list[Configuration], minutes: float, pool: Pool | None = None
) -> list[Chunk]:
    """All chunks of the plan, or those that the time was enough for."""
    until, done = time.monotonic() + 60 * minutes, chunks(LOG, met)
    left, at_once = work(plan, met, done), AHEAD * pool.workers if pool else 1
    while some := [(one,) for one in islice(left, at_once)]:
        if time.monotonic() > until:
            return done
        for _, chunk in executors.answers(pool, carried_out, some, Chunk):
            done.append(chunk)
            append(LOG, chunk, met)
            for verdict in chunk.verdicts:
                if verdict.alarms and verdict.implementation not in LOSSY:
                    print(f"FALSE ALARM: {described(verdict)}", flush=True)
    LOG.unlink()
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=38)
    parser.add_argument("--spellings", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--note", default="")
    parser.add_argument("--anew", action="store_true")
    executors.add(parser)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    plan = planned_for(options)
    met = planned(plan["networks"], plan["seed"]) if plan["networks"] else []
    with executors.asked(options) as pool:
        found = known(run(plan, met, options.minutes, pool), met, plan)
    write_text(RECORD, json.dumps(found, indent=1) + "\n")
    write_text(RECORD.with_suffix(".md"), page(found))
    print(page(found), end="")
    return int(found["false_alarms"] + found["corpus"]["false_alarms"] > 0)


if __name__ == "__main__":
    from benchmarks.calibration import main  # its functions have names in other processes

    sys.exit(main())
