"""Running error bounds: every number carries how far rounding may have moved it so far.

Assumes IEEE rounding to nearest in the target format, the ulp bounds of ULPS for elementary
functions, sums and products in any order, and that results below the smallest normal number
may be flushed to zero.  Values are float64 at the target's inputs; bounds are per entry.
Where a correct program in the target format may overflow, the bound is infinite.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
from scipy import special

from ..vocabulary import Undecided
from .arrays import MOVES, landing
from .bounded import COMPARISONS, Bounded, Format, Predicate, decide, dot, move, select, times
from .interpreter import Arithmetic

ULPS = {  # largest error of an elementary function on any device we judge, in units of u |f(x)|
    "exp": lambda x: 4,
    "exp2": lambda x: 4 + 2 * np.abs(x),  # e^(x log 2) with the product rounded
    "expm1": lambda x: 6,
    "log": lambda x: 4,
    "log1p": lambda x: np.where((x > -0.415) & (x < -0.29), 300, 6),  # XLA leaves its fit there
    "sqrt": lambda x: 2,
    "rsqrt": lambda x: 4,
    "sin": lambda x: 4,
    "cos": lambda x: 4,
    "tanh": lambda x: 10,
    "logistic": lambda x: 10,
    "erf": lambda x: 8,
    "erfc": lambda x: 8 + 4 * x * x,  # e^(-x^2) with x^2 rounded
    "pow": lambda x: 8,
}

FIX_ZERO = ("expm1", "log1p", "sqrt", "sin", "tanh", "erf")  # f(0) is exactly 0


def bounds(target: Format) -> Arithmetic:
    """The arithmetic of running error bounds in one target format."""
    rules = {name: partial(rule, target) for name, rule in RULES.items()}
    name = f"running error bounds in {target.name}"
    return Arithmetic(name, partial(lift, target), rules | UNROUNDED, decide)


def lift(target: Format, array) -> Bounded:
    """A number as the format holds it: rounded, or flushed where it is subnormal."""
    array = np.asarray(array, np.float64)
    with np.errstate(over="ignore"):
        stored = array.astype(ml_dtypes.bfloat16 if target.name == "bfloat16" else target.name)
    inexact = stored.astype(np.float64) != array
    flushed = (np.abs(array) < target.tiny) & (array != 0)
    error = np.where(inexact, target.unit * np.abs(array), 0.0)
    return Bounded(array, error + np.where(flushed, target.tiny, 0.0))


def rounded(target: Format, value, error, roundings=1.0, exact: Any = False) -> Bounded:
    """The result of an operation: its operands' errors handed on, and its own rounding.

    `exact` marks entries that come out as 0 without rounding: no underflow touches them.
    """
    spread = error + roundings * target.unit * np.abs(value) + target.tiny
    out = Bounded(value, np.where(exact, 0.0, spread))
    size = np.abs(out.value) + out.error
    return Bounded(out.value, np.where(size <= target.largest, out.error, np.inf))


def zero(x: Bounded) -> np.ndarray:
    """Where a number is 0 and cannot be anything else."""
    return np.asarray((x.value == 0) & (x.error == 0))


def gamma(target: Format, n: int) -> float:
    """n u / (1 - n u): what n roundings in a row may do.  Higham 2002, lemma 3.1."""
    small = n * target.unit
    return small / (1.0 - small) if small < 1.0 else np.inf


# --- arithmetic ------------------------------------------------------------------------------


def add(target, x, y, **_):
    value, error = x.value + y.value, x.error + y.error
    return rounded(target, value, error, exact=(value == 0) & (error == 0))


def sub(target, x, y, **_):
    value, error = x.value - y.value, x.error + y.error
    return rounded(target, value, error, exact=(value == 0) & (error == 0))


def mul(target, x, y, **_):
    spread = times(np.abs(x.value), y.error) + times(x.error, np.abs(y.value))
    spread = spread + times(x.error, y.error)
    return rounded(target, x.value * y.value, spread, exact=zero(x) | zero(y))


def div(target, x, y, **_):
    value = x.value / y.value
    room = np.maximum(np.abs(y.value) - y.error, 0.0)
    # two roundings: compilers turn a division by a constant into a product
    error = (x.error + np.abs(value) * y.error) / room
    return rounded(target, value, error, 2.0, exact=zero(x) & (room > 0))


def integer_pow(target, x, y: int, **_):
    reach = np.abs(x.value) + np.sign(y - 1) * x.error
    slope = abs(y) * np.maximum(reach, 0.0) ** (y - 1)
    return rounded(target, x.value**y, slope * x.error, max(abs(y) - 1, 1) + (y < 0))


def power(target, x, y, **_):
    value = x.value**y.value
    shift = np.abs(y.value) * x.error / np.maximum(x.value - x.error, 0.0)
    shift = shift + np.abs(np.log(x.value)) * y.error
    return rounded(target, value, np.abs(value) * np.expm1(shift), ULPS["pow"](x.value))


def elementary(name: str, f: Callable, spread: Callable) -> Callable:
    """The rule of f, where spread(x, e) bounds |f(x + d) - f(x)| for |d| <= e."""

    def rule(target, x, **_):
        moved = np.where(x.error == 0, 0.0, spread(x.value, x.error))
        exact = zero(x) & (name in FIX_ZERO)
        return rounded(target, f(x.value), moved, ULPS[name](x.value), exact=exact)

    return rule


# --- sums ------------------------------------------------------------------------------------


def dot_general(target, a, b, dimension_numbers, **_):
    n = int(np.prod([a.shape[i] for i in dimension_numbers[0][0]], dtype=int))
    product = lambda p, q: dot(p, q, dimension_numbers)
    size_a, size_b = np.abs(a.value), np.abs(b.value)
    spread = product(size_a, b.error) + product(a.error, size_b) + product(a.error, b.error)
    error = spread + gamma(target, n) * product(size_a, size_b) + n * target.tiny
    terms = product(*(np.where(zero(x), 0.0, 1.0) for x in (a, b)))
    return rounded(target, product(a.value, b.value), error, 0.0, exact=terms == 0)


def reduce_sum(target, x, axes, **_):
    axes = tuple(axes)
    n = int(np.prod([x.shape[i] for i in axes], dtype=int))
    error = x.error.sum(axes) + gamma(target, max(n - 1, 0)) * np.abs(x.value).sum(axes)
    return rounded(target, x.value.sum(axes), error, 0.0, exact=zero(x).all(axes))


def cumsum(target, x, axis, reverse, **_):
    flip = (lambda a: np.flip(a, axis)) if reverse else (lambda a: a)
    total = lambda a: flip(np.cumsum(flip(a), axis))
    error = total(x.error) + gamma(target, x.shape[axis] - 1) * total(np.abs(x.value))
    return rounded(target, total(x.value), error, 0.0)


def scatter_add(target, x, indices, updates, **params):
    into = landing(x.shape, indices, updates.shape, params)
    kept = into >= 0
    n = int(np.bincount(into[kept], minlength=1).max())

    def total(a, b):
        out = np.array(a)
        np.add.at(out.reshape(-1), into[kept], b.ravel()[kept])
        return out

    size = total(np.abs(x.value), np.abs(updates.value))
    error = total(x.error, updates.error) + gamma(target, n) * size
    return rounded(target, total(x.value, updates.value), error, 0.0)


# --- what does not round ---------------------------------------------------------------------


def convert(target, x, new_dtype, **_):
    if isinstance(x, Bounded):
        if not np.issubdtype(new_dtype, np.floating):
            raise Undecided("a real number is turned into an integer: its digits decide a path")
        return x
    if isinstance(x, Predicate):
        if not np.all(x.sure):
            raise Undecided("a comparison within rounding becomes a number")
        x = x.value
    return lift(target, x)


def extreme(best: Callable) -> Callable:
    """max or min of two numbers, of several, or along axes."""

    def rule(x, *others, axes=(), **_):
        if axes:
            return Bounded(best.reduce(x.value, tuple(axes)), x.error.max(tuple(axes)))
        (y,) = others
        return Bounded(best(x.value, y.value), np.maximum(x.error, y.error))

    return rule


def clamp(low, x, high, **_):
    error = np.maximum(x.error, np.maximum(low.error, high.error))
    return Bounded(np.clip(x.value, low.value, high.value), error)


def sign(x, **_):
    return Bounded(np.sign(x.value), 2.0 * (np.abs(x.value) < x.error))


# --- the tables ------------------------------------------------------------------------------


def _inner(x, e):
    """The smallest |x + d| for |d| <= e."""
    return np.maximum(np.abs(x) - e, 0.0)


def _gauss(x, e):
    return 2.0 / np.sqrt(np.pi) * np.exp(-(_inner(x, e) ** 2)) * e


def _sigma_slope(x):
    return special.expit(x) * special.expit(-x)


ONE = Bounded(1.0, 0.0)
RULES = {
    "add": add,
    "add_any": add,
    "sub": sub,
    "mul": mul,
    "div": div,
    "square": lambda target, x, **_: mul(target, x, x),
    "one_minus_square": lambda target, x, **_: sub(target, ONE, mul(target, x, x)),
    "integer_pow": integer_pow,
    "pow": power,
    "exp": elementary("exp", np.exp, lambda x, e: np.exp(x) * np.expm1(e)),
    "exp2": elementary("exp2", np.exp2, lambda x, e: np.exp2(x) * np.expm1(np.log(2) * e)),
    "expm1": elementary("expm1", np.expm1, lambda x, e: np.exp(x) * np.expm1(e)),
    "log": elementary("log", np.log, lambda x, e: -np.log1p(-np.minimum(e / np.abs(x), 1))),
    "log1p": elementary("log1p", np.log1p, lambda x, e: -np.log1p(-np.minimum(e / (1 + x), 1))),
    "sqrt": elementary("sqrt", np.sqrt, lambda x, e: e / (np.sqrt(x) + np.sqrt(_inner(x, e)))),
    "rsqrt": elementary("rsqrt", lambda x: x**-0.5, lambda x, e: _inner(x, e) ** -0.5 - x**-0.5),
    "sin": elementary("sin", np.sin, lambda x, e: e),
    "cos": elementary("cos", np.cos, lambda x, e: e),
    "tanh": elementary("tanh", np.tanh, lambda x, e: 4 * _sigma_slope(2 * _inner(x, e)) * e),
    "logistic": elementary("logistic", special.expit, lambda x, e: _sigma_slope(_inner(x, e)) * e),
    "erf": elementary("erf", special.erf, _gauss),
    "erfc": elementary("erfc", special.erfc, _gauss),
    "reduce_sum": reduce_sum,
    "cumsum": cumsum,
    "scatter-add": scatter_add,
    "dot_general": dot_general,
    "convert_element_type": convert,
}
UNROUNDED = (
    {name: move(name) for name in MOVES if name not in RULES}
    | COMPARISONS
    | {
        "neg": lambda x, **_: Bounded(-x.value, x.error),
        "abs": lambda x, **_: Bounded(np.abs(x.value), x.error),
        "sign": sign,
        "max": extreme(np.maximum),
        "min": extreme(np.minimum),
        "reduce_max": extreme(np.maximum),
        "reduce_min": extreme(np.minimum),
        "clamp": clamp,
        "stop_gradient": lambda x, **_: x,
        "select_n": select,
    }
)
