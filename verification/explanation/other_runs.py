"""The right gradient of a slightly different run: at another argument, or with another number kept.

A candidate makes a tape of that run; what it would answer in the leaves that are wrong is compared.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..arithmetic.local_derivatives import swept
from ..arithmetic.tape import Tape
from ..vocabulary import Explanation
from .problem import Problem, along, wrong_leaves
from .residuals import NOT_HERE, largest

TRIED, HALF = 8, 0.5  # candidates tried on every entry, of those that leave less than half
WORK = 2 * 10**5  # operations of all tapes of the first case together


class Other(NamedTuple):
    """A different run of a case, and how it is told."""

    tape: Callable[[Problem], Tape]
    said: Explanation


def other_runs(problems: Sequence[Problem], candidates: Iterable[Other]) -> list[Explanation]:
    """Those that fit, in the order of the candidates."""
    p = problems[0]
    size, room = float(np.sqrt(p.target @ p.target)), WORK // max(len(p.tape.operations), 1)
    tried = zip(range(room if size else 0), candidates, strict=False)
    left = [(_left(problems, other, size), order, other) for order, other in tried]
    likely = sorted((one for one in left if one[0] < HALF), key=lambda one: one[:2])[:TRIED]
    found = [(order, other.said, _residual(problems, other)) for _, order, other in likely]
    leaves = wrong_leaves(problems)
    return [
        replace(said, residual=residual, leaves=leaves)
        for _, said, residual in sorted(found, key=lambda one: one[0])
        if residual <= 1.0
    ]


def _left(problems: Sequence[Problem], other: Other, size: float) -> float:
    """The share of the difference at the first case that the candidate leaves."""
    p = problems[0]
    try:
        predicted = _predicted(problems, p, other)
    except NOT_HERE:
        return np.inf
    rest = p.target - along(
        p.directions, [a - b for a, b in zip(predicted, p.right_alone, strict=True)]
    )
    left = float(np.sqrt(rest @ rest)) / size
    return left if np.isfinite(left) else np.inf


def _predicted(problems: Sequence[Problem], p: Problem, other: Other) -> list[np.ndarray]:
    """The other run's gradient where the answer is wrong in any case, else the right one."""
    gradient = swept(other.tape(p)).gradient
    wrong = [any(q.wrong[k] for q in problems) for k in range(len(gradient))]
    pairs = zip(gradient, p.right_alone, wrong, strict=True)
    return [np.asarray(a if bad else b) for a, b, bad in pairs]


def _residual(problems: Sequence[Problem], other: Other) -> float:
    try:
        return largest(problems, lambda p: _predicted(problems, p, other))
    except NOT_HERE:
        return np.inf
