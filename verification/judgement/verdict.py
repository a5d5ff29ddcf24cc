"""From samples to a finding: what is wrong, in which way, and how sure `correct` is.

Nothing is accepted on cases that could not have shown a catalogued mistake: while they could not,
and more cases can be drawn, they are, up to LIMIT times the number asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from ..faults import Fault
from ..measurement import subgradients
from ..measurement.constancy import sentence
from ..measurement.conventions import explanation, simplest
from ..measurement.higher_precision import Told
from ..measurement.power import by_leaf, in_words, sensitivity
from ..measurement.sample import VALUE, Sample
from ..vocabulary import Explanation, Finding, Verdict, Worst
from ..vocabulary.example import Example
from ..vocabulary.progress import counted
from .edge_evidence import NOWHERE, Edges, Seen, seen
from .edge_words import Decision, decided, entry
from .edge_words import notes as notes_of_edges
from .evidence import Excuse, Fit, Record, kept_to_explain, looked, never_a_number, worse
from .shown import entries, heat

Explain = Callable[[tuple[Sample, ...]], tuple[Explanation, ...]]
LIMIT = 8  # times the number of cases asked for
ENOUGH = 8  # draws at which a mistake that changes nothing is taken to be none


class Draws(NamedTuple):
    """Where cases come from: at(ks) gives the draws ks, None for one beyond the format's range."""

    at: Callable[[range], Iterable[Sample | None]]
    asked: int


EXPLAINED = (Verdict.WRONG, Verdict.REJECTED)  # a slope may be why there is no number


def judge(
    name: str,
    dtype: str,
    samples: Iterable[Sample | None],
    faults: Iterable[Fault] = (),
    formula_is_right: Excuse = lambda sample: Told(None, ""),
    reproduce: str = "",
    draws: Draws | None = None,
    advice: str = "",
    explain: Explain = lambda evidence: (),
    digits: Explain = lambda evidence: (),
    fit: Fit = lambda before, sample: {},
    edges: Edges = NOWHERE,
    example: Callable[[Sample], Example | None] = lambda sample: None,
) -> Finding:
    """The verdict in one dtype, at `samples` and at as many draws as it takes.

    `formula_is_right` is asked of samples with an entry outside its budget: a right formula has
    only lost digits (inaccurate), any other is wrong, and `explain` is asked why, or `digits` where
    they were lost.  Nothing
    undecided is ever a pass; `advice` says what could be done about it.  `fit` says which constant
    factors explain all cases so far; edges are visited where nothing is wrong before.
    """
    look = partial(looked, dtype=dtype, faults=tuple(faults), excuse=formula_is_right, fit=fit)
    record = reduce(look, samples, Record())
    done = Drawn(record, 0, record.draws + record.partial, "")
    if draws is not None:
        done = _drawn(record, look, draws, then="" if edges.mode == "none" else "edges")
        record = done.record
    beside = Seen()
    if not (record.failure or record.wrong or hopeless(record)):
        beside = seen(edges.visits(), dtype, formula_is_right)
    decision = decided(*_verdict(done, advice), beside, edges.mode)
    verdict = decision.verdict
    evidence = _evidence(record, beside)
    named = simplest(record.fits or {}) if record.wrong and verdict is Verdict.WRONG else ()
    factors = tuple(explanation(c, evidence[0].args) for c in named if evidence)
    leaves = by_leaf(record.best)
    furthest = decision.edge.worst if decision.edge else worse(record.worst, beside.worst)
    shown = _at(furthest, record, decision)
    return Finding(
        name=name,
        dtype=dtype,
        verdict=verdict,
        reason="; ".join([decision.reason, *(f.mistake for f in factors)]),
        power={path: leaf.power for path, leaf in leaves.items()},
        worst=furthest,
        entries=entries(shown, furthest, dtype),
        heat=heat(shown),
        example=example(shown) if shown and verdict is Verdict.WRONG else None,
        cases=record.cases,
        skipped=record.skipped,
        oracle=", ".join(dict.fromkeys(", ".join(record.oracles).split(", "))),
        budget=budgets(record.budgets),
        kills={name: seen for name, seen in record.kills.items() if seen is not None},
        explanation=(*factors, *_why(verdict, explain, digits)(evidence)),
        reproduce=reproduce,
        cases_asked=done.asked,
        cases_drawn=done.count,
        left_out=record.left_out,
        convention=subgradients.in_words(record.kinks + beside.kinks),
        conventions=tuple(c.name for c in named),
        edges=beside.judged,
        edges_skipped=beside.skipped,
        notes=(*varied(record), *record.notes, *notes_of_edges(beside, edges, decision, dtype)),
        sensitivity={path: sensitivity(leaf) for path, leaf in leaves.items()},
        by_entry={path: leaf.of_rms for path, leaf in leaves.items()},
    )


def _why(verdict: Verdict, explain: Explain, digits: Explain) -> Explain:
    """Who is asked for a reason."""
    if verdict in EXPLAINED:
        return explain
    return digits if verdict is Verdict.INACCURATE else lambda evidence: ()


def _at(furthest: Worst | None, record: Record, decision: Decision) -> Sample | None:
    """The case of the worst entry, where it is outside."""
    sample = decision.edge.sample if decision.edge else record.at_worst
    return sample if furthest and sample and sample.label == furthest.case else None


def _evidence(record: Record, beside: Seen) -> tuple[Sample, ...]:
    """Cases to explain a mistake by: those of edges that are wrong among them."""
    kept = record.evidence
    for one in beside.observations:
        if one.verdict in EXPLAINED and one.sample is not None and one.sample.got:
            kept = kept_to_explain(kept, one.sample, wrong=True)
    return kept


