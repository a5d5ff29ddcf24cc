"""What flows through a unit with each slope of the bank, all of them at once.

The values of the slopes are of the numbers of a tape alone: they are kept, as far as they are few,
for whoever asks again, with another mistake already known.
"""

from collections.abc import Sequence

import numpy as np

from ..arithmetic.local_derivatives import Arrays, against
from .bank import BANK, ELSEWHERE, Elsewhere, Slope
from .columns import LARGE
from .problem import NOT_HERE, Problem
from .units import At, Unit

COMMON = (*BANK, *ELSEWHERE)  # the slopes that are tried at every unit
KEPT = 2**22  # numbers of one case: 32 MiB
SIZE = ()  # the key of how many are kept
MANY = 2**20  # entries: a slope that needs all of them is not tried where there are more
Met = Sequence[dict[Unit, list[At]]]


def columns_of(
    problems: Sequence[Problem],
    met: Met,
    unit: Unit,
    more: Sequence = (),
    speeds: Sequence[Arrays] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """What flows through the unit, and what would with each slope: COMMON, and then `more`.

    Along the directions of every case, or along those that the tangents `speeds` are of.
    """
    right, columns = [], []
    for p, found, rates in zip(problems, met, speeds or [p.rates for p in problems], strict=True):
        count, rows = len(COMMON) + len(more), len(next(iter(rates.values()), p.target))
        flow, others = np.zeros(rows), np.zeros((rows, count))
        for at in found.get(unit, []):
            rate, above = rates.get(at.enters), p.right.reached.get(at.leaves)
            if rate is None or above is None:
                continue
            flow += against(rate, at.slope * above)
            weighed = (rate * above).reshape(len(rate), -1)
            seen = np.flatnonzero(np.any(weighed != 0.0, axis=0)) if _is_large(p, at) else None
            if seen is not None:
                others += weighed[:, seen] @ _seen((*COMMON, *more), p, at, seen)
                continue
            slopes = _common(p, at).reshape(-1, len(COMMON))
            others[:, : len(COMMON)] += weighed @ slopes
            if more:
                others[:, len(COMMON) :] += weighed @ _stacked(more, p, at).reshape(-1, len(more))
        right.append(flow)
        columns.append(others)
    return np.concatenate(right), np.concatenate(columns)


def _common(p: Problem, at: At) -> np.ndarray:
    known = (p.plain or p).slopes
    name = at.enters, at.leaves, id(at.slope)  # two operands of x * x have each their own
    if name not in known:
        made = _stacked(COMMON, p, at)
        so_far = known.get(SIZE, 0) + made.size
        if so_far > KEPT:
            return made
        known[name], known[SIZE] = made, so_far
    return known[name]


def _stacked(bank: Sequence, p: Problem, at: At) -> np.ndarray:
    """One more axis, of the slopes."""
    return np.stack([value_of(s, p, at) for s in bank], axis=-1)


def _is_large(p: Problem, at: At) -> bool:
    return p.tape.numbers[at.enters].size > LARGE


def _seen(bank: Sequence, p: Problem, at: At, seen: np.ndarray) -> np.ndarray:
    """The slopes at some entries of a large number; not a number where all would be needed."""
    z, a = p.tape.numbers[at.enters].ravel()[seen], p.tape.numbers[at.leaves].ravel()[seen]
    made = np.full((len(seen), len(bank)), np.nan)
    for k, slope in enumerate(bank):
        if isinstance(slope, Slope):
            made[:, k] = slope.of(z, a)
        elif not _is_many(p, at):
            made[:, k] = value_of(slope, p, at).ravel()[seen]
    return made


def left_out(p: Problem) -> str:
    """What is not tried, for its size."""
    many = [at for found in p.units.values() for at in found if _is_many(p, at)]
    said = (
        f"the right slope in a wrong place was not looked for in arrays of more than {MANY} entries"
    )
    return said if many else ""


def _is_many(p: Problem, at: At) -> bool:
    return p.tape.numbers[at.enters].size > MANY


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
