"""Are wrong terms named?  Mistakes planted in functions that nobody has seen, and in the catalogue.

    python -m benchmarks.explain [--programs 3] [--mistakes 8] [--lines 50 150 300] [--pairs 6]
                                 [--seed 0]

Random straight-line programs, one step to a line, get one or two wrong local derivatives by a
reverse sweep of its own (verification/faults/planted.py); the line must be named.  "named" is: the
line of the mistake is the explanation's, or among those that it says it cannot be told apart from;
"first": it is the explanation's own.  A mistake that no case shows beyond its budget is left out
and counted.  Networks of about 400 equations (planted_networks.py) get two mistakes each.  Seconds
are those of the processor, all its cores together.  Writes explain.json and explain.md beside this
file, again after each size and each derivation; exits with 1 below the bar.
"""

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import jax
import numpy as np

from benchmarks.planted_networks import NETWORKS, Text, loaded, pairs
from verification.derivations import ALL as DERIVATIONS
from verification.explanation import explain
from verification.explanation.other_gradients import catalogue
from verification.explanation.places import place_of
from verification.faults import planted
from verification.inputs.programs import program
from verification.judgement import check
from verification.judgement.truth_source import truth_source
from verification.measurement.sample import Sample, outside
from verification.measurement.subject import Subject
from verification.report.findings.writing import write_text
from verification.vocabulary import Case

HERE = Path(__file__).parent
STEPS = (50, 150, 300)  # lines; 60 to about 900 equations
FACTORS = (0.0, -1.0, 2.0, 0.5, 1.0 / 7.0, 0.3)
CASES = 3
BARS = {"single": 0.95, "double": 0.70}


@dataclass
class Statistics:
    """Of one size of program, and one or two mistakes at once."""

    kind: str
    lines: int
    equations: int = 0
    planted: int = 0
    unseen: int = 0
    named: int = 0
    first: int = 0
    misled: int = 0  # an explanation that fits, and names another line
    seconds: list[float] = field(default_factory=list)  # of the processor, of each explanation

    def told(self) -> dict:
        """Of the seconds the median, and the longest."""
        median = float(np.median(self.seconds)) if self.seconds else 0.0
        seconds = {"median": round(median, 2), "worst": round(max(self.seconds, default=0.0), 2)}
        return {k: v for k, v in asdict(self).items() if k != "seconds"} | seconds


def counted(
    kind: str, lines: int, programs: int, mistakes: int, seed: int, folder: Path
) -> Statistics:
    row = Statistics(kind, lines)
    for number in range(programs):
        rng = np.random.default_rng([seed, lines, number])
        made = program(rng, lines)
        function = made.load(folder, f"forward_{kind}_{lines}_{number}")
        points = [made.draw(rng) for _ in range(CASES)]
        everything = tuple(range(len(made.shapes)))
        traced = planted.traced(function, points[0])
        row.equations = max(row.equations, len(traced.jaxpr.eqns))
        right = planted.planted(traced, {})
        answer = lambda *args, right=right: tuple(right(*args))
        true = right_answers(
            Subject(answer, function, everything, "float64", points[0]), points, rng
        )
        for _ in range(mistakes):
            judge(row, rng, traced, function, true, 2 if kind == "double" else 1)
    return row


def right_answers(subject: Subject, points: list[tuple], rng) -> list[Sample]:
    evaluate = truth_source(subject, points[0])
    samples = [evaluate.at(Case(f"case {k}", point), rng) for k, point in enumerate(points)]
    return [s for s in samples if s is not None and not s.failure]


def judge(row: Statistics, rng, traced, function, true: list[Sample], count: int) -> None:
    """Plant, ask, compare."""
    places = planted.places(traced)
    picked = [places[int(k)] for k in rng.choice(len(places), count, replace=False)]
    wrong = {place: float(rng.choice(FACTORS)) for place in picked}
    alone = [answered(traced, true, {place: c}) for place, c in wrong.items()]
    if not all(any(map(is_outside, samples)) for samples in alone):
        row.unseen += 1
        return
    lines = [place_of((traced.jaxpr.eqns[k],)).location for k, _ in picked]
    ask(row, answered(traced, true, wrong), function, lines)


def ask(row: Statistics, evidence: tuple[Sample, ...], function, lines: list[str]) -> None:
    """What is said of the evidence, held against the lines of the mistakes."""
    row.planted += 1
    everything = tuple(range(len(evidence[0].args)))
    start = time.process_time()
    said = explain(evidence, of=function, argnums=everything, scalar=True)
    row.seconds.append(time.process_time() - start)
    fitting = [e for e in said if e.fits]
    together = [" ".join((e.location, *e.confused_with)).replace(")", " ") for e in fitting]
    named = all(
        any(line in text.replace(",", " ").split() or f"({line}" in text for text in together)
        for line in lines
    )
    row.named += named
    row.first += all(any(line == e.location for e in fitting) for line in lines)
    row.misled += bool(fitting) and not named


