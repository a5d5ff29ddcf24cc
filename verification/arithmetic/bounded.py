"""Values with error bounds: how they round, move and compare."""

import operator
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np
from jax.core import Tracer

from ..vocabulary import Undecided
from .any_order import Terms
from .arrays import moved
from .formats import Format, are_plain, rounded_to
from .interpreter import is_plain
from .moves import carried
from .namespaces import is_traced, moves, namespace, where
from .watched import added, smallest


class Bounded:
    """A value, and a bound on |computed - exact|, entry by entry; `exact`: the bound is 0.

    `terms`: how many were summed for it, where it comes from a sum; 0 elsewhere.  `parts`: what
    was added up one by one for it, see any_order.py; None elsewhere.  `among`: of the larger or the
    smaller of two numbers both of them, and where rounding cannot turn which it is.
    """

    __slots__ = ("among", "bound", "parts", "terms", "value")

    def __init__(
        self, value, bound=None, terms: int = 0, parts: Terms | None = None, among: tuple = ()
    ):
        xp = namespace(value, bound)
        self.terms, self.parts, self.among = terms, parts, among
        self.value = xp.asarray(value, xp.float64)
        whole = bound is None or xp.shape(bound) == self.value.shape
        self.bound = bound if whole else xp.broadcast_to(bound, self.value.shape)

    @property
    def error(self):
        return namespace(self.value).zeros(self.shape) if self.bound is None else self.bound

    exact = property(lambda self: self.bound is None)
    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)


def lift(target: Format, array) -> Bounded:
    """A number as the format holds it: rounded, or flushed where it is subnormal."""
    array = np.asarray(array, np.float64)
    return _literal(target, array.tobytes()) if array.ndim == 0 else _lifted(target, array)


@lru_cache(maxsize=4096)
def _literal(target: Format, number: bytes) -> Bounded:
    """A scalar, which every step of a loop reads again."""
    return _lifted(target, np.frombuffer(number, np.float64)[0])


def _lifted(target: Format, array) -> Bounded:
    array = np.asarray(array)
    if are_plain(target, array):  # as arguments are; the rest takes many times as long
        return Bounded(array)
    inexact = rounded_to(target.name, array) != array
    least = smallest(target)
    flushed = (abs(array) < least) & (array != 0)
    off = np.where(inexact, target.unit * np.abs(array), 0.0)
    error = off + np.where(flushed, least, 0.0)
    added(target, off, error)
    return Bounded(array, error if error.any() else None)


class Predicate(NamedTuple):
    """A comparison, and whether rounding could not have turned it."""

    value: Any
    sure: Any

    @property
    def shape(self):
        return self.value.shape

    @property
    def ndim(self):
        return self.value.ndim


def times(a, b):
    """a b, with 0 times infinity 0: an exact zero has no error to hand on."""
    with np.errstate(invalid="ignore"):
        product = a * b
    if not is_traced(product) and not np.isnan(product).any():
        return product
    return where((a == 0) | (b == 0), 0.0, product)


def zero(x: Bounded):
    """Where a number is 0 and cannot be anything else."""
    return (x.value == 0) if x.exact else (x.value == 0) & (x.error == 0)


def infinite(x: Bounded):
    """Where a number is infinite by itself, and not by overflow."""
    far = abs(x.value) == np.inf
    return far if x.exact else far & (x.error == 0)


def pole(x: Bounded, y: Bounded):
    """Where x / y is infinite in every program: y is 0, and x is not."""
    return zero(y) & (abs(x.value) > x.error)


def product(x: Bounded, y: Bounded):
    """x y, and 0 where nothing is taken of what is infinite by itself.

    Such a slope comes back to what was not chosen: sqrt(max(x, 0)) below 0.  Where the truth is
    not finite, nothing is judged.
    """
    with np.errstate(invalid="ignore"):
        found = x.value * y.value
    if not is_traced(found) and not np.isnan(found).any():
        return found
    return where((zero(x) & infinite(y)) | (zero(y) & infinite(x)), 0.0, found)


def rounded(target: Format, value, error, roundings=1.0, exact: Any = False) -> Bounded:
    """The result of an operation: its operands' errors handed on, and its own rounding.

    `exact` marks entries that come out as 0, or infinite, without rounding: no underflow touches
    them, nor results that are normal numbers for certain.
    """
    spread = error + roundings * target.unit * abs(value)
    spread = _underflown(target, value, spread, exact)
    spread = spread if exact is False else where(exact, 0.0, spread)
    fits = abs(value) + spread <= target.largest
    fits = fits if exact is False else fits | exact
    return Bounded(value, where(fits, spread, np.inf))


def _underflown(target: Format, value, spread, exact):
    least = smallest(target)
    normal = abs(value) - spread >= 2.0 * least
    if not is_traced(normal) and normal.all():
        return spread
    lower = spread + where(normal, 0.0, least)
    added(target, spread, lower, exact)
    return lower


