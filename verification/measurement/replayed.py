"""A JAX candidate with loops is compiled once for each shape and dtype, not at each call.

JAX compiles a loop anew where its body is a new function, as that of a closure is at each call.  So
the candidate is traced, and the first of all traces that are the same program is run, operation by
operation as the candidate itself runs.  What is no JAX code, branches on numbers, or is another
program at another call is called as it is.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..adapters.trees import is_key
from .made_again import made
from .traces import compiles, same_program

KEPT = 128  # programs, and as many compiled ones
TRACED = 3  # calls that must be the same program before the next is taken to be
# candidates whose trace was seen to answer what they answer, made again or not
VERIFIED: OrderedDict[Any, None] = OrderedDict()
PROGRAMS: OrderedDict[Any, ClosedJaxpr] = OrderedDict()


class Known(NamedTuple):
    """What a candidate was at arguments of one shape: the program, its answer's tree, how often."""

    program: ClosedJaxpr
    tree: Any
    seen: int


def replayed(candidate: Callable, owner: Any) -> Callable:
    """The same answers; `owner` is who the candidate is from one subject to the next."""
    known: dict[Any, Known] = {}
    direct = False

    def answer(*args):
        nonlocal direct
        leaves, tree = jax.tree.flatten(args)
        if direct or any(map(_is_no_array, leaves)):
            return candidate(*args)
        shapes = tuple((type(x), np.shape(x), np.asarray(x).dtype) for x in leaves)
        here = tree, shapes, jax.config.read("jax_enable_x64")
        verified = _verified(owner)
        said = None if verified else candidate(*args)
        now = None
        if verified or _is_jax(said):
            before = known.get(here)
            trusted = before is not None and before.seen >= TRACED
            now = before if trusted else _traced(candidate, leaves, tree, before)
        if now is None or not _same_again(said, verified, now, leaves):
            direct = True
            return said if not verified else candidate(*args)
        known[here] = now
        _remember(owner)
        return _run(now, leaves) if verified else said

    return answer


def _is_no_array(x: Any) -> bool:
    """A tracer, or typed random keys, which NumPy has no array for."""
    return isinstance(x, Tracer) or isinstance(x, jax.Array) and is_key(x)


def _verified(owner: Any) -> bool:
    try:
        return made(owner) in VERIFIED
    except (TypeError, ValueError, RecursionError):  # no weak reference, an empty cell, itself
        return False


def _remember(owner: Any) -> None:
    try:
        VERIFIED[made(owner)] = None
    except (TypeError, ValueError, RecursionError):
        return
    if len(VERIFIED) > KEPT:
        VERIFIED.popitem(last=False)


def _is_jax(said: Any) -> bool:
    leaves = jax.tree.leaves(said)
    return bool(leaves) and all(isinstance(x, jax.Array) for x in leaves)


def _traced(candidate: Callable, leaves: list, tree: Any, before: Known | None) -> Known | None:
    """The program that the candidate is now; None where it is none, or not the one it was."""
    fresh = lambda *flat: candidate(*jax.tree.unflatten(tree, flat))
    try:
        program, shape = jax.make_jaxpr(fresh, return_shape=True)(*leaves)
    except Exception:  # it wants numbers: whatever it raises, its own call will tell
        return None
    if not compiles(program.jaxpr):
        return None
    key = same_program(program)
    if before is not None and same_program(before.program) != key:
        return None
    kept = PROGRAMS.setdefault(key, program)
    PROGRAMS.move_to_end(key)
    if len(PROGRAMS) > KEPT:
        PROGRAMS.popitem(last=False)
    return Known(kept, jax.tree.structure(shape), 1 if before is None else before.seen + 1)


def _run(known: Known, leaves: list) -> Any:
    return jax.tree.unflatten(known.tree, jaxpr_as_fun(known.program)(*leaves))


def _same_again(said: Any, verified: bool, known: Known, leaves: list) -> bool:
    """Whether the trace answers, bit by bit, what the candidate has said."""
    if verified:
        return True
    again = _run(known, [np.array(x) for x in leaves])
    if jax.tree.structure(again) != jax.tree.structure(said):
        return False
    pairs = zip(jax.tree.leaves(said), jax.tree.leaves(again), strict=True)
    return all(
        a.dtype == b.dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in pairs
    )
