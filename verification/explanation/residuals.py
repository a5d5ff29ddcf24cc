"""What a mistake leaves of the answer, in budgets, at the worst entry of all cases."""

from collections.abc import Callable, Sequence

from .problem import Problem

NOT_HERE = (ValueError, IndexError, KeyError, TypeError)  # a shape without this mistake


def largest(problems: Sequence[Problem], predicted: Callable[[Problem], Sequence]) -> float:
    """`predicted(p)` is the gradient that the mistake makes; beyond 1 no further case is asked."""
    worst = 0.0
    for p in problems:
        worst = max(worst, p.residual(predicted(p), predicted))
        if not worst <= 1.0:
            break
    return worst