def move(name: str) -> Callable:
    """Values and bounds move alike."""

    def rule(*operands, **params):
        if not any(isinstance(v, Bounded) for v in operands):
            data = carried(name, len(operands))
            said = [_truth(v) if i in data else v for i, v in enumerate(operands)]
            return Predicate(*(_part(name, k, said, params) for k in ("value", "sure")))
        if _traced(operands) or len(operands) == 1 or _joins(name, operands):
            exact = all(v.exact for v in operands if isinstance(v, Bounded))
            value = _part(name, "value", operands, params)
            return Bounded(value, None if exact else _part(name, "error", operands, params))
        numbers, places = moved(name, operands, params)
        flat = lambda part: np.concatenate([getattr(v, part).ravel() for v in numbers])[places]
        exact = all(v.exact for v in numbers)
        return Bounded(flat("value"), None if exact else flat("error"))

    return rule


def _joins(name: str, operands) -> bool:
    """Whether all operands are laid end to end, as they are: no places are needed."""
    return name in ("concatenate", "stack") and all(isinstance(v, Bounded) for v in operands)


def _part(name: str, part: str, operands, params):
    parts = [getattr(v, part) if isinstance(v, Bounded | Predicate) else v for v in operands]
    return moves(name, *parts)(*parts, **params)


def _traced(operands) -> bool:
    return is_traced(*(v.value if isinstance(v, Bounded | Predicate) else v for v in operands))


def _compare(holds: Callable) -> Callable:
    def rule(x, y, **_):
        if not (isinstance(x, Bounded) and isinstance(y, Bounded)):
            x, y = _truth(x), _truth(y)
            return Predicate(holds(x.value, y.value), x.sure & y.sure)
        value = holds(x.value, y.value)
        if x is y or (x.exact and y.exact):  # x is x, whatever it is: this asks for NaN
            return Predicate(value, namespace(value).ones_like(value))
        apart = abs(x.value - y.value) > x.error + y.error
        sure = apart | ((x.error == 0) & (y.error == 0))
        if holds in (operator.eq, operator.ne):
            sure = sure | _picked(x, y) | _picked(y, x)
        return Predicate(value, sure)

    return rule


def _picked(one: Bounded, of: Bounded) -> Any:
    """Where it is known whether `one` is what max or min has picked: that is one of its operands.

    Slopes of max(x, y) ask x == max(x, y), whose errors are the same.
    """
    first, second, known = of.among or (None, None, False)
    return known if one is first or one is second else False


def _truth(p) -> Predicate:
    return p if isinstance(p, Predicate) else Predicate(p, namespace(p).ones_like(p, dtype=bool))


def _and(p, q):
    p, q = _truth(p), _truth(q)
    sure = (p.sure & q.sure) | (p.sure & ~p.value) | (q.sure & ~q.value)
    return Predicate(p.value & q.value, sure)


def _not(p):
    return Predicate(~p.value, p.sure)


def select(which, *cases):
    """Where rounding may have turned the predicate, either case may come out."""
    index = which if is_plain(which) else which.value
    pick = lambda parts: pick_case(index, parts)
    if not any(isinstance(c, Bounded) for c in cases):
        return _select_steering(which, index, list(map(_truth, cases)))
    value = pick([c.value for c in cases])
    if is_plain(which) and all(c.exact for c in cases):
        return Bounded(value)
    error = pick([c.error for c in cases])
    if is_plain(which):
        return Bounded(value, error)
    reach = reduce(namespace(value).maximum, [abs(c.value - value) + c.error for c in cases])
    return Bounded(value, where(which.sure, error, reach))


def _select_steering(which, index, cases: list):
    """Booleans and integers: what they steer must be sure."""
    value = pick_case(index, [c.value for c in cases])
    sure = pick_case(index, [c.sure for c in cases])
    sure = sure if is_plain(which) else sure & which.sure
    if not is_traced(value) and np.all(sure):
        return np.asarray(value)
    if value.dtype.kind != "b":
        raise Undecided("a comparison within rounding picks an integer")
    return Predicate(value, sure)


def pick_case(index, parts: list):
    """Entry by entry the part that an index, or a boolean, says."""
    first, *others = parts
    for number, part in enumerate(others, 1):
        first = where(index == number, part, first)
    return first


def decide(predicate):
    if isinstance(predicate, Predicate):
        if is_traced(predicate.value) or not np.all(predicate.sure):
            raise Undecided("a comparison within rounding steers a branch or a loop")
        predicate = predicate.value
    return decided(predicate)


def decided(number):
    """A plain scalar as Python has it; under tracing only constants are known."""
    if isinstance(number, Tracer):
        raise Undecided("a branch or a loop depends on an argument: it cannot be run for many")
    return np.asarray(number)[()]


COMPARISONS = {
    "lt": _compare(operator.lt),
    "gt": _compare(operator.gt),
    "le": _compare(operator.le),
    "ge": _compare(operator.ge),
    "eq": _compare(operator.eq),
    "ne": _compare(operator.ne),
    "and": _and,
    "or": lambda p, q: _not(_and(_not(_truth(p)), _not(_truth(q)))),
    "not": _not,
    "is_finite": lambda x, **_: Predicate(
        namespace(x.value).isfinite(x.value), namespace(x.value).ones(x.shape, bool)
    ),
}
