"""The room that a stored output leaves: a slope that is read back from a rounded value.

A program may keep a = f(z) and take the slope from it: a (1 - a), 1 - a^2, a.  Where a is off by
its own running error e, that is the slope at another argument, off by e / |da/dz|; so the slope of
the whole is off by

    |f''(z)| e / |da/dz|

A program that works with logarithms has a = e^(z - c), and rounds z - c first: then e is
|z| |da/dz| units more; not of a complement such as 1 - a.  Where all arguments near z have the same
a, all of the slope is room; and no more than that where the complement is nearer to its limit than
half of what rounding to nearest takes for the limit itself.

The argument itself may be what was stored: a program that has 1 - p as (n - n p) / n, or as p - p p
over p, rounds p on the way.  One unit of it gives |f''(z)| |z| units of room.

`recalled` is the identity on a slope times what comes from above; arithmetics that count errors
give it this room.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import reduce
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from jax.extend.core import ClosedJaxpr, Primitive
from jax.interpreters import batching, mlir

from .bounded import Bounded, times
from .formats import Format
from .interpreter import Arithmetic, run
from .namespaces import is_traced, namespace, where
from .watched import Watched, alone, tell

KEPT, REMEMBERED = 1024, 2048  # rooms, and how many entries one of them may have
KNOWN: OrderedDict[Any, Any] = OrderedDict()
_AHEAD: ContextVar[Mapping[tuple, Any]] = ContextVar("_AHEAD", default=MappingProxyType({}))


class Stored(NamedTuple):
    """What of a chain may be stored.

    program    the slope of the chain and its slope, then each value and its slope
    limits     of each value that is stored as a complement what it tends to on either side, of
               others None: such a one may be e^(z - c)
    exponent   whether one more value is the r of a c softplus(r) + d: see tails.py
    """

    program: ClosedJaxpr
    limits: tuple[tuple[float, float] | None, ...]
    exponent: bool = False


recalled = Primitive("recalled")
recalled.def_impl(lambda product, above, at, *, program: product)
recalled.def_abstract_eval(lambda product, above, at, *, program: product)
mlir.register_lowering(recalled, lambda _, product, above, at, *, program: [product])


def _batched(operands, axes, *, program):
    """Along a first axis, all three."""
    (size,) = {x.shape[axis] for x, axis in zip(operands, axes, strict=True) if axis is not None}
    front = lambda x, axis: batching.bdim_at_front(x, axis, size)
    return recalled.bind(*map(front, operands, axes), program=program), 0


batching.primitive_batchers[recalled] = _batched


def with_room(target: Format, bounds, product: Bounded, above: Bounded, at: Bounded, program):
    """The product, in running error bounds."""
    size = abs(above.value) + above.error
    more = times(size, room(target, bounds, at.value, program))
    return Bounded(product.value, product.error + more)


def room(target: Format, bounds: Arithmetic, at, program: Any) -> Any:
    """What the slope may be off by, at arguments in float64, by a Stored or what has its own room.

    `bounds` are the running error bounds of the format.
    """
    if is_traced(at):
        return _room_at(target, bounds, at, program)
    ahead = _AHEAD.get()
    if ahead and (found := ahead.get(key(target, program, at))) is not None:
        return found
    if at.size > REMEMBERED:
        return _room_at(target, bounds, at, program)
    known = tuple(target), isinstance(target, Watched), *key(target, program, at)[1:]
    if known not in KNOWN:  # the budgets of one case come to the same arguments, one after another
        KNOWN[known] = alone(target, lambda: _room_at(target, bounds, at, program))
        if len(KNOWN) > KEPT:
            KNOWN.popitem(last=False)
    found, seen = KNOWN[known]
    tell(target, seen)
    return found


def key(target: Format, program: Any, at: Any) -> tuple:
    """What a room is of."""
    return target, program, at.shape, at.tobytes()


@contextmanager
def found_ahead(rooms: Mapping[tuple, Any]) -> Iterator[None]:
    """In this block these rooms are known, by their keys."""
    before = _AHEAD.set({**_AHEAD.get(), **rooms})
    try:
        yield
    finally:
        _AHEAD.reset(before)


def rooms_of_rows(
    target: Format, bounds: Arithmetic, stack: np.ndarray, program: Stored
) -> np.ndarray:
    """The rooms at each row of a stack."""
    return np.broadcast_to(_room_at(target, bounds, stack, program), stack.shape)


def _room_at(target: Format, bounds: Arithmetic, at, program: Any) -> Any:
    if not isinstance(program, Stored):
        return program.room(target, at)
    with np.errstate(all="ignore"):
        slope, bend, *kept = run(program.program, [Bounded(at)], bounds)
        *kept, r, _ = kept if program.exponent else (*kept, None, None)
        parts = zip(kept[::2], kept[1::2], program.limits, strict=True)
        unit = target.unit * abs(at)
        own = abs(bend.value) * unit
        rooms = [
            _room(slope.value, bend.value, a, da.value, unit)
            if limits is None
            else _room_of_complement(target, slope.value, bend.value, a, da.value, limits)
            for a, da, limits in parts
        ]
        rooms += [] if r is None else [_of_exponent(target, slope.value, r.value)]
    return reduce(namespace(at).maximum, rooms, where(namespace(own).isfinite(own), own, 0.0))


def _room(slope, bend, a: Bounded, da, unit):
    flat = (da == 0.0) & namespace(a.value).isfinite(a.value)
    error = a.error + unit * abs(da)
    off = where(flat, abs(slope), abs(bend) * error / where(flat, 1.0, abs(da)))
    return where(namespace(off).isfinite(off), off, 0.0)


def _of_exponent(target: Format, slope, r):
    """|slope| u (|L| + |r - L|), L = softplus(r)."""
    xp = namespace(r)
    logarithm = xp.maximum(r, 0.0) + xp.log1p(xp.exp(-abs(r)))
    off = abs(slope) * target.unit * (logarithm + abs(r - logarithm))
    return where(xp.isfinite(off), off, 0.0)


def _room_of_complement(target: Format, slope, bend, a: Bounded, da, limits):
    off = _room(slope, bend, a, da, 0.0)
    xp = namespace(a.value)
    rounded = [abs(a.value - limit) < target.unit / 4 * abs(limit) for limit in limits]
    return where(rounded[0] | rounded[1], xp.minimum(off, abs(slope)), off)
