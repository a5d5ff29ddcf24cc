"""A function that branches on its numbers, judged: at each case the way that it goes there.

Each way is a subject of its own, with its own trace, proof and budget; it is found when the first
case goes there.  What a case is judged by is all that differs.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from ..measurement.in_place import InPlace, in_place
from ..measurement.sample import Sample
from ..measurement.subject import Subject
from ..vocabulary import Case, Finding
from ..vocabulary.raised import in_words
from .truth_source import TruthSource, truth_source


def routed(subject: Subject, first: tuple) -> TruthSource:
    """How a case is evaluated, whichever way the function goes there."""
    routes = _opened(subject, first)
    if isinstance(routes, TruthSource):
        return routes
    return routes.first._replace(
        at=routes.at,
        excuse=lambda sample: routes.source(sample.args).excuse(sample),
        work=routes.work,
        answer=lambda *args: routes.source(args).answer(*args),
        said=routes.said,
        asked_soon=routes.soon("asked_soon"),
        weighed_soon=routes.soon("weighed_soon"),
    )


def _opened(subject: Subject, first: tuple) -> "Routes | TruthSource":
    """Its ways; or its one, where it has one alone, and nothing in it has to be measured."""
    of = subject.of
    if hasattr(of, "along"):
        return Routes(subject, first)
    source = truth_source(subject, first)
    opened = in_place(of, first, subject.dtype) if source.is_measured else None
    if opened is None:
        return source
    plain, subject.of = subject.of, opened
    routes = Routes(subject, first)
    if routes.first.is_measured:  # something else has no rule either
        subject.of = plain
        return source
    return routes


def of_one_way(subject: Subject, evidence: tuple[Sample, ...]) -> tuple[Subject, tuple]:
    """The subject on the way of the first sample, and the samples that go there."""
    if not hasattr(subject.of, "along") or not evidence:
        return subject, evidence
    ways = [subject.on_way(one.args[: subject.inputs]) for one in evidence]
    return ways[0], tuple(e for e, way in zip(evidence, ways, strict=True) if way is ways[0])


class Routes:
    """The truth sources of one subject, by the way that it goes."""

    def __init__(self, subject: Subject, first: tuple):
        self.subject, self.known = subject, {}
        self.asked: list[TruthSource] = []  # that are measured, in turn
        self.first = self.source(first)

    def source(self, args: tuple) -> TruthSource:
        """Raises what the function raises there."""
        point = args[: self.subject.inputs]
        there = self.subject.on_way(point)
        if there not in self.known:
            self.known[there] = truth_source(there, point)
        return self.known[there]

    def at(self, case: Case, rng: np.random.Generator, edge: bool = False) -> Sample | None:
        try:
            source = self.source(case.args)
        except Exception as error:  # somebody's function, at a point that args gave
            said = f"of raised {in_words(error)}, at {case.label}"
            raise ValueError(f"{said}; args must give points where it has a value") from error
        self.asked += [source] * source.is_measured
        return source.at(case, rng, edge)

    def work(self, case: Case, rng: np.random.Generator) -> int | None:
        try:
            source = self.source(case.args)
        except Exception:  # somebody's function, where it was never meant to go
            return None
        is_tie = source.is_measured and not self.first.is_measured  # of what steers it
        return None if is_tie else source.work(case, rng)

    def soon(self, name: str) -> Callable[[Iterable[Case], Any], None]:
        """What is sure to be asked, said where all of it goes one way."""

        def say(cases: Iterable[Case], streams: Any) -> None:
            cases = list(cases)
            try:
                sources = [self.source(case.args) for case in cases]
            except Exception:  # said when it is asked
                return
            if sources and all(one is sources[0] for one in sources):
                getattr(sources[0], name)(cases, streams)

        return say

    def said(self, finding: Finding) -> Finding:
        """By the first way; and by the first that is measured, if another is."""
        finding = self.first.said(finding)
        if isinstance(self.subject.of, InPlace):
            finding = replace(finding, notes=(*finding.notes, *self.subject.of.notes))
        is_other = self.asked and not self.first.is_measured
        return self.asked[0].said(finding) if is_other else finding
