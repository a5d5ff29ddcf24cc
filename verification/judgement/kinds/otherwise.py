"""What is asked about other derivatives than the first: problem by problem, then one finding."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ...vocabulary import SEVERITY, Finding, Verdict
from .batches import check_under, transformed
from .implicit import Implicit, implicit_problem
from .meant import meant_problems
from .orders import check_order, of_order
from .problem import Problem

WORDS = {2: "the second derivative", 3: "the third derivative"}
Ask = Callable[[Problem], Finding]


def asked_otherwise(problem: Problem, order: int, under: Any, meant: Any, ask: Ask) -> Finding:
    """The finding on all that is asked: that of the least favourable part, which is named."""
    check_order(order)
    names = check_under(under)
    return together([(label, ask(one)) for label, one in _problems(problem, order, names, meant)])


def _problems(problem: Problem, order: int, names: tuple, meant: Any) -> Iterator[tuple]:
    asked = [("", problem)] if meant is None else meant_problems(problem, meant)
    for label, one in asked:
        if isinstance(one.of, Implicit):
            one = implicit_problem(one, one.of, order)
        one, said = of_order(one, order), " of ".join(filter(None, (WORDS.get(order, ""), label)))
        yield said, one
        for name, other in transformed(one, names):
            yield ", ".join(filter(None, (said, f"under {name}"))), other


def together(found: list[tuple[str, Finding]]) -> Finding:
    """One finding of several: the least favourable, the first of those that are alike."""
    label, worst = min(found, key=lambda pair: SEVERITY.index(pair[1].verdict))
    if len(found) == 1:
        return said(label, worst)
    if worst.verdict is Verdict.CORRECT:
        labels = "; ".join(label or "as it is" for label, _ in found)
        return replace(worst, reason=f"{worst.reason}; so is each of: {labels}")
    right = [name or "as it is" for name, one in found if one.verdict is Verdict.CORRECT]
    note = (f"correct: {'; '.join(right)}",) if right else ()
    return replace(said(label, worst), notes=(*worst.notes, *note))


def said(label: str, finding: Finding) -> Finding:
    """The finding, with what was asked before its reason and behind its name."""
    if not label:
        return finding
    name = f"{finding.name}, {label}"
    return replace(finding, name=name, reason=f"{label}: {finding.reason}")
