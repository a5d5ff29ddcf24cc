"""Verdicts written down chunk by chunk: a run that was ended goes on where it stopped.

The first line is the plan, each other line a chunk: its name, the seconds it took, its verdicts.
A line that was not finished is not there.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from verification.inputs.networks import Configuration
from verification.selftest.statistics import Judged


class Chunk(NamedTuple):
    """What was judged together."""

    name: str
    seconds: float
    verdicts: list[Judged]


def plan_of(path: Path) -> dict[str, Any] | None:
    """What the log was begun for; None where there is none."""
    lines = _lines(path)
    return lines[0] if lines else None


def begin(path: Path, plan: dict[str, Any]) -> None:
    path.write_text(json.dumps(plan) + "\n")


def chunks(path: Path, met: list[Configuration]) -> list[Chunk]:
    """Those that are finished; `met` are the configurations that the plan has."""
    return [
        Chunk(line["name"], line["seconds"], [_judged(v, met) for v in line["verdicts"]])
        for line in _lines(path)[1:]
    ]


def append(path: Path, chunk: Chunk, met: list[Configuration]) -> None:
    places = {configuration: k for k, configuration in enumerate(met)}
    verdicts = [_plain(v, places) for v in chunk.verdicts]
    line = {"name": chunk.name, "seconds": chunk.seconds, "verdicts": verdicts}
    with path.open("a") as log:
        log.write(json.dumps(line) + "\n")


def _lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def _plain(verdict: Judged, places: dict[Configuration, int]) -> dict[str, Any]:
    """A configuration by its place in the plan; of the counts those that are not 0."""
    where, bins = verdict.configuration, np.flatnonzero(verdict.counts)
    counts = [[int(k), int(verdict.counts[k])] for k in bins]
    at = where if isinstance(where, str) else places[where]
    return verdict._asdict() | {"configuration": at, "counts": counts, "size": verdict.counts.size}


def _judged(plain: dict[str, Any], met: list[Configuration]) -> Judged:
    counts = np.zeros(plain.pop("size"), np.int64)
    for k, count in plain.pop("counts"):
        counts[k] = count
    at = plain.pop("configuration")
    where = at if isinstance(at, str) else met[at]
    return Judged(**plain, configuration=where, counts=counts)


def verdicts(of: Iterable[Chunk]) -> list[Judged]:
    return [verdict for chunk in of for verdict in chunk.verdicts]
