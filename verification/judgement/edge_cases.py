"""The samples at edges: where the function is finite there, and its derivative is known.

An exception of the function itself means that there is no such point; one of the candidate is what
NaN is there.  A black box is not called with shapes that nobody drew.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from ..arithmetic.formats import PRECISIONS
from ..inputs import structure
from ..inputs.domain import Law
from ..inputs.structure import Edge, Region
from ..measurement.answer import PROVABLE
from ..measurement.evaluation import held
from ..measurement.sample import Sample
from ..measurement.subject import Subject
from ..vocabulary import Case
from .edge_evidence import Visit
from .measured_kinks import told_by_floats
from .no_number import in_words
from .truth_source import TruthSource


def edge_visits(
    subject: Subject,
    source: TruthSource,
    first: tuple,
    named: tuple[int, ...],
    laws: list[Law],
    rng: np.random.Generator,
) -> Iterator[Visit]:
    """Every edge around the first point, with the sample there; None where it is not judged."""
    here = held(Case("", first), subject.dtype, subject.argnums)
    if here is None:
        return
    left = PROVABLE
    inputs = PRECISIONS[subject.dtype].inputs
    for edge in structure.edges(here.args, subject.argnums, named, inputs, laws):
        if edge.region is Region.SHAPE and not source.takes_shapes:
            continue
        work = source.work(edge.case, rng)
        left -= work or 0
        if work is None or left < 0:
            yield Visit(edge, None)
            continue
        sample = source.at(edge.case, rng, edge=True)
        sample = sample and told_by_floats(subject, sample, rng)
        yield visit(subject, source, edge, here.args, sample)


def visit(
    subject: Subject, source: TruthSource, edge: Edge, point: tuple, sample: Sample | None
) -> Visit:
    if sample is None:
        return Visit(edge, None)
    sample = replace(sample, extreme=edge.region is Region.FAR)
    above = sample.args[subject.inputs :]
    ask = lambda args: source.answer(*args, *above)
    return Visit(edge, sample, partial(in_words, ask, edge, point, sample))
