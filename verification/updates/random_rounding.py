"""What a variant computes with to draw its rounding: each operation by a random one of the format.

Every other draw spells means, decays and products of matrices in the other way.  The model of one
rounding is that of gradients: arithmetic/noise.py.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic.formats import Format
from ..arithmetic.noise import DRAWS, Noise, sum_spread
from . import bases, sides
from .draws import Draws, aligned, of_leaves, turns
from .newton_schulz import as_matrices
from .vectors import Slices, along, elsewhere

SEED = 20261130


class RandomRounding:
    """What a variant computes with; leaves lie at `slices`."""

    def __init__(self, slices: Slices, target: Format):
        self.slices, self.target = slices, target
        self.noise = Noise(target, 0, DRAWS, SEED)
        self.steered: Any = False  # whether a draw has chosen another branch, for each run

    def lift(self, x: Any) -> Draws:
        return x if isinstance(x, Draws) else Draws(np.full((1, 1), float(x)), self, False)

    def scalar(self, x: Any) -> Draws:
        """A number; or one for each of many runs, as a column."""
        return self._held(np.atleast_1d(np.float64(x))[None], False)

    def vector(self, x: Any) -> Draws:
        """The entries of a run; or of many runs, one below the other."""
        return self._held(np.asarray(x, np.float64)[None], True)

    def _held(self, rows: np.ndarray, entry: bool) -> Draws:
        """A number that the format does not hold was rounded once."""
        with np.errstate(over="ignore"):
            same = rows.astype(np.dtype(self.target.name)).astype(np.float64) == rows
        return Draws(rows, self, entry) if same.all() else self.rounded(rows, entry, exact=same)

    def rounded(
        self, rows, entry: bool, roundings: float = 1.0, exact: Any = False, held: Any = None
    ) -> Draws:
        """What an operation answers, off by so many roundings; its first row is not disturbed.

        Of a number that does not depend on the entry something is left: see rounded.py.
        """
        spread = np.where(exact, 0.0, roundings * self.target.unit / 3**0.5 * np.abs(rows))
        out = self._spread(rows, spread)
        if entry:
            return Draws(out, self, True)
        made = Draws(out, self, False, held=held)
        nothing = np.abs(out - out[:1]).max(axis=0) >= np.abs(out[0])
        made.rows = np.where(nothing & (made.held == 0.0) & (out[:1] != 0.0), out[:1], out)
        return made

    def _spread(self, rows: np.ndarray, spread: np.ndarray) -> np.ndarray:
        if not spread.any():
            return rows
        noise = self.noise.draw(rows[0])
        shape = (DRAWS, *rows.shape[1:])
        drawn = np.broadcast_to(rows[1:] if len(rows) > 1 else rows, shape)
        own = np.broadcast_to(spread[1:] if len(spread) > 1 else spread, shape)
        drawn = self.noise.settle(drawn + own * noise, noise)
        below = (np.abs(drawn) < self.noise.grid) & (drawn != 0.0)  # no number of the format
        out = np.concatenate([rows[:1], np.where(below, np.abs(drawn) * np.sign(rows[:1]), drawn)])
        return turns(out, np.concatenate([rows[:1], np.where(below, 0.0, drawn)]))

    def _apply(self, of: Callable, x: Draws, roundings: float = 1.0) -> Draws:
        rows = of(x.rows)
        return self.rounded(rows, x.entry, roundings, (rows == 0.0) | (rows == 1.0))

    def _exactly(self, of: Callable, *xs: Draws) -> Draws:
        rows = [x.rows for x in xs]
        found = of(*(aligned(*rows) if len(rows) > 1 else rows))
        return Draws(found, self, any(x.entry for x in xs))

    def sqrt(self, x: Draws) -> Draws:
        return self._apply(np.sqrt, x)

    def absolute(self, x: Draws) -> Draws:
        return self._exactly(np.abs, x)

    def sign(self, x: Draws) -> Draws:
        return self._exactly(np.sign, x)

    def larger(self, x: Draws, y: Any) -> Draws:
        return self._exactly(np.maximum, x, self.lift(y))

    def power(self, base: Draws, exponent: Any) -> Draws:
        """exp(y log x): the exponent is rounded twice, and what comes of it."""
        y = self.lift(exponent)
        a, b = aligned(base.rows, y.rows)
        rows = a**b
        inner = np.abs(b * np.log(a))
        inner = np.where(np.isfinite(inner), inner, 0.0)
        spread = self.target.unit / 3**0.5 * np.abs(rows) * np.sqrt(1.0 + 2.0 * inner**2)
        return Draws(self._spread(rows, spread), self, base.entry or y.entry)

    def ratio(self, above: Draws, below: Draws) -> Draws:
        """Unknown where a number may be rounded to 0, which no draw is: the ratio is 1 there."""
        out = above / below
        a, b = aligned(above.rows, below.rows)
        gone = _may_vanish(a) | _may_vanish(b)
        rows = np.where((a == 0.0) | (b == 0.0), 1.0, np.where(gone, np.nan, out.rows))
        return Draws(rows, self, out.entry)

    def cosine(self, part: int, whole: int) -> Draws:
        angle = np.pi * part / whole
        rows = np.full((1, 1), np.cos(angle))
        return Draws(
            self._spread(rows, np.full((1, 1), self.target.unit * (1 + angle))), self, False
        )

    def exceeds(self, x: Draws, bound: int) -> bool:
        """What is not disturbed decides; where a draw decides otherwise, nothing is known.

        Of many runs the first decides: run those that differ apart.
        """
        found = x.rows > bound
        self.steered = self.steered | (found != found[:1]).any(axis=0)
        return bool(np.ravel(found)[0])

    def either(self, one: Draws, other: Callable[[], Draws]) -> Draws:
        """Two ways to one number: every other draw goes the other."""
        return Draws(self._exactly(turns, one, other()).rows, self, one.entry, one.terms)

    def mix(self, beta: Draws, old: Draws, new: Draws) -> Draws:
        other = lambda: old + (1 - beta) * (new - old)
        return self.either(beta * old + (1 - beta) * new, other)

    def piled(self, total: Draws, new: Draws, count: int) -> Draws:
        """total + new, the count-th; or count times the mean."""
        if count < 2:
            return total + new
        mean = lambda: total / (count - 1)
        return self.either(total + new, lambda: count * (mean() + (new - mean()) / count))

    def shrunk(self, w: Draws, by: Any) -> Draws:
        return self.either(w - by * w, lambda: w * (1 - by))

    def kept(self, x: Draws) -> Draws:
        """A memory may be kept times a constant: one product more."""
        return self._apply(lambda rows: rows, x)

    def written(self, w: Draws, decays: bool) -> Draws:
        """Terms multiplied out and added in another order; nothing is known of another branch."""
        size, products = w.terms
        rows = self._full(w).rows
        spread = self.target.unit / 3**0.5 * np.broadcast_to(size + products, rows.shape)
        return Draws(np.where(self.steered, np.nan, self._spread(rows, spread)), self, True)

    def leaf_sum(self, x: Draws) -> Draws:
        return self._sums(x, lambda v: of_leaves(v, self.slices, np.sum))

    def axis_sum(self, x: Draws, axis: int) -> Draws:
        return self._sums(x, lambda v: along(v, self.slices, axis))

    def total(self, x: Draws) -> Draws:
        return self._sums(x, lambda v: v.sum(axis=-1, keepdims=True))

    def _sums(self, x: Draws, of: Callable) -> Draws:
        """Sums of entries, in any order."""
        rows, count = of(x.rows), of(np.ones((1, x.rows.shape[-1])))
        spread = sum_spread(self.target, count, rows, np.sqrt(of(x.rows**2)), False)
        return Draws(self._spread(rows, np.where(count > 1, spread, 0.0)), self, x.entry)

    def leaf_largest(self, x: Draws) -> Draws:
        return self._exactly(lambda v: of_leaves(v, self.slices, np.max), x)

    def largest(self, x: Draws) -> Draws:
        return self._exactly(lambda v: v.max(axis=-1, keepdims=True), x)

    def matrices(self, x: Draws, other: Draws | None = None) -> Draws:
        if other is None:
            return self._exactly(lambda v: elsewhere(v, self.slices, 1.0), x)
        return self._exactly(
            lambda v, w: elsewhere(v, self.slices, w), *map(self._full, (x, other))
        )

    def _full(self, x: Draws) -> Draws:
        return Draws(np.broadcast_to(x.rows, (1 + DRAWS, *x.rows.shape[1:])), self, x.entry)

    def newton_schulz(self, x: Draws, coefficients: tuple, steps: int) -> Draws:
        """(b A + c A A) X, or b A X + c A (A X) of every other draw."""
        out = np.broadcast_to(x.rows, (1 + DRAWS, *x.rows.shape[1:])).copy()
        a, b, c = (Draws(np.full((1, 1, 1), float(k)), self, False) for k in coefficients)
        for s, rows, columns in as_matrices(self.slices):
            m = Draws(out[..., s].reshape(*out.shape[:-1], rows, columns), self, True)
            for _ in range(steps):
                square = self._product(m, self._exactly(lambda v: v.swapaxes(-1, -2), m))
                one = self._product(b * square + c * self._product(square, square), m)
                once = self._product(square, m)
                two = b * once + c * self._product(square, once)
                m = a * m + self._exactly(turns, one, two)
            out[..., s] = m.rows.reshape(*out.shape[:-1], -1)
        return Draws(out, self, True)

    def _product(self, a: Draws, b: Draws) -> Draws:
        return self._products(np.matmul, (a, b), a.rows.shape[-1])

    def _products(self, of: Callable, factors: tuple[Draws, ...], count: Any) -> Draws:
        """Sums of so many products, in any order."""
        rows = of(*(x.rows for x in factors))
        root = np.sqrt(of(*(x.rows**2 for x in factors)))
        return Draws(
            self._spread(rows, sum_spread(self.target, count, rows, root, True)), self, True
        )

    def eye(self, axis: int) -> Draws:
        return self.vector(sides.eye(self.slices, axis))

    def gram(self, x: Draws, axis: int) -> Draws:
        of = lambda v: sides.gram(v, self.slices, axis)
        return self._products(of, (x,), sides.lengths(self.slices, axis, 0))

    def times(self, a: Draws, x: Draws, axis: int) -> Draws:
        of = lambda v, w: sides.times(v, w, self.slices, axis)
        return self._products(
            of, (self._full(a), self._full(x)), sides.lengths(self.slices, axis, 1)
        )

    def inverse_root(self, a: Draws, p: int, axis: int) -> Draws:
        return self._of_matrices(lambda m: sides.root(m, p), a, axis)

    def basis(self, a: Draws, axis: int) -> Draws:
        return self._of_matrices(bases.basis, a, axis)

    def _of_matrices(self, of: Callable, a: Draws, axis: int) -> Draws:
        """A function of symmetric matrices by eigenvalues: they are those of a matrix beside it."""
        spread = np.empty_like(a.rows)
        for s, n in sides.sides(self.slices, axis):
            whole = np.sqrt((a.rows[..., s] ** 2).sum(axis=-1, keepdims=True))
            spread[..., s] = sides.ROUNDED * n * self.target.unit / 3**0.5 * whole
        beside = self._spread(a.rows, spread)
        even = lambda m: of((m + m.swapaxes(-1, -2)) / 2)
        rows = sides.each(even, beside, self.slices, axis)
        return self.rounded(rows, True)

    def transposed(self, a: Draws, axis: int) -> Draws:
        turned = lambda v: sides.each(lambda m: m.swapaxes(-1, -2), v, self.slices, axis)
        return self._exactly(turned, a)

    def finite(self, x: Draws) -> bool:
        return bool(np.isfinite(x.rows[0]).all())


def _may_vanish(rows: np.ndarray) -> np.ndarray:
    """Whether a draw is off by half of a number, or more."""
    return np.asarray(2.0 * np.abs(rows - rows[:1]).max(axis=0) >= np.abs(rows[0]))
