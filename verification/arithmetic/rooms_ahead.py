"""Rooms of a loop, for all of its steps at once.

The backward pass of a loop takes the slopes of each step from values that the forward pass has
stacked.  Where the argument of a `recalled` is a row of such a stack, its room at all rows is one
walk of a small program over one larger array: entry by entry the same numbers, as with the first
axis that `recalled` has under vmap.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from jax.extend.core import Literal

from .formats import Format
from .interpreter import CONTROL, Arithmetic, is_plain, live, scan_parts
from .namespaces import is_traced
from .recalled import Stored, found_ahead, key, recalled, rooms_of_rows

LARGE = 2**21  # numbers: then a step is no small matter, and all of them at once are memory


def control(target: Format, bounds: Callable) -> dict[str, Callable]:
    """The loop of an arithmetic that counts errors; `bounds`: the running ones of a format."""
    return {"scan": partial(_scan, target, bounds)}


def _scan(target: Format, bounds: Callable, params, ins: list, arithmetic: Arithmetic) -> list:
    rooms: dict[tuple, Any] = {}
    for program, stack in _recalling(params, ins):
        found = rooms_of_rows(target, bounds(target), stack, program)
        keys = (key(target, program, row) for row in stack)
        rooms |= zip(keys, found, strict=True)
    with found_ahead(rooms):
        return CONTROL["scan"](params, ins, arithmetic)


def _recalling(params, ins: list) -> Iterator[tuple[Stored, np.ndarray]]:
    """Of what the body reads back from a row of a stack: what may be stored, and the stack."""
    consts, carry, stacks = scan_parts(params, ins)
    body = params["jaxpr"].jaxpr
    of = dict(zip(body.invars[len(consts) + len(carry) :], stacks, strict=True))
    for eqn, _ in live(body):
        at = eqn.invars[2] if eqn.primitive is recalled else None
        if at is None or isinstance(at, Literal) or at not in of or is_plain(of[at]):
            continue
        stack, program = of[at].value, eqn.params["program"]
        if isinstance(program, Stored) and not is_traced(stack) and 0 < stack.size <= LARGE:
            yield program, stack
