"""How far elementary functions of our devices are from the nearest number: in units of u |f(x)|."""

import numpy as np

from .elementary import ELEMENTARY
from .namespaces import where


def size(x):
    """|x|; 0 of an infinite one: the functions below are exact there."""
    return where(abs(x) < np.inf, abs(x), 0.0)


ULPS = {  # largest error of an elementary function on any device we judge, in units of u |f(x)|
    "exp": lambda x: 4 + 2 * size(x),  # XLA takes e^a e^b for e^(a+b), and rounds a + b
    "exp2": lambda x: 4 + 2 * size(x),  # e^(x log 2) with the product rounded
    "expm1": lambda x: 6,
    "log": lambda x: 4,
    "log1p": lambda x: where((x > -0.415) & (x < -0.29), 300, 6),  # XLA leaves its fit there
    "sqrt": lambda x: 2,
    "rsqrt": lambda x: 4,
    "sin": lambda x: 4,
    "cos": lambda x: 4,
    "tanh": lambda x: 10,
    "logistic": lambda x: 10,
    "erf": lambda x: 8,
    "erfc": lambda x: 8 + 4 * x * x,  # e^(-x^2) with x^2 rounded
    "pow": lambda x: 8,
    "atan2": lambda x: 8,
} | {name: f.ulps for name, f in ELEMENTARY.items()}

VANISH = ("exp", "exp2", "logistic")  # f(-infinity) is exactly 0
FIX_ZERO = ("expm1", "log1p", "sqrt", "sin", "tanh", "erf")  # f(0) is exactly 0
FIX_ZERO += tuple(name for name, f in ELEMENTARY.items() if f.fixed)


def power_ulps(y: int) -> tuple[int, int]:
    """Of x^n in products, n = |y|; and of 1 / x^n where y < 0, as much as n times 1 / x."""
    n = abs(y)
    return (max(n - 1, 1), 0) if y >= 0 else (n - 1, max(n, 2))


def whole_below(x, y):
    """Where x is below 0 and y whole: only whole powers are numbers there, so nobody rounds y."""
    return (x < 0.0) & (y == y.round())
