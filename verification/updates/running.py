"""What a variant computes with to know its running error: the operations of Rounded in a format."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic.formats import Format
from . import bases, sides
from .newton_schulz import bounded
from .rounded import Formats, Rounded, nearest
from .vectors import Slices, along, elsewhere, filled


def _value(x: Rounded) -> Any:
    return x.value


def _magnitude(x: Rounded) -> Any:
    return np.abs(x.value)


def _reach(x: Rounded) -> Any:
    return np.abs(x.value) + x.error


class RunningError:
    """The arithmetic of Rounded in one format, with leaves at `slices`; values are `wide`."""

    def __init__(self, slices: Slices, target: Format | Formats, wide: Any = np.float64):
        self.slices, self.target, self.wide = slices, target, wide
        self.steered: Any = False  # whether rounding may have chosen another branch, for each run

    def scalar(self, x: Any) -> Rounded:
        """A number; or one for each of many runs, as a column."""
        value = np.asarray(x, self.wide)
        return Rounded(value, self._held(value), self.target, False)

    def vector(self, x: Any) -> Rounded:
        """The entries of a run; or of many runs, one below the other."""
        value = np.asarray(x, self.wide)
        return Rounded(value, self._held(value), self.target)

    def _held(self, value: np.ndarray) -> np.ndarray:
        """Half a unit where the format does not hold a number."""
        held = nearest(value, self.target)
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
        """Unknown where a number that is not 0 may be rounded to 0: the ratio is 1 there."""
        zero = above._zero() | below._zero()
        filled = Rounded(np.where(zero, 1.0, below.value), below.error, self.target)
        out = above.one_term() / filled
        gone = (np.abs(above.value) <= above.error) | (np.abs(below.value) <= below.error)
        error = np.where(zero, 0.0, np.where(gone, np.inf, out.error))
        return Rounded(np.where(zero, 1.0, out.value), error, self.target)

    def cosine(self, part: int, whole: int) -> Rounded:
        """cos of a rounded multiple of a rounded pi."""
        angle = np.arccos(self.wide(-1.0)) * part / whole
        unit = self.target.unit
        return Rounded(np.cos(angle), unit * (3.0 * angle + 1.0), self.target, False)

    def exceeds(self, x: Rounded, bound: int) -> bool:
        """Of many runs the first decides: run those that differ apart.

        Where rounding may decide otherwise, nothing is known of the parameters from then on.
        """
        self.steered = self.steered | ~(np.abs(x.value - bound) > x.error)
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
        return Rounded(
            w.value, np.where(self.steered, np.inf, w.error + more), self.target, w.entry
        )

    def leaf_sum(self, x: Rounded) -> Rounded:
        """In any order: as many roundings as there are terms."""
        value, error = np.empty_like(x.value), np.empty_like(x.value)
        for leaf in self.slices:
            value[..., leaf], error[..., leaf] = self._sum(x.value[..., leaf], x.error[..., leaf])
        return Rounded(value, error, self.target)

    def leaf_largest(self, x: Rounded) -> Rounded:
        """The largest entry of each leaf is off by no more than the worst of them."""
        value, error = x.value.copy(), x.error.copy()
        for leaf in filled(self.slices):
            value[..., leaf] = x.value[..., leaf].max(axis=-1, keepdims=True)
            error[..., leaf] = x.error[..., leaf].max(axis=-1, keepdims=True)
        return Rounded(value, error, self.target)

    def largest(self, x: Rounded) -> Rounded:
        most = lambda x: x.max(axis=-1, keepdims=True)
        return Rounded(most(x.value), most(x.error), self.target)

    def axis_sum(self, x: Rounded, axis: int) -> Rounded:
        """In any order, as leaf_sum."""
        error = along(x.error, self.slices, axis)
        slips = along(np.ones(x.value.shape), self.slices, axis) - 1.0
        error = error + slips * self.target.unit * along(np.abs(x.value), self.slices, axis)
        return Rounded(along(x.value, self.slices, axis), error, self.target)

    def matrices(self, x: Rounded, other: Rounded | None = None) -> Rounded:
        """The entries of matrices; of other leaves those of `other`, or 1."""
        one, none = (1.0, 0.0) if other is None else (other.value, other.error)
        value = elsewhere(x.value, self.slices, one)
        return Rounded(value, elsewhere(x.error, self.slices, none), self.target)

    def newton_schulz(self, x: Rounded, coefficients: tuple, steps: int) -> Rounded:
        """A bound by norms, for matrices are multiplied in any order: see newton_schulz.py."""
        told = bounded(x.value, x.error, self.slices, coefficients, steps, self.target.unit)
        return Rounded(*told, self.target)

    def eye(self, axis: int) -> Rounded:
        return self.vector(sides.eye(self.slices, axis))

    def gram(self, x: Rounded, axis: int) -> Rounded:
        """Sums of products in any order."""
        of = lambda v: sides.gram(v, self.slices, axis)
        return self._products(of, (x,), sides.lengths(self.slices, axis, 0))

    def times(self, a: Rounded, x: Rounded, axis: int) -> Rounded:
        """Sums of products in any order; of three matrices, in either order."""
        of = lambda v, w: sides.times(v, w, self.slices, axis)
        return self._products(of, (a, x), sides.lengths(self.slices, axis, 1))

    def _products(self, of: Callable, factors: tuple, count: np.ndarray) -> Rounded:
        value, below = (of(*map(f, factors)) for f in (_value, _magnitude))
        above = of(*map(_reach, factors))
        own = count * (self.target.unit * above + self.target.tiny)
        return Rounded(value, np.where(above == 0.0, 0.0, above - below + own), self.target)

    def inverse_root(self, a: Rounded, p: int, axis: int) -> Rounded:
        """A bound by norms: see sides.py."""
        unit, where, error = self.target.unit, self.slices, []
        value = sides.each(lambda m: sides.root(m, p), a.value, where, axis)
        for s, n in sides.sides(where, axis):
            m, off = (v[..., s].reshape(*v.shape[:-1], n, n) for v in (a.value, a.error))
            error.append(sides.root_error(m, off, p, unit).reshape(*a.value.shape[:-1], -1))
        return Rounded(value, np.concatenate(error, axis=-1), self.target)

    def transposed(self, a: Rounded, axis: int) -> Rounded:
        of = lambda v: sides.each(lambda m: m.swapaxes(-1, -2), v, self.slices, axis)
        return Rounded(of(a.value), of(a.error), self.target)

    def basis(self, a: Rounded, axis: int) -> Rounded:
        """A bound by the gaps between eigenvalues: see bases.py."""
        error = []
        for s, n in sides.sides(self.slices, axis):
            m, off = (v[..., s].reshape(*v.shape[:-1], n, n) for v in (a.value, a.error))
            told = bases.basis_error(m, off, self.target.unit)
            error.append(told.reshape(*a.value.shape[:-1], -1))
        value = sides.each(bases.basis, a.value, self.slices, axis)
        return Rounded(value, np.concatenate(error, axis=-1), self.target)

    def finite(self, x: Rounded) -> bool:
        """Of many runs the first decides, as in `exceeds`."""
        return bool(np.isfinite(x.value).reshape(-1, x.value.shape[-1])[0].all())

    def total(self, x: Rounded) -> Rounded:
        return Rounded(*self._sum(x.value, x.error), self.target)

    def _sum(self, value: np.ndarray, error: np.ndarray) -> tuple[Any, Any]:
        slips = max(value.shape[-1] - 1, 0) * self.target.unit
        total = lambda x: x.sum(axis=-1, keepdims=True)
        return total(value), total(error) + slips * total(np.abs(value))


class Beside(RunningError):
    """The same in several formats at once, a row for each: most of the time goes into calls."""

    def scalar(self, x: Any) -> Rounded:
        return super().scalar(self._rows(np.reshape(x, (1, 1))))

    def vector(self, x: Any) -> Rounded:
        return super().vector(self._rows(np.reshape(x, (1, -1))))

    def _rows(self, x: np.ndarray) -> np.ndarray:
        return np.repeat(x, np.size(self.target.unit), axis=0)
