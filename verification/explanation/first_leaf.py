"""A run is looked at first in one leaf: the wrong one that is reached soonest on the way back.

What is far off there is no explanation, and the rest of the way need not be gone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..arithmetic.local_derivatives import swept
from ..arithmetic.tape import Tape
from .problem import Problem

SKIPPED = 0.25  # of the way back that is left out at least: else it is gone at once


def misses(problems: Sequence[Problem], tape: Tape, **mistake: Any) -> bool:
    """Whether a run of the first case is further from the answer there than roundings explain.

    The mistake is what `swept` is told of.
    """
    p, first = problems[0], _first_read(tape)
    wrong = [k for k in range(len(p.wrong)) if any(q.wrong[k] for q in problems)]
    k = max(wrong, key=lambda k: first[k], default=None)
    if k is None or first[k] < len(tape.operations) * SKIPPED:
        return False
    part = replace(tape, operations=tape.operations[first[k] :])
    return p.rules_out(k, swept(part, **mistake).gradient[k])


def _first_read(tape: Tape) -> list[int]:
    """The number of the first operation that reads each leaf."""
    found: dict[int, int] = {}
    for number, op in enumerate(tape.operations):
        for i in op.ins:
            found.setdefault(i, number)
    return [found.get(i, 0) for i in tape.leaves]
