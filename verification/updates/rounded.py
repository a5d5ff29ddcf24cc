"""Floats with a bound of their rounding error: what a correct step in a dtype may be off by.

Every operation adds what rounding its result may do, and what underflow may; the errors of its
operands are carried along to all orders.  Hyperparameters that the dtype cannot hold start with
half a unit of their own: libraries round 1 - b2 or 1 - b2^t in the dtype.  Where people spell one
operation in several ways, beta m + (1 - beta) g and m + (1 - beta)(g - m), the worst counts.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic.formats import Format
from .vectors import Slices, along, elsewhere


class Rounded:
    """value and error, arrays of one shape or none; an infinite error where nothing is known."""

    __slots__ = ("value", "error", "unit", "target")
    __array_ufunc__ = None

    def __init__(self, value, error, target: Format):
        self.value, self.error, self.target = value, error, target

    def _new(self, value, carried, exact=False, slips=1):
        """A result that was rounded `slips` times; `exact` where it needed none."""
        target = self.target
        own = slips * (target.unit * np.abs(value) + target.tiny)
        error = carried + np.where(exact, 0.0, own)
        known = np.isfinite(error) & (np.abs(value) + error <= target.largest)
        return Rounded(value, np.where(known, error, np.inf), target)

    def _lift(self, x) -> "Rounded":
        return x if isinstance(x, Rounded) else Rounded(float(x), 0.0, self.target)

    def _zero(self):
        return (self.value == 0.0) & (self.error == 0.0)

    def __add__(self, other):
        b = self._lift(other)
        value = self.value + b.value
        nothing = self._zero() | b._zero()
        return self._new(value, self.error + b.error, nothing | (_both(self, b) & (value == 0.0)))

    def __neg__(self):
        return Rounded(-self.value, self.error, self.target)

    def __sub__(self, other):
        return self + -self._lift(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        b = self._lift(other)
        carried = np.abs(self.value) * b.error + np.abs(b.value) * self.error
        zero = self._zero() | b._zero()
        carried = np.where(zero, 0.0, carried + self.error * b.error)
        return self._new(self.value * b.value, carried, zero | _is_one(self) | _is_one(b))

    def __truediv__(self, other):
        b = self._lift(other)
        value, room = self.value / b.value, np.abs(b.value) - b.error
        carried = (self.error + np.abs(value) * b.error) / np.where(room > 0.0, room, np.nan)
        zero = self._zero() & (room > 0.0)
        return self._new(
            np.where(zero, 0.0, value), np.where(zero, 0.0, carried), zero | _is_one(b)
        )

    def __rtruediv__(self, other):
        return self._lift(other) / self

    def __pow__(self, count: int):
        """A product of `count` factors, however it is computed."""
        value = self.value**count
        spread = np.abs(self.value) + self.error
        exact = (count == 0) | _is_one(self)
        return self._new(value, spread**count - np.abs(value), exact, slips=max(count, 1))

    __radd__, __rmul__ = __add__, __mul__


def _both(a: Rounded, b: Rounded):
    return (np.asarray(a.error) == 0.0) & (np.asarray(b.error) == 0.0)


def _is_one(x: Rounded):
    return (np.abs(x.value) == 1.0) & (np.asarray(x.error) == 0.0)


class RunningError:
    """The arithmetic of Rounded in one format, with leaves at `slices`."""

    def __init__(self, slices: Slices, target: Format):
        self.slices, self.target = slices, target

    def scalar(self, x: Any) -> Rounded:
        """A number; or one for each of many runs, as a column."""
        value = np.asarray(x, np.float64)
        held = value.astype(np.dtype(self.target.name)).astype(np.float64)
        return Rounded(value, self.target.unit * np.abs(value) * (held != value), self.target)

    def vector(self, x: Any) -> Rounded:
        """The entries of a run; or of many runs, one below the other."""
        value = np.asarray(x, np.float64)
        return Rounded(value, np.zeros(value.shape), self.target)

    def sqrt(self, x: Rounded) -> Rounded:
        """Unknown where the error reaches below 0 and the number itself is not 0 at least."""
        value = np.sqrt(np.maximum(x.value, 0.0))
        up = np.sqrt(np.maximum(x.value, 0.0) + x.error) - value
        down = value - np.sqrt(np.maximum(x.value - x.error, 0.0))
        open_below = (x.value - x.error < 0.0) & (x.error > 2.0 * self.target.tiny)
        carried = np.where(open_below, np.inf, np.maximum(up, down))
        return x._new(value, carried, x._zero())

    def absolute(self, x: Rounded) -> Rounded:
        return Rounded(np.abs(x.value), x.error, self.target)

    def sign(self, x: Rounded) -> Rounded:
        known = (np.abs(x.value) > x.error) | x._zero()
        return Rounded(np.sign(x.value), np.where(known, 0.0, 2.0), self.target)

    def larger(self, x: Rounded, y: Any) -> Rounded:
        """Where one is larger for certain it is that one; else the error of both."""
        y = x._lift(y)
        value, gap = np.maximum(x.value, y.value), x.error + y.error
        first, second = x.value - y.value > gap, y.value - x.value > gap
        both = np.maximum(x.error, y.error)
        return Rounded(
            value, np.where(first, x.error, np.where(second, y.error, both)), self.target
        )

    def power(self, base: Rounded, exponent: Any) -> Rounded:
        """exp(y log x): both factors of the exponent are rounded, and the result."""
        y = base._lift(exponent)
        value, log = base.value**y.value, np.abs(np.log(base.value))
        unit = self.target.unit
        inner = np.abs(y.value) * (base.error / base.value + unit) + log * y.error
        return base._new(value, np.abs(value) * np.expm1(inner), slips=2)

    def ratio(self, above: Rounded, below: Rounded) -> Rounded:
        zero = above._zero() | below._zero()
        filled = Rounded(np.where(zero, 1.0, below.value), below.error, self.target)
        out = above / filled
        return Rounded(np.where(zero, 1.0, out.value), np.where(zero, 0.0, out.error), self.target)

    def cosine(self, part: int, whole: int) -> Rounded:
        """cos of a rounded multiple of a rounded pi."""
        angle = np.pi * part / whole
        unit = self.target.unit
        return Rounded(float(np.cos(angle)), unit * (3.0 * angle + 1.0), self.target)

    def exceeds(self, x: Rounded, bound: int) -> bool:
        """Of many runs the first decides: run those that differ apart."""
        return bool(np.ravel(x.value > bound)[0])

    def mix(self, beta: Rounded, old: Rounded, new: Rounded) -> Rounded:
        """The worse of both spellings; the operands' own errors count once."""
        one = (beta * old + (1 - beta) * new).error
        local = lambda x: Rounded(x.value, np.zeros_like(x.error), self.target)
        a, b = local(old), local(new)
        other = (a + (1 - beta) * (b - a)).error
        share = np.abs(beta.value) * old.error + np.abs(1.0 - beta.value) * new.error
        value = beta.value * old.value + (1.0 - beta.value) * new.value
        return Rounded(value, np.maximum(one, other + share), self.target)

    def piled(self, total: Rounded, new: Rounded, count: int) -> Rounded:
        """total + new, the count-th; or count times the mean m + (new - m) / count: the worse."""
        one, mean = total + new, total.value / max(count - 1, 1)
        slips = np.abs(one.value) + 2.0 * np.abs(new.value - mean)
        own = self.target.unit * slips + 4.0 * count * self.target.tiny
        running = total.error + new.error + np.where(count > 1, own, 0.0)
        return Rounded(one.value, np.maximum(one.error, running), self.target)

    def shrunk(self, w: Rounded, by: Any) -> Rounded:
        """w - by w and w (1 - by): the worse."""
        return self.either(w - by * w, lambda: w * (1 - by))

    def spelled(self, one: Rounded, other: Callable[[], tuple[Rounded, Rounded]]) -> Rounded:
        """The worse of two ways; the other adds a step that was rounded as a whole, once more."""
        w, change = other()
        return self.either(one, lambda: w + change._new(change.value, change.error))

    def either(self, one: Rounded, other: Callable[[], Rounded]) -> Rounded:
        """The worse of two ways to one number."""
        return Rounded(one.value, np.maximum(one.error, other().error), self.target)

    def leaf_sum(self, x: Rounded) -> Rounded:
        """In any order: as many roundings as there are terms."""
        value, error = np.empty_like(x.value), np.empty_like(x.value)
        for leaf in self.slices:
            value[..., leaf], error[..., leaf] = self._sum(x.value[..., leaf], x.error[..., leaf])
        return Rounded(value, error, self.target)

    def axis_sum(self, x: Rounded, axis: int) -> Rounded:
        """In any order, as leaf_sum."""
        error = along(x.error, self.slices, axis)
        slips = along(np.ones(x.value.shape), self.slices, axis) - 1.0
        error = error + slips * self.target.unit * along(np.abs(x.value), self.slices, axis)
        return Rounded(along(x.value, self.slices, axis), error, self.target)

    def matrices(self, x: Rounded) -> Rounded:
        value, error = elsewhere(x.value, self.slices, 1.0), elsewhere(x.error, self.slices, 0.0)
        return Rounded(value, error, self.target)

    def total(self, x: Rounded) -> Rounded:
        return Rounded(*self._sum(x.value, x.error), self.target)

    def _sum(self, value: np.ndarray, error: np.ndarray) -> tuple[Any, Any]:
        slips = max(value.shape[-1] - 1, 0) * self.target.unit
        total = lambda x: x.sum(axis=-1, keepdims=True)
        return total(value), total(error) + slips * total(np.abs(value))
