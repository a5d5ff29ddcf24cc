"""What flows through a unit with each slope of the bank, all of them at once.

The values of the slopes are of the numbers of a tape alone: they are kept, as far as they are few,
for whoever asks again, with another mistake already known.
"""

from collections.abc import Sequence

import numpy as np

from ..arithmetic.local_derivatives import against
from .bank import BANK, ELSEWHERE, Elsewhere, Slope
from .problem import NOT_HERE, Problem
from .units import At, Unit

COMMON = (*BANK, *ELSEWHERE)  # the slopes that are tried at every unit
KEPT = 2**22  # numbers of one case: 32 MiB
Met = Sequence[dict[Unit, list[At]]]


def columns_of(
    problems: Sequence[Problem], met: Met, unit: Unit, more: Sequence = ()
) -> tuple[np.ndarray, np.ndarray]:
    """What flows through the unit, and what would with each slope: COMMON, and then `more`."""
    right, columns = [], []
    for p, found in zip(problems, met, strict=True):
        count = len(COMMON) + len(more)
        flow, others = np.zeros(len(p.target)), np.zeros((len(p.target), count))
        for at in found.get(unit, []):
            rate, above = p.rates.get(at.enters), p.right.reached.get(at.leaves)
            if rate is None or above is None:
                continue
            flow += against(rate, at.slope * above)
            slopes = np.concatenate([_common(p, at), _stacked(more, p, at)], axis=-1)
            weighed = (slopes * np.asarray(above)[..., None]).reshape(-1, count)
            others += rate.reshape(len(rate), -1) @ weighed
        right.append(flow)
        columns.append(others)
    return np.concatenate(right), np.concatenate(columns)


def _common(p: Problem, at: At) -> np.ndarray:
    known = (p.plain or p).slopes
    name = at.enters, at.leaves, id(at.slope)  # two operands of x * x have each their own
    if name not in known:
        made = _stacked(COMMON, p, at)
        if sum(x.size for x in known.values()) + made.size > KEPT:
            return made
        known[name] = made
    return known[name]


def _stacked(bank: Sequence, p: Problem, at: At) -> np.ndarray:
    """One more axis, of the slopes."""
    if not bank:
        return np.zeros((*p.tape.numbers[at.enters].shape, 0))
    return np.stack([value_of(s, p, at) for s in bank], axis=-1)


def value_of(slope: Slope | Elsewhere, p: Problem, at: At) -> np.ndarray:
    """At one occurrence of a unit; not a number where it has none."""
    try:
        return slope_at(slope, p, at)
    except NOT_HERE:
        return np.full(p.tape.numbers[at.enters].shape, np.nan)


def slope_at(slope: Slope | Elsewhere, p: Problem, at: At) -> np.ndarray:
    """Raises one of NOT_HERE where it has none."""
    z, a = p.tape.numbers[at.enters], p.tape.numbers[at.leaves]
    found = np.asarray(slope.of(z, a) if isinstance(slope, Slope) else slope.of(p.tape, at))
    return found if found.shape == z.shape else np.broadcast_to(found, z.shape)
