"""One subject, judged: cases are drawn and asked, then edges; the verdict, and what explains it."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import chain, islice, repeat

import jax
import numpy as np

from .. import faults
from ..adapters.trees import inward
from ..explanation import explain
from ..explanation.narrow_products import narrow_products
from ..inputs.domain import Domain
from ..measurement import conventions
from ..measurement.contract import behaved
from ..measurement.evaluation import unchanged
from ..measurement.sample import Sample, outside
from ..measurement.subject import Subject, slopes
from ..vocabulary import Case, Explanation, Finding
from ..vocabulary.progress import begin, counted
from . import example
from .draws import Asked
from .edge_cases import edge_visits
from .edge_evidence import Edges
from .example import Examples
from .hard_coded import Sizes
from .kinds.implicit_mistakes import implicit_mistake
from .narrow_answers import told_by_noise
from .reproduction import snippet, with_worst
from .routes import of_one_way, routed
from .smallest import Search
from .soon import chunks
from .truth_source import TruthSource
from .verdict import Draws, judge

ADVICE = "; args is one point: pass a function that draws points, and as many are drawn as needed"
STILL = (
    "args draws the same numbers each time, so one point was judged: draw from the rng that it is "
    "given, as in rng.normal(size=3)"
)
CONTRACT_CASES = 3  # cases at which the candidate is asked again, in other ways


def judged(
    subject: Subject,
    asked: Asked,
    named: tuple[int, ...],
    points: Iterator[tuple],
    holds: Callable[[tuple], bool] = lambda args: True,
) -> tuple[Finding, tuple[conventions.Convention, ...]]:
    """The finding, and the conventions that explain it; edges are those where holds(args)."""
    upstream, beside = _streams(asked.seed)
    one, fits = isinstance(asked.args, tuple), Fits(subject)
    first = inward(next(points))
    domain, still = Domain(), Still(first)
    drawing = map(domain.drawn, map(still, chain([first], map(inward, points))))
    labelled = (Case(f"case {k}", point) for k, point in enumerate(drawing))
    source = routed(subject, first)
    sizes = Sizes(subject.inputs)
    contract = Contract(source, subject)
    at = lambda case: sizes.noted(contract.checked(case, source.at(case, upstream)))
    few = lambda ks: said_soon(source, chunks(islice(labelled, len(ks))), upstream)
    drawn = lambda ks: map(at, few(ks))
    fixed = lambda: one or same(first, next(labelled).args)  # then it is that one point
    around = lambda: edge_visits(subject, source, first, named, domain.laws, beside)
    met = lambda: counted("edges", (visit.where(holds) for visit in around()))
    is_skipped = lambda: asked.edges == "none" or fixed()
    visits = Edges(lambda: () if is_skipped() else met(), asked.edges, named)
    examples = Examples(_search(source, subject, asked, domain, sizes), asked, first)
    decide = partial(
        judge,
        subject.name,
        asked.dtype,
        faults=faults.ALL.values(),
        formula_is_right=source.excuse,
        reproduce=snippet(asked),
        advice=ADVICE if one else "",
        fit=fits,
        edges=visits,
        explain=partial(why, subject),
        digits=partial(where_lost, subject, asked.dtype),
        example=examples.of,
    )
    several = None if one else Draws(drawn, asked.cases)
    finding = decide(drawn(range(1)) if one else (), draws=several)
    finding = examples.held_against(finding, decide)
    finding = told_by_noise(subject, first, source.said(finding))
    finding = still.noted(finding, one)
    if said := sizes.sentence():
        finding = replace(finding, reason=f"{finding.reason}; {said}", notes=(said, *finding.notes))
    return with_worst(finding, asked), conventions.one_of_each(fits.latest or {})


def _search(source: TruthSource, subject: Subject, asked: Asked, domain: Domain, sizes: Sizes):
    """How smaller points are asked: with one cotangent at each shape."""
    return Search(
        ask=lambda point: source.at(example.case(point), np.random.default_rng(asked.seed)),
        argnums=subject.argnums,
        inputs=subject.inputs,
        laws=lambda: domain.laws,
        sizes=lambda: [one.sizes for one in sizes.seen],
        is_mistake=lambda sample: source.excuse(sample).right is not True,
        far=asked.edges == "judge",
    )


def why(subject: Subject, evidence: tuple[Sample, ...]) -> tuple[Explanation, ...]:
    """Which term of the gradient is wrong; nothing where only the value is."""
    begin("looks for the term that is wrong")
    subject, evidence = of_one_way(subject, evidence)
    own = tuple(map(slopes, evidence))
    if not any(outside(one, k).any() for one in own for k in range(len(one.paths))):
        return ()
    if (implicit := getattr(subject.of, "implicit", None)) is not None:
        return implicit_mistake(implicit, own, subject.argnums, subject.inputs)
    scalar = len(own[0].args) == subject.inputs
    return explain(own, of=subject.of, argnums=subject.argnums, scalar=scalar)


def where_lost(
    subject: Subject, dtype: str, evidence: tuple[Sample, ...]
) -> tuple[Explanation, ...]:
    """What took the digits of float32, where it is known."""
    if dtype != "float32" or not evidence:
        return ()
    begin("looks for where the digits were lost")
    own = tuple(map(slopes, evidence))
    scalar = len(own[0].args) == subject.inputs
    return narrow_products(own, subject.of, subject.argnums, scalar)


def same(point: tuple, other: tuple) -> bool:
    alike = jax.tree.structure(point) == jax.tree.structure(other)
    return alike and unchanged(Case("", point), Case("", other))


class Still:
    """Whether all points drawn so far are one and the same: a sampler that leaves its rng alone."""

    def __init__(self, first: tuple):
        self.first, self.draws, self.moved = first, 0, False

    def __call__(self, point: tuple) -> tuple:
        self.draws += 1
        self.moved = self.moved or (self.draws > 1 and not same(self.first, point))
        return point

    def noted(self, finding: Finding, one: bool) -> Finding:
        """The finding, with a note where that is so; `one` is a point that nobody draws."""
        if one or self.moved or self.draws < 2:
            return finding
        return replace(finding, notes=(STILL, *finding.notes))


class Fits:
    """Which conventions explain the cases so far; the latest of them are kept."""

    def __init__(self, subject: Subject):
        self.subject, self.latest = subject, None

    def __call__(self, before, sample: Sample):
        known = conventions.candidates(sample.args[: self.subject.inputs], self.subject.argnums)
        self.latest = conventions.fitting(before, slopes(sample), known, sample.args)
        return self.latest


class Contract:
    """What more is asked: of the first few cases, and of all where answers differ."""

    def __init__(self, source: TruthSource, subject: Subject):
        self.source, self.subject, self.varies = source, subject, False

    def checked(self, case: Case, sample: Sample | None) -> Sample | None:
        """The sample, with what was seen."""
        is_first = int(case.label.split()[-1]) < CONTRACT_CASES
        if sample is None or not (is_first or self.varies):
            return sample
        raw = self.subject.raw if self.subject.function is None else None
        is_right = lambda sample: self.source.excuse(sample).right
        seen = behaved(sample, self.source.answer, raw, self.subject.inputs, is_right)
        self.varies = self.varies or seen.spread is not None
        return seen


def said_soon(
    source: TruthSource, chunks: Iterator[list[Case]], rng: np.random.Generator
) -> Iterator[Case]:
    """The cases; what is asked of many is said before the first of them."""
    for cases in chunks:
        source.asked_soon(cases, repeat(deepcopy(rng), len(cases)))
        yield from cases


def _streams(seed: int) -> list[np.random.Generator]:
    """Of cotangents, at the draws and at the edges."""
    return np.random.default_rng(seed).spawn(2)
