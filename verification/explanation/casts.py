"""An answer that has been through a narrower format: every entry is one of its numbers."""

from collections.abc import Sequence

import numpy as np

from ..arithmetic.formats import format_of
from .answers import cast_through
from .problem import Problem, budgets


def cast_of(problems: Sequence[Problem], leaf: int) -> tuple[str, float] | None:
    """The format narrower than that of the arguments, and how far the answer is from the truth.

    Of one entry a case tells little; over all cases there are enough to see what they have been
    through.
    """
    together = np.concatenate([np.asarray(p.sample.got[leaf]).ravel() for p in problems])
    name = cast_through(together)
    if name is None or not all(4.0 * format_of(name).unit > p.unit for p in problems):
        return None
    narrow, worst = format_of(name), 0.0
    for p in problems:
        truth = p.sample.truth[leaf]
        room = p.room[leaf] + 2.0 * narrow.unit * np.abs(truth.mid) + narrow.tiny
        worst = max(worst, budgets(p.sample.got[leaf] - truth.mid, room))
    return name, worst
