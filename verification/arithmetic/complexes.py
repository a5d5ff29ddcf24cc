"""Complex floats: the program as an analytic function, for a step along the imaginary axis.

max, min, |x|, select and comparisons follow the real parts.  What is not analytic has no rule.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..vocabulary import Undecided
from .arrays import STRUCTURE, dot_general
from .interpreter import Arithmetic
from .namespaces import special


def sigma(x: Any) -> np.ndarray:
    """1 / (1 + e^-x), or e^x / (1 + e^x) where re x < 0: neither overflows."""
    e = np.exp(np.where(x.real < 0, x, -x))
    return np.asarray(np.where(x.real < 0, e, 1) / (1 + e))


def select(which, *cases):
    return np.choose(np.broadcast_to(which, cases[0].shape).astype(int), cases)


def whole(rule: Callable, dtype: type) -> Callable:
    """An array also where NumPy would hand out a bare number, which no one could call plain."""

    def array(*arrays, **params):
        out = np.asarray(rule(*arrays, **params))
        return out.astype(dtype) if out.dtype == object else out

    return array


def _extreme(position):
    def rule(x, axes, **_):
        kept = [i for i in range(x.ndim) if i not in axes]
        rows = x.transpose([*kept, *axes]).reshape(*[x.shape[i] for i in kept], -1)
        place = position(rows.real, axis=-1)[..., None]
        return np.take_along_axis(rows, place, axis=-1)[..., 0]

    return rule


def _clamp(low, x, high):
    return np.where(x.real < low.real, low, np.where(x.real > high.real, high, x))


def _angle(y, x):
    """atan(y / x) for re x > 0; in the other half plane by the cotangent, without the cut."""
    half_turn = np.where(y.real < 0, -np.pi / 2, np.pi / 2).astype(y.dtype)
    with np.errstate(divide="ignore", invalid="ignore"):
        right, left = np.arctan(y / x), half_turn - np.arctan(x / y)
    return np.where(x.real > 0, right, left)


def complexes(dtype: type = np.complex128) -> Arithmetic:
    """Complex numbers of one width; NaN and overflow are left for the oracle to see."""

    def convert(x, new_dtype, **_):
        if np.issubdtype(new_dtype, np.integer) or new_dtype == np.bool_:
            raise Undecided("a complex number is turned into an integer: its digits decide a path")
        return x.astype(dtype)

    product = dot_general(np.matmul)
    arrays = {
        "convert_element_type": convert,
        "dot_general": lambda a, b, **p: product(a, b, **p).astype(dtype),
    }
    lift = lambda array: np.asarray(array, np.float64).astype(dtype)
    rules = {name: whole(rule, dtype) for name, rule in (RULES | arrays).items()}
    return Arithmetic("complex floats", lift, rules, lambda p: np.asarray(p)[()])


RULES = STRUCTURE | {
    "add": lambda x, y, **_: x + y,
    "add_any": lambda x, y, **_: x + y,
    "sub": lambda x, y, **_: x - y,
    "mul": lambda x, y, **_: x * y,
    "div": lambda x, y, **_: x / y,
    "neg": lambda x, **_: -x,
    "abs": lambda x, **_: np.where(x.real < 0, -x, x),
    "sign": lambda x, **_: np.sign(x.real).astype(x.dtype),
    "square": lambda x, **_: x * x,
    "one_minus_square": lambda x, **_: 1.0 - x * x,
    "integer_pow": lambda x, y, **_: x**y,
    "pow": lambda x, y, **_: x**y,
    "exp": lambda x, **_: np.exp(x),
    "exp2": lambda x, **_: np.exp2(x),
    "expm1": lambda x, **_: special("expm1")(x),
    "log": lambda x, **_: np.log(x),
    "log1p": lambda x, **_: special("log1p")(x),
    "log2": lambda x, **_: np.log2(x),
    "sqrt": lambda x, **_: np.sqrt(x),
    "cbrt": lambda x, **_: np.where(x.real < 0, -((-x) ** (1 / 3)), x ** (1 / 3)),
    "floor": lambda x, **_: np.floor(x.real).astype(x.dtype),
    "ceil": lambda x, **_: np.ceil(x.real).astype(x.dtype),
    "rsqrt": lambda x, **_: 1 / np.sqrt(x),
    "sin": lambda x, **_: np.sin(x),
    "cos": lambda x, **_: np.cos(x),
    "tan": lambda x, **_: np.tan(x),
    "asin": lambda x, **_: np.arcsin(x),
    "acos": lambda x, **_: np.arccos(x),
    "atan": lambda x, **_: np.arctan(x),
    "atan2": lambda y, x, **_: _angle(y, x),
    "sinh": lambda x, **_: np.sinh(x),
    "cosh": lambda x, **_: np.cosh(x),
    "asinh": lambda x, **_: np.arcsinh(x),
    "acosh": lambda x, **_: np.arccosh(x),
    "atanh": lambda x, **_: np.arctanh(x),
    "tanh": lambda x, **_: np.tanh(x),
    "logistic": lambda x, **_: sigma(x),
    "erf": lambda x, **_: special("erf")(x),
    "erfc": lambda x, **_: special("erfc")(x),
    "max": lambda x, y, **_: np.where(x.real >= y.real, x, y),
    "min": lambda x, y, **_: np.where(x.real <= y.real, x, y),
    "clamp": lambda low, x, high, **_: _clamp(low, x, high),
    "lt": lambda x, y, **_: x.real < y.real,
    "le": lambda x, y, **_: x.real <= y.real,
    "gt": lambda x, y, **_: x.real > y.real,
    "ge": lambda x, y, **_: x.real >= y.real,
    "eq": lambda x, y, **_: x.real == y.real,
    "ne": lambda x, y, **_: x.real != y.real,
    "is_finite": lambda x, **_: np.isfinite(x),
    "stop_gradient": lambda x, **_: x.real.astype(x.dtype),
    "select_n": select,
    "reduce_max": _extreme(np.argmax),
    "reduce_min": _extreme(np.argmin),
}
