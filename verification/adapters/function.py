"""A function whose own derivative is the candidate: what an adapter makes of one."""

from collections.abc import Callable
from typing import NamedTuple


class Function(NamedTuple):
    """answers(argnums)(*args, cotangent) -> [value leaves, slope leaves, and those ahead].

    The slopes are the function's own, in its float arguments args[i] for i in argnums; `ahead`
    says whether they are given a second time, by forward mode.  again(argnums) is the function
    whose value is the pullback, with the cotangent as its last argument; under(transform) is that
    of transform(function).
    """

    name: str
    answers: Callable[[tuple[int, ...]], Callable]
    ahead: bool = False
    again: Callable[[tuple[int, ...]], "Function"] | None = None
    under: Callable[[Callable], "Function"] | None = None
