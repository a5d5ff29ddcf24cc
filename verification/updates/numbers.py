"""The numbers that a rule is run in without a bound: exact ones, and plain floats of a dtype.

Exact are vectors of fractions, or of real balls, as arrays of objects.  Plain floats say quickly
what a mistake would have done.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
from flint import arb, fmpq

from ..vocabulary import NoRule, Undecided
from . import bases, sides
from .newton_schulz import iterated
from .vectors import Slices, along, elsewhere, filled


class Plain:
    """Operations that are what their formula says, in numbers without an error of their own."""

    def mix(self, beta, old, new):
        return beta * old + (1 - beta) * new

    def piled(self, total, new, count: int):
        return total + new

    def shrunk(self, w, by):
        return w - by * w

    def either(self, one, other: Callable):
        return one

    def kept(self, x):
        return x

    def written(self, w, decays: bool):
        return w


class Squares:
    """Operations on the square matrices beside a matrix of weights, for what has `slices`."""

    slices: Slices
    vector: Callable

    def eye(self, axis: int):
        return self.vector(sides.eye(self.slices, axis))

    def gram(self, x, axis: int):
        return sides.gram(x, self.slices, axis)

    def times(self, a, x, axis: int):
        return sides.times(a, x, self.slices, axis)

    def inverse_root(self, a, p: int, axis: int):
        return sides.each(lambda m: sides.root(m, p), a, self.slices, axis)

    def basis(self, a, axis: int):
        return sides.each(bases.basis, a, self.slices, axis)

    def transposed(self, a, axis: int):
        return sides.each(lambda m: m.swapaxes(-1, -2), a, self.slices, axis)


class Exact(Squares, Plain):
    """What a variant computes with; `lift` makes one number of a float.

    Raises NoRule for an operation that the numbers do not have, Undecided for a comparison of
    overlapping balls.
    """

    def __init__(self, where: Slices, lift: Callable, functions: dict[str, Callable]):
        self.slices, self.lift, self.functions = where, lift, functions

    def scalar(self, x: float) -> Any:
        return self.lift(float(x))

    def vector(self, x: Iterable[float]) -> np.ndarray:
        lifted = [self.lift(float(entry)) for entry in x]
        out = np.empty(len(lifted), object)
        out[:] = lifted
        return out

    def _apply(self, name: str, *args):
        if name not in self.functions:
            raise NoRule(f"{name} of a fraction need not be one")
        arrays = np.broadcast_arrays(*(np.asarray(x, object) for x in args))
        flat = [
            self.functions[name](*row) for row in zip(*(a.ravel() for a in arrays), strict=True)
        ]
        if not arrays[0].shape:
            return flat[0]
        out = np.empty(len(flat), object)
        out[:] = flat
        return out

    def sqrt(self, x):
        return self._apply("sqrt", x)

    def sign(self, x):
        return self._apply("sign", x)

    def larger(self, x, y):
        return self._apply("larger", x, y)

    def power(self, base, exponent):
        return self._apply("power", base, exponent)

    def ratio(self, above, below):
        return self._apply("ratio", above, below)

    def cosine(self, part: int, whole: int):
        """cos(pi part / whole)."""
        return self._apply("cosine", part, whole)

    def absolute(self, x):
        return abs(x)

    def exceeds(self, x, bound: int) -> bool:
        if x > bound:
            return True
        if x < bound:
            return False
        raise Undecided("a comparison of overlapping balls steers the rule")

    def leaf_sum(self, x: np.ndarray) -> np.ndarray:
        out = x.copy()
        for leaf in self.slices:
            out[leaf] = x[leaf].sum()
        return out

    def leaf_largest(self, x: np.ndarray) -> np.ndarray:
        out = x.copy()
        for leaf in filled(self.slices):
            out[leaf] = self.largest(x[leaf])
        return out

    def largest(self, x: np.ndarray):
        return reduce(self.functions["larger"], x)

    def axis_sum(self, x: np.ndarray, axis: int) -> np.ndarray:
        return along(x, self.slices, axis)

    def matrices(self, x: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
        return elsewhere(x, self.slices, self.lift(1.0) if other is None else other)

    def newton_schulz(self, x: np.ndarray, coefficients: tuple, steps: int) -> np.ndarray:
        return iterated(x, self.slices, tuple(map(self.lift, coefficients)), steps)

    def inverse_root(self, a, p: int, axis: int):
        made = self._of_matrices("inverse_root")
        return sides.each(lambda m: made(m, p), a, self.slices, axis)

    def basis(self, a, axis: int):
        return sides.each(self._of_matrices("basis"), a, self.slices, axis)

    def _of_matrices(self, name: str) -> Callable:
        if name not in self.functions:
            raise NoRule(f"the {name} of a matrix of fractions need not be one")
        return self.functions[name]

    def finite(self, x: np.ndarray) -> bool:
        return all(entry.is_finite() for entry in x if isinstance(entry, arb))

    def total(self, x: np.ndarray):
        return x.sum()


def balls(slices: Slices) -> Exact:
    return Exact(slices, arb, BALLS)


def rationals(slices: Slices) -> Exact:
    """Quotients of whole numbers, by FLINT."""
    return Exact(slices, _fraction, RATIONALS)


def _fraction(x: float) -> fmpq:
    if x - x != 0.0:
        raise NoRule(f"{x} is no fraction")
    return fmpq(*x.as_integer_ratio())


def fractions(slices: Slices) -> Exact:
    """Quotients of whole numbers, by Python itself."""
    return Exact(slices, Fraction, RATIONALS)


def _ratio(above, below):
    return above / below if above != 0 and below != 0 else above * 0 + 1


RATIONALS: dict[str, Callable] = {
    "sign": lambda x: x * 0 + (x > 0) - (x < 0),
    "larger": lambda x, y: x if x > y else y,
}
BALLS: dict[str, Callable] = {
    "sqrt": lambda x: x.sqrt(),
    "sign": lambda x: x.sgn(),
    "larger": lambda x, y: x.max(y),
    "power": lambda x, y: x**y,
    "ratio": _ratio,
    "cosine": lambda part, whole: (arb(part) / whole).cos_pi(),
    "inverse_root": sides.enclosed,
    "basis": bases.enclosed,
}


class Floats(Squares, Plain):
    """NumPy's own arithmetic, with leaves at `slices`."""

    def __init__(self, slices: Slices, dtype: str = "float64"):
        self.slices, self.dtype = slices, np.dtype(dtype)

    def scalar(self, x: float) -> Any:
        return self.dtype.type(x)

    def vector(self, x) -> np.ndarray:
        return np.asarray(x, self.dtype)

    sqrt, absolute, sign = staticmethod(np.sqrt), staticmethod(np.abs), staticmethod(np.sign)
    larger, power = staticmethod(np.maximum), staticmethod(np.power)

    def ratio(self, above, below):
        defined = (above != 0.0) & (below != 0.0)
        return np.where(defined, above / np.where(defined, below, 1.0), 1.0)

    def cosine(self, part: int, whole: int) -> Any:
        return self.dtype.type(np.cos(np.pi * part / whole))

    def exceeds(self, x, bound: int) -> bool:
        return bool(x > bound)

    def leaf_sum(self, x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        for leaf in self.slices:
            out[leaf] = x[leaf].sum()
        return out

    def leaf_largest(self, x: np.ndarray) -> np.ndarray:
        out = x.copy()
        for leaf in filled(self.slices):
            out[leaf] = x[leaf].max()
        return out

    def largest(self, x: np.ndarray):
        return x.max()

    def axis_sum(self, x: np.ndarray, axis: int) -> np.ndarray:
        return along(x, self.slices, axis)

    def matrices(self, x: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
        return elsewhere(x, self.slices, 1.0 if other is None else other)

    def newton_schulz(self, x: np.ndarray, coefficients: tuple, steps: int) -> np.ndarray:
        return iterated(x, self.slices, tuple(map(self.dtype.type, coefficients)), steps)

    def finite(self, x: np.ndarray) -> bool:
        return bool(np.isfinite(x).all())

    def total(self, x: np.ndarray):
        return x.sum()
