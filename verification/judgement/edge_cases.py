"""Edges that nobody asked for: where the function is finite, and the truth is proven.

A right gradient never fails at one: lost digits are noted, slopes at kinks are any between left
and right, and where there is no proof (which knows the interval) nothing is said.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..arithmetic.formats import PRECISIONS
from ..inputs import structure
from ..measurement.answer import PROVABLE
from ..measurement.evaluation import held
from ..measurement.sample import Sample
from ..measurement.subject import Subject
from ..vocabulary import Case
from .truth_source import TruthSource


def edge_samples(
    subject: Subject,
    source: TruthSource,
    first: tuple,
    named: tuple[int, ...],
    rng: np.random.Generator,
) -> Iterator[Sample | None]:
    """The samples at the edges around the first point; None for one that cannot be judged."""
    here = held(Case("", first), subject.dtype, subject.argnums)
    if here is None:
        return
    left = PROVABLE
    inputs = PRECISIONS[subject.dtype].inputs
    for edge in structure.edges(here.args, subject.argnums, named, inputs):
        work = source.work(edge.case, rng)
        left -= work or 0
        if work is None or left < 0:
            yield None
            continue
        sample = source.at(edge.case, rng, edge=True)
        yield None if sample is None else replace(sample, extreme=edge.extreme)
