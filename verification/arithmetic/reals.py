"""Real balls as Python numbers: what NumPy code computes with when its arrays hold objects.

np.exp of an array of objects calls each one's exp(), and so on: a program written in NumPy runs
over proven intervals as it stands.  There is no float(x): code that needs one raises TypeError.
"""

import numpy as np
from flint import arb

from ..vocabulary import Undecided
from .arrays import box


class Real:
    """A real number within `ball`.  Comparisons raise Undecided where balls overlap."""

    __slots__ = ("ball",)

    def __init__(self, ball: arb):
        self.ball = ball

    def __neg__(self):
        return Real(-self.ball)

    def __abs__(self):
        return Real(abs(self.ball))

    def conjugate(self):
        return self

    def __eq__(self, other):
        return not self != other

    def __ne__(self, other):
        return _decided(self, other, lambda x, y: x != y, lambda x, y: x == y)

    __pos__ = conjugate
    __hash__ = None  # type: ignore[assignment]  # equal balls need not be equal numbers


def _ball(x) -> arb:
    """Raises TypeError for what is no number."""
    return x.ball if isinstance(x, Real) else x if isinstance(x, arb) else arb(float(x))


def _decided(x, y, holds, fails) -> bool:
    x, y = _ball(x), _ball(y)
    if holds(x, y):
        return True
    if fails(x, y):
        return False
    raise Undecided("a comparison of overlapping balls steers the program")


def _operator(f, flipped: bool):
    def apply(self, other):
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Real(f(_ball(other), self.ball) if flipped else f(self.ball, _ball(other)))

    return apply


def _comparison(holds, fails):
    return lambda self, other: _decided(self, other, holds, fails)


OPERATORS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "truediv": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
}
COMPARISONS = {
    "lt": (lambda x, y: x < y, lambda x, y: x >= y),
    "le": (lambda x, y: x <= y, lambda x, y: x > y),
    "gt": (lambda x, y: x > y, lambda x, y: x <= y),
    "ge": (lambda x, y: x >= y, lambda x, y: x < y),
}
FUNCTIONS = {  # NumPy's name -> what it is
    "exp": lambda x: x.exp(),
    "exp2": lambda x: arb(2) ** x,
    "expm1": lambda x: x.expm1(),
    "log": lambda x: x.log(),
    "log2": lambda x: x.log() / arb(2).log(),
    "log10": lambda x: x.log() / arb(10).log(),
    "log1p": lambda x: x.log1p(),
    "sqrt": lambda x: x.sqrt(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": lambda x: x.tan(),
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "tanh": lambda x: x.tanh(),
    "arctan": lambda x: x.atan(),
}
for _name, _f in OPERATORS.items():
    setattr(Real, f"__{_name}__", _operator(_f, flipped=False))
    setattr(Real, f"__r{_name}__", _operator(_f, flipped=True))
for _name, _tests in COMPARISONS.items():
    setattr(Real, f"__{_name}__", _comparison(*_tests))
for _name, _f in FUNCTIONS.items():
    setattr(Real, _name, lambda self, f=_f: Real(f(self.ball)))


def objects(array: np.ndarray) -> np.ndarray:
    """A float array as an array of exact reals."""
    return box(np.frompyfunc(lambda x: Real(arb(float(x))), 1, 1)(array))


def balls(answer) -> np.ndarray:
    """What came out, as an array of balls: of reals, of balls, or of numbers taken as exact."""
    return box(np.frompyfunc(_ball, 1, 1)(np.asarray(answer, object)))
