"""Floats with a bound of their rounding error: what a correct step in a dtype may be off by.

A number of the parameters is a sum of terms, t_1 + ... + t_n, each a product, and programs add them
in any order: w - r g - r b v, w - r (g + b v).  A product of p factors is rounded p - 1 times, by u
of itself each; a sum of n terms n - 1 times, by u of sum |t_i| each at most, whatever the order:

    |error| <= carried + u (sum_i p_i |t_i| + (n - 1) sum_i |t_i|)

`carried` is what the errors of the operands and underflow do, to all orders.  One term are: what a
root, a norm or a maximum answers, a number that does not depend on the entry, and what is written
at the end of a step.  A memory may be kept times a constant (the rate, 1 - b): one product more.
Hyperparameters that the dtype cannot hold start with half a unit of their own: libraries round
1 - b2 or 1 - b2^t in the dtype, where that leaves something of them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.formats import Format


class Formats:
    """Several formats at once: every array has a row for each of them."""

    def __init__(self, *formats: Format):
        column = lambda name: np.array([[getattr(one, name)] for one in formats])
        self.formats = formats
        self.unit: Any = column("unit")
        self.tiny: Any = column("tiny")
        self.largest: Any = column("largest")


class Terms(NamedTuple):
    """Of a sum: sum |t_i|, the errors carried along, sum p_i |t_i|, and the number of terms."""

    size: Any
    carried: Any
    products: Any
    count: Any

    def without(self, zero: np.ndarray) -> "Terms":
        """Of what is 0 for certain there are none."""
        return Terms(*(np.where(zero, 0.0, t) for t in self)) if zero.any() else self


class Rounded:
    """value and error, arrays of one shape or none; an infinite error where nothing is known.

    `entry` says that there is one number for each entry of the parameters.  `held`, of others, is
    what a program has that rounds each of its numbers to the nearest of the format; it is computed
    where it is asked for, as the terms are.
    """

    __slots__ = ("_held", "_terms", "entry", "error", "target", "value")
    __array_ufunc__ = None

    def __init__(
        self,
        value,
        error,
        target: Format | Formats,
        entry: bool = True,
        terms: Terms | None = None,
        held=None,
    ):
        self.value, self.error, self.target, self.entry = value, error, target, entry
        self._held, self._terms = held, terms

    @property
    def held(self):
        if self._held is None or callable(self._held):
            self._held = nearest(self._held() if self._held else self.value, self.target)
        return self._held

    @property
    def terms(self) -> Terms:
        if self._terms is None:
            one = (self.value != 0.0) | (self.error != 0.0)
            self._terms = Terms(np.abs(self.value), self.error, self.value * 0.0, one * 1.0)
        return self._terms

    def _new(self, value, carried, exact=False, slips=1, entry: bool | None = None, held=None):
        """One term that was rounded `slips` times; `exact` where it needed none."""
        target = self.target
        own = slips * (target.unit * np.abs(value) + target.tiny)
        error = carried + np.where(exact, 0.0, own)
        known = np.isfinite(error) & (np.abs(value) + error <= target.largest)
        entry = self.entry if entry is None else entry
        return Rounded(value, np.where(known, error, np.inf), target, entry, held=held)

    def _sum(self, value, terms: Terms):
        """A number of the parameters, its terms added in any order."""
        target, more = self.target, np.maximum(terms.count - 1.0, 0.0)
        error = terms.carried + target.unit * (terms.products + more * terms.size)
        known = np.isfinite(error) & (terms.size + error <= target.largest)
        return Rounded(value, np.where(known, error, np.inf), target, True, terms)

    def _lift(self, x) -> "Rounded":
        return x if isinstance(x, Rounded) else Rounded(float(x), 0.0, self.target, False)

    def _zero(self):
        return (self.value == 0.0) & (self.error == 0.0)

    def one_term(self) -> "Rounded":
        return Rounded(self.value, self.error, self.target, self.entry)

    def raised(self, error) -> "Rounded":
        """With an error that is no smaller than `error`."""
        more = np.where(error > self.error, error - self.error, 0.0)
        terms = self.terms._replace(carried=self.terms.carried + more)
        return Rounded(self.value, np.maximum(self.error, error), self.target, self.entry, terms)

    def __add__(self, other):
        b = self._lift(other)
        value = self.value + b.value
        gone = _both(self, b) & (value == 0.0)
        if not (self.entry or b.entry):
            exact = self._zero() | b._zero() | gone
            held = lambda: self.held + b.held
            return self._new(value, self._left(value, self.error + b.error, held), exact, held=held)
        terms = Terms(*(x + y for x, y in zip(self.terms, b.terms, strict=True)))
        return self._sum(value, terms.without(gone))

    def _left(self, value, error, held: Callable):
        """The error of a scalar; none, where the format has nothing of it: programs have it wider.

        bfloat16 has no 0.999: there 1 - b2 and 1 - b2^t are 0, and who rounded so divided by 0.
        """
        nothing = (value != 0.0) & (error >= np.abs(value))
        if not nothing.any():
            return error
        return np.where(nothing & (nearest(held(), self.target) == 0.0), 0.0, error)

    def __neg__(self):
        held = None if self.entry else lambda: -self.held
        return Rounded(-self.value, self.error, self.target, self.entry, self._terms, held)

    def __sub__(self, other):
        return self + -self._lift(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        a, b = self, self._lift(other)
        zero, exact = a._zero() | b._zero(), _is_one(a) | _is_one(b)
        if not (a.entry or b.entry):
            carried = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
            carried = np.where(zero, 0.0, carried)
            return a._new(a.value * b.value, carried, zero | exact, held=lambda: a.held * b.held)
        if (np.asarray(a.terms.count) > 1).any() and (np.asarray(b.terms.count) > 1).any():
            a, b = a.one_term(), b.one_term()
        x, y = a.terms, b.terms
        size, rounded = x.size * y.size, np.where(exact, 0.0, 1.0)
        carried = x.size * y.carried + y.size * x.carried + x.carried * y.carried
        products = x.products * (y.size + y.carried) + y.products * (x.size + x.carried)
        terms = Terms(
            size, carried + rounded * self.target.tiny, products + rounded * size, x.count * y.count
        )
        return self._sum(a.value * b.value, terms.without(zero))

    def __truediv__(self, other):
        b = self._lift(other)
        value, room = self.value / b.value, np.abs(b.value) - b.error
        room = np.where(room > 0.0, room, np.nan)
        zero, exact = self._zero() & (room > 0.0), _is_one(b)
        if not (self.entry or b.entry):
            carried = np.where(zero, 0.0, (self.error + np.abs(value) * b.error) / room)
            held = lambda: self.held / b.held
            return self._new(np.where(zero, 0.0, value), carried, zero | exact, held=held)
        x, rounded = self.terms, np.where(exact, 0.0, 1.0)
        size = x.size / np.abs(b.value)
        carried = (x.carried + size * b.error) / room + rounded * self.target.tiny
        terms = Terms(size, carried, x.products / room + rounded * size, x.count)
        return self._sum(np.where(zero, 0.0, value), terms.without(zero))

    def __rtruediv__(self, other):
        return self._lift(other) / self

    def __pow__(self, count: int):
        """A product of `count` factors, however it is computed."""
        value = self.value**count
        spread = np.abs(self.value) + self.error
        exact = (count == 0) | _is_one(self)
        held = None if self.entry else lambda: self.held**count
        carried = spread**count - np.abs(value)
        return self._new(value, carried, exact, slips=max(count, 1), held=held)

    __radd__, __rmul__ = __add__, __mul__


def nearest(x, target: Format | Formats):
    """The nearest number of the format, or in each row of that row's."""
    x = np.asarray(x)
    if isinstance(target, Formats):
        rows = np.broadcast_to(x, (len(target.formats), x.shape[-1] if x.ndim else 1))
        return np.stack([*map(nearest, rows, target.formats)])
    with np.errstate(all="ignore"):
        return x.astype(np.dtype(target.name)).astype(x.dtype)


def _both(a: Rounded, b: Rounded):
    return (np.asarray(a.error) == 0.0) & (np.asarray(b.error) == 0.0)


def _is_one(x: Rounded):
    return (np.abs(x.value) == 1.0) & (np.asarray(x.error) == 0.0)
