"""Two mistakes at once: at two arrows, or at one arrow where they cancel and nothing is wrong."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..derivations import ALL as SUBJECTS
from .assembly import Plant, of_plant, plants, with_plants
from .twin import Expects, Twin

CANCELLING = (  # at one arrow, one after the other
    ("arrow negated", "arrow negated"),
    ("arrow doubled", "arrow halved"),
    ("arrow over rows", "arrow times rows"),
    ("upstream backwards", "upstream backwards"),
)
DOUBLED = (  # mistakes of which both may be named
    "arrow negated",
    "arrow doubled",
    "arrow halved",
    "arrow dropped",
    "one for the slope",
    "slope at the output",
    "value for the slope",
    "broadcast averaged",
    "second operand negated",
    "factor forgotten",
    "mean for a sum",
)


class Pair(NamedTuple):
    """A twin with two mistakes, and the two twins that have one of them each."""

    both: Twin
    first: Twin
    second: Twin


def cancelling(name: str) -> Iterator[Twin]:
    """Compositions of two mistakes that are the right gradient: no check may call them wrong."""
    subject = SUBJECTS[name]
    known = {}
    for plant in plants(subject):
        known.setdefault(plant.fault, plant)
    for one, other in CANCELLING:
        if one in known and other in known:
            first = known[one]
            pair = first, known[other]._replace(at=first.at)
            if known[other].site.path == first.site.path:
                yield _both(name, pair, f"{one}, {other}")


def doubles(name: str, count: int, seed: int = 0) -> list[Pair]:
    """`count` pairs of mistakes at different arrows, drawn by a seed."""
    subject, rng = SUBJECTS[name], np.random.default_rng([seed, 7])
    usable = [plant for plant in plants(subject) if plant.fault in DOUBLED]
    apart = [
        (a, b)
        for i, a in enumerate(usable)
        for b in usable[i + 1 :]
        if a.site.path != b.site.path and a.fault != b.fault
    ]
    chosen = rng.permutation(len(apart))[:count]
    pairs = [apart[k] for k in chosen]
    return [Pair(_both(name, p, f"{p[0].fault}; {p[1].fault}"), *_single(name, p)) for p in pairs]


def _single(name: str, pair: tuple[Plant, Plant]) -> tuple[Twin, Twin]:
    first, second = (of_plant(SUBJECTS[name], plant) for plant in pair)
    return first, second


def _both(name: str, pair: tuple[Plant, Plant], label: str) -> Twin:
    gradient = with_plants(SUBJECTS[name], pair)
    place = "; ".join(dict.fromkeys(plant.site.place for plant in pair))
    said = "two mistakes in one backward pass"
    return Twin(label, "order of operations", said, gradient, Expects(()), "piece", place)
