"""Floats with a bound of their rounding error: what a correct step in a dtype may be off by.

A number of the parameters is a sum of terms, t_1 + ... + t_n, each a product, and programs add them
in any order: w - r g - r b v, w - r (g + b v).  A product of p factors is rounded p - 1 times, by u
of itself each; a sum of n terms n - 1 times, by u of sum |t_i| each at most, whatever the order:

    |error| <= carried + u (sum_i p_i |t_i| + (n - 1) sum_i |t_i|)

`carried` is what the errors of the operands and underflow do, to all orders.  One term are: what a
root, a norm or a maximum answers, a number that does not depend on the entry, and what is written
at the end of a step.  A memory may be kept times a constant (the rate, 1 - b): one product more.
Hyperparameters that the dtype cannot hold start with half a unit of their own: libraries round
1 - b2 or 1 - b2^t in the dtype.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.formats import Format
from .vectors import Slices, along, elsewhere


class Terms(NamedTuple):
    """Of a sum: sum |t_i|, the errors carried along, sum p_i |t_i|, and the number of terms."""

    size: Any
    carried: Any
    products: Any
    count: Any


class Rounded:
    """value and error, arrays of one shape or none; an infinite error where nothing is known.

    `entry` says that there is one number for each entry of the parameters.
    """

    __slots__ = ("value", "error", "entry", "target", "terms")
    __array_ufunc__ = None

    def __init__(
        self, value, error, target: Format, entry: bool = True, terms: Terms | None = None
    ):
        self.value, self.error, self.target, self.entry = value, error, target, entry
        one = (value != 0.0) | (error != 0.0)
        self.terms = Terms(np.abs(value), error, value * 0.0, one * 1.0) if terms is None else terms

    def _new(self, value, carried, exact=False, slips=1, entry: bool | None = None):
        """One term that was rounded `slips` times; `exact` where it needed none."""
        target = self.target
        own = slips * (target.unit * np.abs(value) + target.tiny)
        error = carried + np.where(exact, 0.0, own)
        known = np.isfinite(error) & (np.abs(value) + error <= target.largest)
        entry = self.entry if entry is None else entry
        return Rounded(value, np.where(known, error, np.inf), target, entry)

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
            return self._new(value, self.error + b.error, self._zero() | b._zero() | gone)
        terms = Terms(
            *(np.where(gone, 0.0, x + y) for x, y in zip(self.terms, b.terms, strict=True))
        )
        return self._sum(value, terms)

    def __neg__(self):
        return Rounded(-self.value, self.error, self.target, self.entry, self.terms)

    def __sub__(self, other):
        return self + -self._lift(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        a, b = self, self._lift(other)
        zero, exact = a._zero() | b._zero(), _is_one(a) | _is_one(b)
        if not (a.entry or b.entry):
            carried = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
            return a._new(a.value * b.value, np.where(zero, 0.0, carried), zero | exact)
        if (np.asarray(a.terms.count) > 1).any() and (np.asarray(b.terms.count) > 1).any():
            a, b = a.one_term(), b.one_term()
        x, y = a.terms, b.terms
        size, rounded = x.size * y.size, np.where(exact, 0.0, 1.0)
        carried = x.size * y.carried + y.size * x.carried + x.carried * y.carried
        products = x.products * (y.size + y.carried) + y.products * (x.size + x.carried)
        terms = Terms(
            size, carried + rounded * self.target.tiny, products + rounded * size, x.count * y.count
        )
        return self._sum(a.value * b.value, Terms(*(np.where(zero, 0.0, t) for t in terms)))

    def __truediv__(self, other):
        b = self._lift(other)
        value, room = self.value / b.value, np.abs(b.value) - b.error
        room = np.where(room > 0.0, room, np.nan)
        zero, exact = self._zero() & (room > 0.0), _is_one(b)
        if not (self.entry or b.entry):
            carried = np.where(zero, 0.0, (self.error + np.abs(value) * b.error) / room)
            return self._new(np.where(zero, 0.0, value), carried, zero | exact)
        x, rounded = self.terms, np.where(exact, 0.0, 1.0)
        size = x.size / np.abs(b.value)
        carried = (x.carried + size * b.error) / room + rounded * self.target.tiny
        terms = Terms(size, carried, x.products / room + rounded * size, x.count)
        return self._sum(
            np.where(zero, 0.0, value), Terms(*(np.where(zero, 0.0, t) for t in terms))
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
        return Rounded(value, self._held(value), self.target, False)

    def vector(self, x: Any) -> Rounded:
        """The entries of a run; or of many runs, one below the other."""
        value = np.asarray(x, np.float64)
        return Rounded(value, self._held(value), self.target)

    def _held(self, value: np.ndarray) -> np.ndarray:
        """Half a unit where the format does not hold a number."""
        with np.errstate(over="ignore"):
            held = value.astype(np.dtype(self.target.name)).astype(np.float64)
        error = np.maximum(self.target.unit * np.abs(value), self.target.tiny)
        return np.where(held == value, 0.0, error)

    def sqrt(self, x: Rounded) -> Rounded:
        """Unknown where the error reaches below 0 and the number itself is not 0 at least."""
        value = np.sqrt(np.maximum(x.value, 0.0))
        up = np.sqrt(np.maximum(x.value, 0.0) + x.error) - value
        down = value - np.sqrt(np.maximum(x.value - x.error, 0.0))
        open_below = (x.value - x.error < 0.0) & (x.error > 2.0 * self.target.tiny)
        carried = np.where(open_below, np.inf, np.maximum(up, down))
        return x._new(value, carried, x._zero())

    def absolute(self, x: Rounded) -> Rounded:
        return Rounded(np.abs(x.value), x.error, self.target, x.entry)

    def sign(self, x: Rounded) -> Rounded:
        known = (np.abs(x.value) > x.error) | x._zero()
        return Rounded(np.sign(x.value), np.where(known, 0.0, 2.0), self.target, x.entry)

    def larger(self, x: Rounded, y: Any) -> Rounded:
        """Where one is larger for certain it is that one; else the error of both."""
        y = x._lift(y)
        value, gap = np.maximum(x.value, y.value), x.error + y.error
        first, second = x.value - y.value > gap, y.value - x.value > gap
        both = np.maximum(x.error, y.error)
        error = np.where(first, x.error, np.where(second, y.error, both))
        return Rounded(value, error, self.target, x.entry or y.entry)

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
        out = above.one_term() / filled
        return Rounded(np.where(zero, 1.0, out.value), np.where(zero, 0.0, out.error), self.target)

    def cosine(self, part: int, whole: int) -> Rounded:
        """cos of a rounded multiple of a rounded pi."""
        angle = np.pi * part / whole
        unit = self.target.unit
        return Rounded(float(np.cos(angle)), unit * (3.0 * angle + 1.0), self.target, False)

    def exceeds(self, x: Rounded, bound: int) -> bool:
        """Of many runs the first decides: run those that differ apart."""
        return bool(np.ravel(x.value > bound)[0])

    def mix(self, beta: Rounded, old: Rounded, new: Rounded) -> Rounded:
        """beta old + (1 - beta) new; or old + (1 - beta) (new - old), where that is worse."""
        rest, gap = 1 - beta, np.abs(new.value - old.value)
        one = beta * old + rest * new
        share = np.abs(beta.value) * old.error + np.abs(rest.value) * new.error
        slips = 2.0 * np.abs(rest.value) * gap + np.abs(one.value)
        own = self.target.unit * slips + 3.0 * self.target.tiny
        own = np.where(old._zero() & new._zero(), 0.0, own + gap * rest.error)
        return one.raised(own + share)

    def piled(self, total: Rounded, new: Rounded, count: int) -> Rounded:
        """total + new, the count-th; or count times the mean m + (new - m) / count: the worse."""
        one, mean = total + new, total.value / max(count - 1, 1)
        slips = np.abs(one.value) + 2.0 * np.abs(new.value - mean)
        own = self.target.unit * slips + 4.0 * count * self.target.tiny
        return one.raised(total.error + new.error + np.where(count > 1, own, 0.0))

    def shrunk(self, w: Rounded, by: Any) -> Rounded:
        """w - by w and w (1 - by): the worse."""
        return self.either(w - by * w, lambda: w * (1 - by))

    def either(self, one: Rounded, other: Callable[[], Rounded]) -> Rounded:
        """The worse of two ways to one number."""
        return one.raised(other().error)

    def kept(self, x: Rounded) -> Rounded:
        """A memory at the end of a step: it may be kept times a constant."""
        scaled = self.target.unit * np.abs(x.value)
        return Rounded(x.value, x.error + scaled, self.target, x.entry)

    def written(self, w: Rounded, decays: bool) -> Rounded:
        """The parameters at the end of a step; those that decay may be multiplied by 1 - c once.

        A term c w less is an addition less; 1 - c and its product are two roundings more.
        """
        more = self.target.unit * w.terms.size * decays
        return Rounded(w.value, w.error + more, self.target, w.entry)

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
