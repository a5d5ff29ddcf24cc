"""One step in many spellings: a variant's text with its sums and products in other orders.

    as written          operation after operation
    increments          m + (1 - b) (g - m) for b m + (1 - b) g, and w (1 - c) for w - c w
    terms first to last every sum multiplied out, r (g + b v) = r g + r b v, added in order
    terms last to first
    factors reversed    multiplied out, the last factor first: the rate is folded into constants
    pairs               multiplied out, terms added in pairs

All settings of a variant run side by side, one row of an array each.
"""

from collections.abc import Callable
from functools import reduce
from itertools import zip_longest
from typing import Any

import numpy as np

from .newton_schulz import iterated
from .numbers import Plain, Squares
from .vectors import Slices, along, elsewhere


class Written(Squares, Plain):
    """NumPy's arithmetic in a dtype; rows are runs, and a number of each run is a column."""

    def __init__(self, slices: Slices, dtype: str):
        self.slices, self.dtype = slices, np.dtype(dtype)

    def scalar(self, x: Any) -> Any:
        return np.asarray(x, self.dtype)

    vector = scalar
    sqrt, absolute, sign = staticmethod(np.sqrt), staticmethod(np.abs), staticmethod(np.sign)
    larger, power = staticmethod(np.maximum), staticmethod(np.power)

    def ratio(self, above, below):
        defined = (above != 0.0) & (below != 0.0)
        one = self.dtype.type(1.0)
        return np.where(defined, above / np.where(defined, below, one), one)

    def cosine(self, part: int, whole: int) -> Any:
        return self.dtype.type(np.cos(np.pi * part / whole))

    def exceeds(self, x, bound: int) -> bool:
        """Of many runs the first decides: run those that differ apart."""
        return bool(np.ravel(x > bound)[0])

    def finite(self, x) -> bool:
        return bool(np.isfinite(x)[..., :].reshape(-1, x.shape[-1])[0].all())

    def leaf_sum(self, x):
        out = np.empty_like(x)
        for leaf in self.slices:
            out[..., leaf] = x[..., leaf].sum(axis=-1, keepdims=True)
        return out

    def axis_sum(self, x, axis: int):
        return along(x, self.slices, axis)

    def matrices(self, x, other=None):
        return elsewhere(x, self.slices, 1.0 if other is None else other)

    def newton_schulz(self, x, coefficients: tuple, steps: int):
        return iterated(x, self.slices, tuple(map(self.dtype.type, coefficients)), steps)

    def total(self, x):
        return x.sum(axis=-1, keepdims=True)


class Increments(Written):
    """Means and decays in their other form."""

    def mix(self, beta, old, new):
        return old + (1 - beta) * (new - old)

    def shrunk(self, w, by):
        return w * (1 - by)


class Terms:
    """A sum of terms that is not added yet; each is a list of factors and a list of divisors."""

    __array_ufunc__ = None

    def __init__(self, terms: list[tuple[list, list]], total: Callable):
        self.terms, self.total = terms, total

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(np.shape(x) for x in self.terms[0][0]))

    def value(self) -> Any:
        return self.total(self.terms)

    def _of(self, terms: list) -> "Terms":
        return Terms(terms, self.total)

    def _lift(self, x: Any) -> list:
        return x.terms if isinstance(x, Terms) else [([_as(x, self)], [])]

    def __add__(self, other):
        return self._of([*self.terms, *self._lift(other)])

    def __neg__(self):
        return self._of([([-f[0], *f[1:]], d) for f, d in self.terms])

    def __sub__(self, other):
        return self + -self._of(self._lift(other))

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        one, two = self.terms, self._lift(other)
        if len(one) > 1 and len(two) > 1:
            one, two = ([([self._of(x).value()], [])] for x in (one, two))
        return self._of([([*f, *g], [*d, *e]) for f, d in one for g, e in two])

    def __truediv__(self, other):
        below = other.value() if isinstance(other, Terms) else _as(other, self)
        return self._of([(f, [*d, below]) for f, d in self.terms])

    def __rtruediv__(self, other):
        return self._of(self._lift(other)) / self

    __radd__, __rmul__ = __add__, __mul__


def _as(x: Any, like: Terms) -> np.ndarray:
    return np.asarray(x, like.terms[0][0][0].dtype)


class Expanded(Written):
    """Sums of products, multiplied out; `total` says in which order they are computed."""

    def __init__(self, slices: Slices, dtype: str, total: Callable):
        super().__init__(slices, dtype)
        self.total_of = total

    def vector(self, x: Any) -> Terms:
        return self._one(np.asarray(x, self.dtype))

    def _one(self, x: np.ndarray) -> Terms:
        return Terms([([x], [])], self.total_of)

    def kept(self, x):
        return self._one(_value(x))

    def written(self, w, decays: bool):
        return self._one(_value(w))

    def __getattribute__(self, name: str) -> Any:
        """Whatever is no sum or product takes values, and answers one term."""
        found = super().__getattribute__(name)
        if name not in VALUED:
            return found
        return lambda *args: self._back(found(*map(_value, args)))

    def _back(self, out: Any) -> Any:
        entry = isinstance(out, np.ndarray) and out.ndim and out.shape[-1] != 1
        return self._one(out) if entry else out


VALUED = {
    *("sqrt", "absolute", "sign", "larger", "power", "ratio", "leaf_sum", "axis_sum", "matrices"),
    *("newton_schulz", "total", "finite", "gram", "times", "inverse_root", "basis", "transposed"),
}


def _value(x: Any) -> Any:
    return x.value() if isinstance(x, Terms) else x


def _product(term: tuple[list, list], backward: bool = False) -> Any:
    factors, divisors = term
    order = factors[::-1] if backward else factors
    return reduce(lambda x, d: x / d, divisors, reduce(lambda x, y: x * y, order))


def forward(terms: list) -> Any:
    return reduce(lambda x, y: x + y, map(_product, terms))


def backward(terms: list) -> Any:
    return forward(terms[::-1])


def reversed_factors(terms: list) -> Any:
    return reduce(lambda x, y: x + y, (_product(term, backward=True) for term in terms))


def in_pairs(terms: list) -> Any:
    rows = list(map(_product, terms))
    while len(rows) > 1:
        rows = [x if y is None else x + y for x, y in zip_longest(rows[::2], rows[1::2])]
    return rows[0]


SPELLINGS: dict[str, Callable[[Slices, str], Written]] = {
    "as written": Written,
    "increments": Increments,
    "terms first to last": lambda slices, dtype: Expanded(slices, dtype, forward),
    "terms last to first": lambda slices, dtype: Expanded(slices, dtype, backward),
    "factors reversed": lambda slices, dtype: Expanded(slices, dtype, reversed_factors),
    "pairs": lambda slices, dtype: Expanded(slices, dtype, in_pairs),
}
