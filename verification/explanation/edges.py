"""One local derivative with a wrong factor, or a path that is dropped: edge by edge.

The answer differs from the truth by (c - 1) times what flows through the edge.  Edges in series
carry the same flow; no answer can tell them apart, and the group is named with its ends.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ..arithmetic.local_derivatives import Spot, flows, swept
from ..vocabulary import Explanation
from .columns import REST, Fit, Table, alike, fits, is_far, table
from .counts import numbers_of
from .factors import Named, in_every_case, in_words, recognised, undone
from .places import Term, naturalness, terms
from .problem import Problem

TRIED, SHOWN = 12, 6  # of the best columns, those that are tried on every entry; names in a group
Found = tuple[Explanation, tuple[Spot, ...]]


class Edges:
    """The columns of all edges over all cases, made once."""

    def __init__(self, problems: Sequence[Problem]):
        self.problems = problems

    @cached_property
    def flows(self) -> list[dict[Spot, np.ndarray]]:
        return [flows(p.met) for p in self.problems]

    @cached_property
    def table(self) -> Table:
        return table(self.flows, [len(p.target) for p in self.problems])

    @cached_property
    def target(self) -> np.ndarray:
        return np.concatenate([p.target for p in self.problems])

    @cached_property
    def terms(self) -> dict[Spot, Term]:
        found: dict[Spot, Term] = {}
        for p in self.problems:
            found = terms(p.met) | found
        return found

    @cached_property
    def numbers(self) -> list[list[Named]]:
        return [numbers_of(p) for p in self.problems]


def one_edge(edges: Edges) -> list[Explanation]:
    """Explanations by one edge, those that fit first; else the closest,
    if it accounts for most of the error."""
    if not edges.table.names:
        return []
    tried: list[Explanation] = []
    done: set = set()
    common = fits(edges.table, edges.target, apart=False)[:TRIED]
    apart = fits(edges.table, edges.target, apart=True)[:TRIED] if len(edges.problems) > 1 else []
    for fit in [*common, *apart]:
        if fit.name in done or is_far(fit.left, edges.target):
            continue
        said, group = _explained(edges, fit, fit in common)
        if said is None:
            continue
        done |= {fit.name, *group} if said.fits else set()
        tried += [said] if said.fits or fit.left < REST else []
    return ranked(tried, edges.numbers[0])


def ranked(tried: list[Explanation], numbers: list[Named]) -> list[Explanation]:
    """Those that fit, plain factors first; else the one that is closest."""
    order = [n.value for n in numbers]
    plain = lambda e: order.index(e.factor) if e.factor in order else len(order)
    fitting = [e for e in tried if e.fits]
    return sorted(fitting, key=plain) or sorted(tried, key=lambda e: e.residual)[:1]


def _explained(edges: Edges, fit: Fit, common: bool) -> tuple[Explanation | None, tuple]:
    factors = [1.0 + c for c in fit.factors]
    named = recognised_in_all(edges, factors, fit.off, common)
    if named is None and not common:
        return None, ()  # a factor of its own for every case explains nothing
    exact = [n.value for n in named] if named else [factors[0]] * len(factors)
    if exact[0] == 1.0:
        return None, ()  # what is right explains nothing
    spot: Spot = fit.name
    scales = [{spot: c} for c in exact]
    residual = residual_of(edges, scales)
    group = [spot, *alike(edges.table, spot)]
    first = named[0] if named else None
    counted = first is not None and bool(first.remedy)  # by whom it is divided: at the division
    term, others = representative(edges, group, np.nan if counted else exact[0])
    said = Explanation(
        kind="dropped path" if exact[0] == 0.0 else "edge",
        term=str(term),
        mistake=in_words(exact[0], first),
        location=term.place.location,
        source=term.place.text,
        remedy=(first and first.remedy) or remedy_of(term, exact[0]),
        factor=exact[0],
        residual=residual,
        fits=residual <= 1.0,
        leaves=changed(edges, scales),
        confused_with=others,
    )
    return said, tuple(group)


def residual_of(edges: Edges, scales: Sequence[dict]) -> float:
    """In budgets, at the worst entry of all cases; stops at the first case that does not fit."""
    worst = 0.0
    for p, scale in zip(edges.problems, scales, strict=True):
        again = lambda q, scale=scale: swept(q.tape, scale).gradient
        worst = max(worst, p.residual(again(p), again))
        if not worst <= 1.0:
            break
    return worst


def changed(edges: Edges, scales: Sequence[dict]) -> tuple[str, ...]:
    """The leaves that the mistake changes at the first case."""
    p = edges.problems[0]
    wrong = swept(p.tape, scales[0]).gradient
    pairs = zip(p.sample.paths, wrong, p.right.gradient, strict=True)
    return tuple(path for path, a, b in pairs if not np.array_equal(a, b))


def recognised_in_all(
    edges: Edges, factors: Sequence[float], off: float, common: bool
) -> list[Named] | None:
    """The same number of the problem at every case; its value may depend on the case."""
    if common:
        found = recognised(factors[0], off_of(off, factors[0]), edges.numbers[0])
        return [found] * len(factors) if found else None
    return in_every_case(edges.numbers, factors, [off_of(off, c) for c in factors])


def off_of(off: float, factor: float) -> float:
    """How far the factor may be from what it is: by the fit, and by the rounding of float64."""
    return off * max(1.0, abs(factor)) + 2.0**-40 * abs(factor)


def representative(edges: Edges, group: list[Spot], factor: float) -> tuple[Term, tuple[str, ...]]:
    """The likeliest of a group, and the other lines it may be on; of a long one its ends."""
    members = sorted((edges.terms[s] for s in group), key=lambda t: t.operation.key)
    first = max(members, key=lambda t: (bool(t.place.file), naturalness(t, factor)))
    others = [t for t in members if t is not first]
    said = list(dict.fromkeys(t.short for t in others if t.short != first.short))
    said += [words for words in _whole(edges, group) if words not in said]
    if len(said) > SHOWN:
        lines = list(dict.fromkeys(filter(None, (line_of(t) for t in others))))
        signs = list(dict.fromkeys(t.symbol for t in others))
        said = [f"{said[0]} to {said[-1]}, in series over {', '.join(lines)}: {', '.join(signs)}"]
    return first, tuple(said)


def described(edges: Edges, spot: Spot, factor: float) -> Explanation:
    """The factor at a spot in words; what it leaves is not said."""
    term, others = representative(edges, [spot, *alike(edges.table, spot)], factor)
    return Explanation(
        kind="dropped path" if factor == 0.0 else "edge",
        term=str(term),
        mistake=in_words(factor, recognised(factor, 0.0, edges.numbers[0])),
        location=term.place.location,
        source=term.place.text,
        remedy=remedy_of(term, factor),
        factor=factor,
        leaves=changed(edges, [{spot: factor}] * len(edges.problems)),
        confused_with=others,
    )


def line_of(term: Term) -> str:
    """The innermost line there is: of refnet's, where the user's line calls it."""
    inner = term.place.within.rpartition("(")[2].rstrip(")")
    return inner or term.place.location


def _whole(edges: Edges, group: list[Spot]) -> list[str]:
    """What makes a number that is read here alone: all its operands together are one place."""
    p = edges.problems[0]
    readers: dict[int, set[int]] = {}
    for n, op in enumerate(p.tape.operations):
        for i in op.ins:
            readers.setdefault(i, set()).add(n)
    makers = {out: op for op in p.tape.operations for out in op.outs}
    found: list[str] = []
    for one in p.met:
        at = one.operation.ins[one.operand] if one.spot in group else -1
        while (maker := makers.get(at)) is not None and len(readers[at]) == 1:
            operands = [edges.terms.get((maker.key, k)) for k in range(len(maker.ins))]
            moving = [t for t in operands if t is not None]
            if len(moving) > 1:
                found.append(f"{moving[0].short} in all its operands")
            inner = {i for i in maker.ins if p.tape.moving[i]}
            at = inner.pop() if len(inner) == 1 else -1  # x * x: on to what makes x
    return list(dict.fromkeys(found))


def remedy_of(term: Term, factor: float) -> str:
    if factor == 0.0:
        return f"add what flows back through {term.what}"
    if factor == -1.0:
        return f"turn the sign of what flows back through {term.what}"
    return undone(f"what flows back through {term.what}", factor)
