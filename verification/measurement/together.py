"""Several points of one small program in one walk.

Where arrays are small an equation takes NumPy as long for sixteen points as for one: what is paid
for is the walk.  So the program is batched by JAX, and run once, with its points along a new first
axis.  Branches and loops that look at their numbers are walked for each point alone, and so is
what is large.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..arithmetic.inner_programs import equations
from ..arithmetic.noise import DRAWS

AT_ONCE, FEW = 24, 3
ROWS = 4  # points are filled up to a multiple of it, so that few traces serve all counts
ROOM = 2**21  # numbers of one array, of all draws and points
STEERED = ("cond", "while")  # batched, they would run every branch


class Walk(NamedTuple):
    """A program as it is run, its arguments, and the points that these are made of."""

    program: ClosedJaxpr
    leaves: list
    points: Sequence[list]
    is_joined: bool = False

    def each(self, outs: Sequence) -> list[list]:
        """Of what came out, arrays or tuples of them, the part of each point."""
        if not self.is_joined:
            return [list(outs)]
        part = lambda out, k: tuple(x[k] for x in out) if isinstance(out, tuple) else out[k]
        return [[part(out, k) for out in outs] for k in range(len(self.points))]


def alone(program: ClosedJaxpr, leaves: list) -> Walk:
    return Walk(program, leaves, [leaves])


def walks(program: ClosedJaxpr, points: Sequence[list]) -> Iterator[Walk]:
    """Every point of a program, in any order: many at once where that saves anything."""
    count = _at_once(program)
    for alike in _groups(points):
        chunks = [alike[k : k + count] for k in range(0, len(alike), count)]
        for some in chunks:
            joined = _joined(program, some, count) if len(some) >= FEW else None
            if joined is not None:
                yield joined
            else:
                yield from (alone(program, leaves) for leaves in some)


def _groups(points: Sequence[list]) -> list[list[list]]:
    """Those with the same integers together: where places differ, sums have other lengths."""
    groups: dict[tuple, list[list]] = {}
    for leaves in points:
        whole = tuple(np.asarray(x).tobytes() for x in leaves if x.dtype.kind != "f")
        groups.setdefault(whole, []).append(leaves)
    return list(groups.values())


def _joined(program: ClosedJaxpr, points: list[list], count: int) -> Walk | None:
    """The points, and the last of them again, until they fill their rows, `count` at most.

    None where the program has no rule of batching.
    """
    moving = [x.dtype.kind == "f" for x in points[0]]
    count = min(count, -(-len(points) // ROWS) * ROWS)
    rows = [points[min(k, len(points) - 1)] for k in range(count)]
    columns = zip(moving, zip(*rows, strict=True), strict=True)
    batched = _batched(program, tuple(moving), count)
    if batched is None:
        return None
    leaves = [np.stack(column) if moves else column[0] for moves, column in columns]
    return Walk(batched, leaves, points, is_joined=True)


@lru_cache(maxsize=64)
def _at_once(program: ClosedJaxpr) -> int:
    """How many points of a program are walked together."""
    inside = list(equations(program.jaxpr))
    largest = max((_size(v.aval) for eqn in inside for v in eqn.outvars), default=1)
    is_steered = any(eqn.primitive.name in STEERED or eqn.effects for eqn in inside)
    return 1 if is_steered else max(1, min(AT_ONCE, ROOM // (DRAWS * max(largest, 1))))


def _size(kind: Any) -> int:
    """Of an array; what is none, as a token of an effect, has no size."""
    return int(getattr(kind, "size", 1))


@lru_cache(maxsize=64)
def _batched(program: ClosedJaxpr, moving: tuple[bool, ...], count: int) -> ClosedJaxpr | None:
    """The program at `count` points, the arguments that move and all outputs by rows.

    None where JAX cannot batch it, as a primitive of somebody's own that has no rule for it.
    """
    axes = tuple(0 if moves else None for moves in moving)
    shape = lambda v, moves: (count, *v.aval.shape) if moves else v.aval.shape
    pairs = zip(program.jaxpr.invars, moving, strict=True)
    ins = [jax.ShapeDtypeStruct(shape(v, moves), v.aval.dtype) for v, moves in pairs]
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    try:
        with jax.enable_x64(True), loose[0], loose[1]:
            return jax.make_jaxpr(jax.vmap(jaxpr_as_fun(program), in_axes=axes))(*ins)
    except Exception:  # a rule of batching may be somebody's own
        return None
