"""Random estimates, many times over: `python -m benchmarks.estimators`.

The six estimates of verification/selftest/kinds/estimators.py that are right on average.

Alarms: each is judged with thousands of seeds, at the error probability that is stated by default
(no conviction is to be expected), and at one of 1 % (at most so many are).  No answer is early: a
bias too small to be seen is asked for, so that every run goes through all of its looks.

Bias: to each a bias of 1 % of the RMS is added in one entry.  A short run says how many samples are
needed for that; with so many the biased twin must be `wrong`, and the estimate itself `correct`.

What the record has is not asked again.  Writes estimators.json and estimators.md beside this file.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from verification.adapters.randomness import estimate_of
from verification.judgement.estimator import Asked, Known, known_at, narrowed
from verification.report.findings.writing import write_text
from verification.selftest.kinds.estimators import ERROR, PAIRS, Pair, judged
from verification.vocabulary import Verdict

RECORD = Path(__file__).with_suffix(".json")
SEEDS, LOOKS, BLOCK = 1_667, 4, 4096  # 10,002 runs of the six
LOOSE, LOOSE_SEEDS = 0.01, 334
BIAS, UNSEEN, SHORT = 0.01, 1e-9, 65_536


def point_of(pair: Pair) -> tuple:
    return pair.args(np.random.default_rng(5))


def alarms(pair: Pair, error: float, seeds: range) -> int:
    """How many of so many runs of an unbiased estimate are called wrong."""
    make = lambda seed: Asked(
        estimate_of(pair.right), pair.of, pair.argnums, "float32", LOOKS * BLOCK, seed, UNSEEN,
        error,
    )  # fmt: skip
    known = known_at(make(0), point_of(pair))
    assert isinstance(known, Known), known
    found = (narrowed(make(seed), known, "").verdict for seed in seeds)
    return sum(verdict is Verdict.WRONG for verdict in found)


def shifted(pair: Pair) -> Callable:
    """The right estimate with 1 % of the RMS of its first leaf added to that leaf's first entry."""
    point = point_of(pair)
    slope = jax.tree.leaves(jax.grad(pair.of, pair.argnums)(*map(jax.numpy.asarray, point)))[0]
    off = BIAS * float(np.sqrt(np.mean(np.asarray(slope, np.float64) ** 2)))

    def biased(*args: Any, key: Any) -> Any:
        leaves, tree = jax.tree.flatten(pair.right(*args, key=key))
        return jax.tree.unflatten(tree, [leaves[0].at[0].add(off), *leaves[1:]])

    return biased


def seen(pair: Pair) -> dict[str, Any]:
    """The stated number of samples, and the verdicts with so many."""
    at = pair._replace(args=point_of(pair))
    first = judged(at, pair.right, samples=SHORT, bias=BIAS, cases=1)
    told = re.search(r"samples=(\d+)", first.reason)
    samples = int(told.group(1)) if told else SHORT
    right, biased = (
        judged(at, f, samples=samples, bias=BIAS, cases=1) for f in (pair.right, shifted(pair))
    )
    return {"samples": samples, "right": str(right.verdict), "biased": str(biased.verdict)}


def parts() -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """(key, work), in chunks that are minutes at most."""
    for name, pair in PAIRS.items():
        yield f"bias: {name}", lambda pair=pair: seen(pair)
        for error, seeds, chunks in ((ERROR, SEEDS, 4), (LOOSE, LOOSE_SEEDS, 1)):
            for k in range(chunks):
                mine = range(k * seeds // chunks, (k + 1) * seeds // chunks)
                work = lambda p=pair, e=error, m=mine: {"alarms": alarms(p, e, m), "runs": len(m)}
                yield f"alarms at {error:g}: {name}, {k + 1} of {chunks}", work


def table(done: dict[str, dict]) -> str:
    lines = [f"# Random estimates\n\n{str(__doc__).partition(chr(10))[2].strip()}\n"]
    lines += [
        "| estimate | runs | alarms | runs at 1 % | alarms | samples for 1 % | itself | twin |"
    ]
    lines += ["| --- " * 8 + "|"]
    for name in PAIRS:
        mine = {key: row for key, row in done.items() if f": {name}" in key}
        cells: list[Any] = [name]
        for error in (ERROR, LOOSE):
            rows = [row for key, row in mine.items() if key.startswith(f"alarms at {error:g}:")]
            cells += [sum(row["runs"] for row in rows), sum(row["alarms"] for row in rows)]
        cells += mine.get(f"bias: {name}", {"samples": "", "right": "", "biased": ""}).values()
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def reached(done: dict[str, dict]) -> bool:
    """No alarm at the stated probability, at most as many as stated at 1 %, every bias seen."""
    of = lambda head: [row for key, row in done.items() if key.startswith(head)]
    loose = of(f"alarms at {LOOSE:g}:")
    few = sum(r["alarms"] for r in loose) <= LOOSE * sum(r["runs"] for r in loose)
    told = all((r["right"], r["biased"]) == ("correct", "wrong") for r in of("bias: "))
    return few and told and not any(r["alarms"] for r in of(f"alarms at {ERROR:g}:"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--only", default="", help="parts whose name has this in it")
    parser.add_argument("--out", type=Path, default=RECORD)
    asked = parser.parse_args(arguments)
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    until = time.monotonic() + asked.seconds
    for key, work in parts():
        if key not in done and asked.only in key and time.monotonic() < until:
            done[key] = work()
            lines = (f"{json.dumps(k)}: {json.dumps(row)}" for k, row in done.items())
            write_text(asked.out, "{\n" + ",\n".join(lines) + "\n}\n")
    write_text(asked.out.with_suffix(".md"), table(done))
    return int(not reached(done))


if __name__ == "__main__":
    raise SystemExit(main())