class Drawn(NamedTuple):
    """The record after all draws, how many they were, and why they were more than asked for."""

    record: Record
    count: int
    asked: int
    why_more: str


def _drawn(record: Record, look: Callable, draws: Draws, then: str) -> Drawn:
    count, wanted, why_more = 0, draws.asked, ""
    while count < wanted:
        ks = range(count, wanted)
        record = reduce(look, counted("cases", draws.at(ks), ks, then), record)
        count = wanted
        short = shortfall(record, draws.asked, may_draw=count < LIMIT * draws.asked)
        if short and not (record.failure or record.wrong or hopeless(record)):
            why_more = why_more or short
            wanted = min(2 * count, LIMIT * draws.asked)
    return Drawn(record, count, draws.asked, why_more)


def shortfall(record: Record, asked: int, may_draw: bool = False) -> str:
    """Why these cases accept nothing; empty where they may.

    What a few cases could not show because there was nothing to see, more of them might.
    """
    if record.draws < asked or not record.whole:
        return _undecided(record, asked)
    leaves = by_leaf(record.best)
    is_rare = lambda leaf: leaf.is_zero and record.draws < LIMIT * asked  # it may still be seen
    unseen = lambda leaf: np.isinf(leaf.power) or is_rare(leaf)
    filled = {path: leaf for path, leaf in leaves.items() if leaf.of_rms.size} or leaves
    blind = [path or "the gradient" for path, leaf in filled.items() if unseen(leaf)]
    if blind:
        return f"no case could show a mistake in {', '.join(blind)}"
    few = record.draws < ENOUGH and may_draw
    missed = [name for name, seen in record.kills.items() if not (seen or seen is None and not few)]
    return f"these mistakes would have gone unseen: {', '.join(missed)}" if missed else ""


def hopeless(record: Record) -> bool:
    """Whether no case could be judged, for one and the same reason: it will not go away."""
    return not record.whole and len(record.silences) == 1 and record.silences[0] != ""


OVERFLOWS = "a correct implementation may overflow there"
NO_DERIVATIVE = "the function has no finite derivative there"


def _undecided(record: Record, asked: int) -> str:
    if not record.cases:
        return "no case is within the format's range"
    if not record.skipped:
        return f"only {record.draws} of the {asked} cases asked for are within the format's range"
    where = "at any case" if not record.whole else record.open
    why = next(filter(None, record.silences), OVERFLOWS if record.overflows else NO_DERIVATIVE)
    return f"no oracle could decide {where}: {why}"


def _verdict(done: Drawn, advice: str) -> tuple[Verdict, str]:
    record, short = done.record, shortfall(done.record, done.asked)
    if record.failure:
        more = f"; and at {record.failed - 1} more of the cases" if record.failed > 1 else ""
        return Verdict.REJECTED, record.failure + more
    if record.wrong:
        verdict, reason = _verdict_of_wrong(record)
        return verdict, "; ".join([reason, *varied(record)])
    asked = f" ({done.asked} asked for"
    if short:
        drawn = f", after {done.count} draws{asked})" if done.count > done.asked else ""
        return Verdict.UNDECIDED, short + drawn + ("" if hopeless(record) else advice)
    more = f"{asked}: {done.why_more})" if done.why_more else ""
    cases = "the one case" if record.cases == 1 else f"all {record.cases} cases"
    entry = "every entry that could be judged is" if record.skipped else "every entry"
    judged = f"{entry} inside its budget at {cases}{more}"
    leaves = by_leaf(record.best)
    zeros = ", ".join(path or "the gradient" for path, leaf in leaves.items() if leaf.is_zero)
    seen = in_words([leaf.power for leaf in leaves.values() if leaf.of_rms.size])
    always = f"; {zeros} is 0 at every draw" if zeros else ""
    return Verdict.CORRECT, f"{judged}; {seen}{always}"


def varied(record: Record) -> list[str]:
    """How far answers to one question were apart, where they were no two the same."""
    return [sentence(record.spread)] if record.spread else []


def _verdict_of_wrong(record: Record) -> tuple[Verdict, str]:
    told, where = record.told, record.worst
    assert told is not None and where is not None
    if told.right is False and record.number is not None and record.number.budgets > 1.0:
        where = record.number  # a wrong number says more than one that is none
    seen = entry(where)
    because = f"; {told.why}" if told.why else ""
    never = never_a_number(record.numberless) if told.excused else ""
    if told.right and not never:
        return Verdict.INACCURATE, f"{seen}; the formula is right, but it loses digits{because}"
    if told.untold and np.isfinite(where.got):
        return Verdict.UNDECIDED, f"{seen}; these are lost digits, or a mistake{because}"
    if told.right:
        return Verdict.REJECTED, f"{seen}; {never} is not a number at any draw"
    if not np.isfinite(where.got):
        return Verdict.REJECTED, f"{seen}; the truth is finite there{because}"
    what = "; this is its value, and `of` has another" if where.leaf.startswith(VALUE) else ""
    return Verdict.WRONG, f"{seen}{what}{because}"


def budgets(counts: Mapping[str, int]) -> str:
    """Which budget judged how many leaves."""
    if len(counts) < 2:
        return next(iter(counts), "")
    return ", ".join(
        f"{kind} ({n} {'leaf' if n == 1 else 'leaves'})" for kind, n in sorted(counts.items())
    )
