"""Functions that branch on their numbers: at each point the one that goes as it goes there.

A program of PyTorch's has `along(point)`, which is the program as it is traced at that point.
"""

from collections.abc import Callable


def along(of: Callable, point: tuple) -> Callable:
    """The function as it goes at the point; itself where it goes one way alone."""
    goes = getattr(of, "along", None)
    return of if goes is None else goes(point)


def on_ways(made: Callable, of: Callable, make: Callable[[Callable], Callable]) -> Callable:
    """made = make(of), which goes the ways that `of` goes."""
    if not hasattr(of, "along"):
        return made
    known = {of: made}

    def at(point: tuple) -> Callable:
        there = along(of, point)
        if there not in known:
            known[there] = make(there)
        return known[there]

    made.along = at  # pyright: ignore[reportFunctionMemberAccess]
    return made
