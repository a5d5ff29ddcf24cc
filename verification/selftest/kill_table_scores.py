"""How often a mistake is explained rightly: first, among the first three; and both of two."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..derivations import ALL as SUBJECTS
from ..faults.pairs import Pair
from ..faults.pairs import doubles as pairs
from ..faults.twin import Twin, explains
from ..measurement.sample import Sample
from ..vocabulary import Explanation
from .kill_table import SAID, Ask, answered, caught, samples_of

NEEDED = {"first": 0.95, "first three": 0.99, "both of two": 0.70}


def scores(table: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of the rows that were asked about; empty where nobody was."""
    asked = [row for row in table if row.get("explained") is not None]
    if not asked:
        return {"asked": 0}

    def share(most: int, how: str) -> float:
        return sum(0 < row.get(how, row["explained"]) <= most for row in asked) / len(asked)

    return {
        "asked": len(asked),
        "first": share(1, "explained"),
        "first three": share(3, "explained"),
        "first without the catalogue": share(1, "unaided"),
        "first three without the catalogue": share(3, "unaided"),
        "longest": max(row.get("seconds", 0.0) for row in asked),
    }


def doubles(name: str, count: int, ask: Ask, seed: int = 0, cases: int = 2) -> list[dict[str, Any]]:
    """Pairs of mistakes at different arrows: is the pair caught, and are both named."""
    subject = SUBJECTS[name]
    samples = samples_of(subject, "float64", cases, seed)
    found = []
    for pair in pairs(name, count, seed):
        wrong = [answered(pair.both.gradient, sample) for sample in samples]
        seen = any(caught(one) != "" for one in wrong)
        said = ask(subject, pair.both, samples) if seen and not masked(pair, samples) else None
        found.append(
            {"derivation": name, "fault": pair.both.fault, "place": pair.both.place}
            | {"caught": seen, "said": [str(one)[:SAID] for one in (said or ())[:2]]}
            | {"both": None if said is None else both_named(said, pair)}
        )
    return found


def masked(pair: Pair, samples: Sequence[Sample]) -> bool:
    """Whether one mistake hides the other: the answer is that of one alone, to rounding."""
    return any(all(_alike(pair, one, s) for s in samples) for one in (pair.first, pair.second))


def _alike(pair: Pair, one: Twin, sample: Sample) -> bool:
    """Within what a correct implementation may be off by, at every entry."""
    single, two = (answered(twin.gradient, sample) for twin in (one, pair.both))
    if single.failure or two.failure:
        return False
    triples = zip(single.got, two.got, sample.allowed, strict=True)
    return all(bool(np.all(np.abs(a - b) <= room)) for a, b, room in triples)


def both_named(said: Sequence[Explanation], pair: Pair) -> bool:
    """Whether each of the two mistakes is named, by one explanation or by two."""
    return all(any(explains(one, twin) for one in said) for twin in (pair.first, pair.second))
