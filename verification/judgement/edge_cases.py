"""The samples at edges: where the function is finite there, and its derivative is known.

An exception of the function itself means that there is no such point; one of the candidate is what
NaN is there.  A black box is not called with shapes that nobody drew.
"""

from collections.abc import Iterator
from copy import deepcopy
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
from .soon import chunks
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
    every = structure.edges(here.args, subject.argnums, named, inputs, laws)
    taken = (e for e in every if e.region is not Region.SHAPE or source.takes_shapes)
    settled: list[Edge] = []
    still_open = partial(_is_open, subject, source, rng.spawn(1)[0], settled)
    for edges in chunks(filter(still_open, taken), lambda edge: edge.case):
        streams = rng.spawn(len(edges))
        if left < 0:
            yield from (Visit(edge, None) for edge in edges)
            continue
        source.weighed_soon([e.case for e in edges], deepcopy(streams))
        works = [source.work(e.case, s) for e, s in zip(edges, streams, strict=True)]
        known = _within(left, works)
        source.asked_soon([edges[k].case for k in known], deepcopy([streams[k] for k in known]))
        for edge, work, stream in zip(edges, works, streams, strict=True):
            left -= work or 0
            if work is None or left < 0:
                yield Visit(edge, None)
                continue
            sample = source.at(edge.case, stream, edge=True)
            there = subject.on_way(edge.case.args)
            sample = sample and told_by_floats(there, sample, stream)
            yield visit(subject, source, edge, here.args, sample)
    yield from (Visit(edge, None, is_number=True) for edge in settled)


def _within(left: int, works: list[int | None]) -> list[int]:
    """Which of the edges are judged, in turn, before what is left is spent."""
    spent = np.cumsum([work or 0 for work in works])
    return [k for k, work in enumerate(works) if work is not None and spent[k] <= left]


def _is_open(
    subject: Subject, source: TruthSource, rng: np.random.Generator, settled: list, edge: Edge
) -> bool:
    """Whether more must be known of an edge than that the answer is a number: not beyond."""
    if edge.region is not Region.BEYOND or source.is_measured:
        return True
    here = held(edge.case, subject.dtype, subject.argnums)
    if here is None:
        return True
    cotangent = subject.cotangent(here.args, rng)
    args = here.args if cotangent is None else (*here.args, cotangent)
    try:
        answered = all(np.isfinite(x).all() for x in source.answer(*deepcopy(args)))
    except Exception:  # somebody's code may raise anything: it is asked again, and judged
        return True
    settled += [edge] if answered else []
    return not answered


def visit(
    subject: Subject, source: TruthSource, edge: Edge, point: tuple, sample: Sample | None
) -> Visit:
    if sample is None:
        return Visit(edge, None)
    sample = replace(sample, extreme=edge.region in (Region.FAR, Region.BEYOND))
    above = sample.args[subject.inputs :]
    ask = lambda args: source.answer(*args, *above)
    return Visit(edge, sample, partial(in_words, ask, edge, point, sample))
