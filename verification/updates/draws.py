"""Numbers with their draws: what is not disturbed, and what random rounding made of it.

Terms are multiplied out beside them, as in rounded.py: for what another order of adding would do.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic.noise import DRAWS
from .rounded import nearest
from .vectors import Slices, filled


def aligned(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A number for all runs has no axis of runs: it follows that of draws."""
    more = b.ndim - a.ndim
    wide = lambda x, n: x.reshape(len(x), *(1,) * max(n, 0), *x.shape[1:])
    return wide(a, more), wide(b, -more)


def turns(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Every other draw of the other: it is spelled in another way."""
    one, other = np.broadcast_arrays(*aligned(one, other))
    odd = (np.arange(1 + DRAWS) % 2 == 1).reshape(-1, *(1,) * (one.ndim - 1))
    return np.where(odd, other, one)


class Draws:
    """A number or vector: rows are what is not disturbed, and the draws.

    `terms`: of the first row sum |t_i| and sum p_i |t_i|, multiplied out; `held`, of what does not
    depend on the entry: in the nearest numbers of the format.  See rounded.py for both.
    """

    __slots__ = ("entry", "held", "numbers", "rows", "terms")
    __array_ufunc__ = None

    def __init__(
        self, rows: np.ndarray, numbers: Any, entry: bool, terms: Any = None, held: Any = None
    ):
        self.rows, self.numbers, self.entry = rows, numbers, entry
        if not entry:
            self.held = nearest(rows[0] if held is None else held, numbers.target)
        self.terms = (np.abs(rows[0]), 0.0) if terms is None else terms

    def _with(self, other: "Draws", of: Callable, exact: Callable, terms: Any) -> "Draws":
        a, b = aligned(self.rows, other.rows)
        entry = self.entry or other.entry
        held = None if entry else of(self.held, other.held)
        out = self.numbers.rounded(of(a, b), entry, exact=exact(a, b), held=held)
        return Draws(out.rows, self.numbers, entry, terms, held) if entry else out

    def __add__(self, other):
        other = self.numbers.lift(other)
        terms = tuple(x + y for x, y in zip(self.terms, other.terms, strict=True))
        return self._with(other, np.add, lambda a, b: (a == 0.0) | (b == 0.0), terms)

    def __neg__(self):
        held = None if self.entry else -self.held
        return Draws(-self.rows, self.numbers, self.entry, self.terms, held)

    def __sub__(self, other):
        return self + -self.numbers.lift(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        other = self.numbers.lift(other)
        (s, p), (t, q) = self.terms, other.terms
        exact = lambda a, b: (abs(a) == 1.0) | (abs(b) == 1.0)
        return self._with(other, np.multiply, exact, (s * t, s * q + p * t + s * t))

    def __truediv__(self, other):
        other = self.numbers.lift(other)
        size, products = (x / np.abs(other.rows[0]) for x in self.terms)
        exact = lambda a, b: np.broadcast_to(abs(b) == 1.0, np.broadcast_shapes(a.shape, b.shape))
        return self._with(other, np.divide, exact, (size, products + size))

    def __rtruediv__(self, other):
        return self.numbers.lift(other) / self

    def __pow__(self, count: int):
        roundings = max(count - 1, 0) ** 0.5
        held = None if self.entry else self.held**count
        exact = abs(self.rows) == 1.0
        return self.numbers.rounded(self.rows**count, self.entry, roundings, exact, held)

    __radd__, __rmul__ = __add__, __mul__


def of_leaves(x: np.ndarray, where: Slices, of: Callable) -> np.ndarray:
    """`of` every leaf, at each of its entries."""
    out = x.copy()
    for leaf in filled(where):
        out[..., leaf] = of(x[..., leaf], axis=-1, keepdims=True)
    return out