def network(name: str, text: Text, count: int, seed: int, folder: Path) -> Statistics:
    """Two mistakes at once in one of the networks, `count` times."""
    row = Statistics(name, len(text.lines))
    net = loaded(text, folder, f"forward_{name.replace(' ', '_')}")
    rng = np.random.default_rng([seed, len(text.lines)])
    points, everything = [net.draw(rng) for _ in range(CASES)], tuple(range(len(net.shapes)))
    row.equations = len(planted.traced(net.right, points[0]).jaxpr.eqns)
    with jax.enable_x64(True):
        answer = lambda gradient, args: tuple(map(np.asarray, gradient(*args)))
        right = net.gradient(())
        subject = Subject(lambda *a: answer(right, a), net.right, everything, "float64", points[0])
        true = right_answers(subject, points, rng)
        for pair in pairs(net, rng, count):
            of = lambda *wrong: tuple(
                replace(s, got=list(answer(gradient, s.args)))
                for gradient in [net.gradient(wrong)]
                for s in true
            )
            if not all(any(map(is_outside, of(one))) for one in pair):
                row.unseen += 1
                continue
            ask(row, of(*pair), net.right, [net.where[one.name] for one in pair])
    return row


def answered(traced, true: list[Sample], wrong: dict) -> tuple[Sample, ...]:
    gradient = planted.planted(traced, wrong)
    return tuple(replace(s, got=list(gradient(*s.args))) for s in true)


def is_outside(sample: Sample) -> bool:
    return any(outside(sample, k).any() for k in range(len(sample.paths)))


def known_mistakes(name: str, seed: int) -> Iterator[dict]:
    """Every wrong twin of a derivation, judged by what is said of it."""
    derivation = DERIVATIONS[name]
    rng = np.random.default_rng([seed, len(name)])
    cases = [Case(f"draw {k}", derivation.draw(rng)) for k in range(4)]
    cases = [check.with_cotangent(derivation, case, rng) for case in cases]
    true = [s for c in cases if (s := check.sample(derivation, "float64", c)) is not None]
    for fault, _, gradient in catalogue(name):
        with jax.enable_x64(True):
            answers = [jax.tree.leaves(gradient(*s.args)) for s in true]
        pairs = zip(true, answers, strict=True)
        evidence = tuple(replace(s, got=[np.asarray(x, float) for x in got]) for s, got in pairs)
        start = time.process_time()
        said = explain(
            evidence,
            of=derivation.function,
            argnums=derivation.argnums,
            scalar=derivation.scalar,
        )
        first = said[0] if said else None
        yield {
            "derivation": name,
            "fault": fault,
            "kind": first.kind if first else "",
            "explained": bool(first and first.fits),
            "located": bool(first and first.location),
            "named": any(e.fault == fault for e in said[:3]),
            "seconds": round(time.process_time() - start, 2),
        }


def shares(rows: list[dict], kind: str) -> float:
    mine = [r for r in rows if r["kind"] == kind]
    return sum(r["named"] for r in mine) / max(sum(r["planted"] for r in mine), 1)


COLUMNS = ("lines", "equations", "planted", "unseen", "named", "first", "misled")
COLUMNS += ("median", "worst")


def table(first: str, rows: list[dict]) -> str:
    keys = ("kind", *COLUMNS)
    head = f"| {first} | {' | '.join(COLUMNS)} |\n|{' --- |' * len(keys)}\n"
    return head + "".join("| " + " | ".join(str(r[k]) for k in keys) + " |\n" for r in rows)


def page(record: dict) -> str:
    head = (
        "# Are wrong terms named?\n\nWritten by `python -m benchmarks.explain`; "
        f"seed {record['seed']}.\n"
        "Median and worst are seconds of the processor for one explanation.\n\n"
    )
    networks = f"\nTwo mistakes in a network:\n\n{table('network', record['networks'])}"
    known = record["catalogue"]
    good = sum(r["explained"] for r in known)
    where = sum(r["located"] for r in known)
    told = f"\nThe catalogue: {good} of {len(known)} wrong twins explained, {where} with a line.\n"
    missed = [f"{r['derivation']}: {r['fault']}" for r in known if not r["explained"]]
    told += "Not explained: " + ", ".join(missed) + "\n" if missed else ""
    return head + table("mistakes", record["programs"]) + networks + told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=3)
    parser.add_argument("--mistakes", type=int, default=8)
    parser.add_argument("--lines", type=int, nargs="+", default=STEPS)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sizes: list[int] = given.lines
    found: dict = {"seed": given.seed, "programs": [], "networks": [], "catalogue": []}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in NETWORKS.items():
            made = network(name, text(), given.pairs, given.seed, Path(folder))
            found["networks"].append(made.told())
            record(found)
        for kind, n in itertools.product(BARS, sizes):
            row = counted(kind, n, given.programs, given.mistakes, given.seed, Path(folder))
            found["programs"].append(row.told())
            record(found)
    for name in DERIVATIONS:
        found["catalogue"] += known_mistakes(name, given.seed)
        record(found)
    print(page(found))
    return int(any(shares(found["programs"], kind) < bar for kind, bar in BARS.items()))


def record(found: dict) -> None:
    write_text(HERE / "explain.json", json.dumps(found, indent=1) + "\n")
    write_text(HERE / "explain.md", page(found))


if __name__ == "__main__":
    sys.exit(main())
