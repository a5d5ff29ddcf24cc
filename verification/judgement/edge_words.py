"""What edges add to a finding: a verdict that is theirs, or notes of what decides nothing."""

from typing import NamedTuple

import numpy as np

from ..arithmetic.formats import format_of
from ..inputs.structure import Region
from ..vocabulary import SEVERITY, Verdict, Worst
from .edge_evidence import MODES, Edges, Observation, Result, Seen


class Decision(NamedTuple):
    """The verdict with edges in it, why, and the edge that decided; None where draws did."""

    verdict: Verdict
    reason: str
    edge: Observation | None


def decided(verdict: Verdict, reason: str, seen: Seen, mode: str) -> Decision:
    """What the draws said, unless an edge that decides says worse.

    A loss far from the draws speaks of a right formula: where nobody knows that it is right, it
    stays undecided.
    """
    mine = [one for one in seen.observations if one.edge.region in MODES[mode] and one.verdict]
    worst = min(mine, key=_severity, default=None)
    if worst is None or worst.verdict is None:
        return Decision(verdict, reason, None)
    if worst.verdict is Verdict.INACCURATE and verdict is not Verdict.CORRECT:
        return Decision(verdict, f"{reason}; and {_sentence(worst)}", None)
    where = "near the draws" if worst.edge.region is Region.NEAR else "far from the draws"
    alone = f'this is an edge {where}; with edges="note" the verdict would be {verdict}'
    return Decision(worst.verdict, f"{_sentence(worst)}; {alone}", worst)


def _severity(one: Observation) -> int:
    return SEVERITY.index(one.verdict) if one.verdict else len(SEVERITY)


def _sentence(one: Observation) -> str:
    if one.result is Result.DIFFERENT and one.worst is not None:
        because = f"; {one.told.why}" if one.told and one.told.why else ""
        return f"{entry(one.worst)}{because}"
    seen = f": {entry(one.worst)}" if one.worst is not None else f" ({one.edge.case.label})"
    if one.verdict is Verdict.INACCURATE:
        return f"right at the draws, but not a number at an edge: {one.said}{seen}"
    return f"not a number where the truth is finite: {one.said}{seen}"


def entry(where: Worst) -> str:
    """Where, what it is and should be, and how far that is outside of what is allowed."""
    name = f"{where.leaf}{list(where.index) if where.index else ''}" or "the gradient"
    case = where.case.replace("edge: ", "the edge ")
    seen = f"{name} is {where.got!r}, not {where.expected!r}, at {case}"
    far = f"; the error is {where.budgets:.3g} times what rounding allows"
    return seen + (far if np.isfinite(where.budgets) else "")


# --- notes ----------------------------------------------------------------------------------------


def notes(seen: Seen, edges: Edges, decision: Decision, dtype: str) -> tuple[str, ...]:
    """What was seen and decides nothing."""
    found = [one for one in seen.observations if one is not decision.edge]
    lost = [f"{_at(one)} ({_digits(one.worst, dtype)})" for one in found if _is_lost(one)]
    untold = [_at(one) for one in found if one.result is Result.UNTOLD and _has_place(one)]
    lines = [f"digits are lost at edges, in {dtype}: {', '.join(lost)}"] if lost else []
    if untold:
        lines.append(
            "digits are lost, or cannot be told from a mistake, at edges: " + ", ".join(untold)
        )
    lines += [_spared(one, edges.mode) for one in found if _is_spared(one, edges.mode)]
    lines += [_shape(one) for one in found if _is_shape(one)]
    if seen.turning:
        where = ", ".join(label.removeprefix("edge: ") for label in seen.turning)
        lines.append(f"not judged, because the derivative turns its sign there: {where}")
    return (*lines, *_held(seen, edges))


def _at(one: Observation) -> str:
    return one.edge.case.label.removeprefix("edge: ")


def _has_place(one: Observation) -> bool:
    return one.edge.region is not Region.SHAPE


def _is_lost(one: Observation) -> bool:
    return one.result is Result.LOST and _has_place(one)


def _digits(worst: Worst | None, dtype: str) -> str:
    """How many digits of the format are left at the worst entry."""
    digits = -np.log10(format_of(dtype).unit)
    off = abs(worst.got - worst.expected) if worst is not None else np.inf
    size = abs(worst.expected) if worst is not None else 0.0
    left = round(float(np.clip(np.log10(size / off), 0.0, digits))) if size and off else 0
    return f"{left or 'none'} of {digits:.0f} digits left"


def _is_spared(one: Observation, mode: str) -> bool:
    """Whether it would decide, and does not in this mode."""
    return one.verdict is not None and one.edge.region not in MODES[mode]


def _spared(one: Observation, mode: str) -> str:
    return (
        f'by edges="{mode}" this is no more than a note ({one.verdict} otherwise): {_sentence(one)}'
    )


def _is_shape(one: Observation) -> bool:
    return not _has_place(one) and one.result in (Result.NO_NUMBER, Result.DIFFERENT)


def _shape(one: Observation) -> str:
    what = "differs from the gradient"
    if one.result is Result.NO_NUMBER:
        failure = one.sample.failure if one.sample is not None else ""
        what = failure or "is no number"
    said = what if what.startswith("it raised") else f"the answer {what}"
    return f"at {one.edge.what}, a shape that args did not draw, {said}"


def _held(seen: Seen, edges: Edges) -> tuple[str, ...]:
    """What `vary` names, and could not be varied."""
    if edges.mode == "none":
        return ()
    return tuple(
        f"vary: args[{position}] is as it was drawn; no other value is known that of accepts"
        for position in edges.named
        if position not in seen.positions
    )
