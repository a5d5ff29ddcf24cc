"""Exact rationals: every float is the fraction it denotes, and nothing is ever rounded.

Comparisons have two answers.  What is not rational (exp, log, sqrt) has no rule.
"""

import math

import numpy as np
from flint import fmpq, fmpq_mat

from ..vocabulary import NoRule, Undecided
from .arrays import STRUCTURE, box, decided, dot_general, each, lifted
from .interpreter import Arithmetic


def fraction(x: float) -> fmpq:
    """The rational that a float denotes.  Raises NoRule for inf and NaN."""
    if not math.isfinite(x):
        raise NoRule(f"{x} is not a rational number")
    return fmpq(*float(x).as_integer_ratio())


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A product of two matrices of fractions."""
    product = fmpq_mat(a.shape[0], a.shape[1], a.ravel().tolist()) * fmpq_mat(
        b.shape[0], b.shape[1], b.ravel().tolist()
    )
    out = np.empty(a.shape[0] * b.shape[1], object)
    out[:] = product.entries()
    return out.reshape(a.shape[0], b.shape[1])


def number(x) -> fmpq:
    """Integers and booleans that become fractions."""
    return x if isinstance(x, fmpq) else fmpq(int(x))


def convert(x, new_dtype, **_):
    """To a float nothing is lost; to an integer the fraction is cut off, as a cast does."""
    if new_dtype == np.bool_:
        return each(lambda v: v != 0)(x).astype(bool)
    if np.issubdtype(new_dtype, np.integer):
        return each(lambda v: int(v.trunc()))(x).astype(new_dtype)
    return each(number)(x)


def integer_pow(x, y, **_):
    return each(lambda v: v**y)(x)


def power(x, y, **_):
    """x^y for a whole y.  Raises NoRule for any other: the result need not be rational."""

    def raised(v, w):
        if number(w).q != 1:
            raise NoRule(f"rationals have no power {w}: only whole exponents stay rational")
        return v ** int(number(w).p)

    return each(raised)(x, y)


def sign(x: fmpq) -> fmpq:
    return fmpq((x > 0) - (x < 0))


def rounded(x, rounding_method, **_):
    """The nearest integer; of two as near the even one (method 1) or the one further from 0."""

    def nearest(v: fmpq) -> fmpq:
        low, tie = v.floor(), 2 * (v - v.floor()) == 1
        above = low % 2 == 1 if int(rounding_method) == 1 else v > 0
        return fmpq(low + int(above)) if tie else fmpq((v + fmpq(1, 2)).floor())

    return each(nearest)(x)


def _extreme(pick):
    def rule(x, axes, **_):
        kept = [i for i in range(x.ndim) if i not in axes]
        rows = x.transpose([*kept, *axes]).reshape(*[x.shape[i] for i in kept], -1)
        return box(np.frompyfunc(pick, 2, 1).reduce(rows, axis=-1))

    return rule


RULES = STRUCTURE | {
    "add": each(lambda x, y: x + y),
    "add_any": each(lambda x, y: x + y),
    "sub": each(lambda x, y: x - y),
    "mul": each(lambda x, y: x * y),
    "div": each(lambda x, y: x / y),
    "neg": each(lambda x: -x),
    "abs": each(lambda x: abs(x)),
    "sign": each(sign),
    "floor": each(lambda x: fmpq(x.floor())),
    "ceil": each(lambda x: fmpq(x.ceil())),
    "round": rounded,
    "square": each(lambda x: x * x),
    "one_minus_square": each(lambda x: 1 - x * x),
    "integer_pow": integer_pow,
    "pow": power,
    "max": each(max),
    "min": each(min),
    "clamp": each(lambda low, x, high: min(max(x, low), high)),
    "lt": decided(lambda x, y: x < y),
    "le": decided(lambda x, y: x <= y),
    "gt": decided(lambda x, y: x > y),
    "ge": decided(lambda x, y: x >= y),
    "eq": decided(lambda x, y: x == y),
    "ne": decided(lambda x, y: x != y),
    "is_finite": decided(lambda x: True),
    "stop_gradient": each(lambda x: x),
    "convert_element_type": convert,
    "reduce_max": _extreme(max),
    "reduce_min": _extreme(min),
    "dot_general": dot_general(matmul),
}
RATIONALS = Arithmetic("rationals", lifted(fraction), RULES, lambda p: np.asarray(p)[()])


# --- slopes ----------------------------------------------------------------------------------


def step(x: fmpq) -> int:
    """1 where x > 0, 0 where x < 0.  Raises Undecided at 0: a kink has no slope."""
    if x == 0:
        raise Undecided(
            "an exact tie of max, min or |x|: the slope there is a convention, "
            "and exact arithmetic does not choose one"
        )
    return int(x > 0)


def _max(a, x, y, **_):
    s = each(lambda u, v: step(u - v))(x, y)
    return s, 1 - s


def _clamp(a, low, x, high, **_):
    """min(max(x, low), high), which hands on what its two halves do."""
    s, _ = _max(a, x, low)
    t, of_high = _max(a, high, each(max)(x, low))
    return (1 - s) * t, s * t, of_high


def _flat(offset: fmpq):
    """Constant between jumps, which are at the integers + offset."""
    at_jump = lambda v: (v - offset).q == 1
    return lambda a, x, **_: (each(lambda v: 0 * step(fmpq(0 if at_jump(v) else 1)))(x),)


def _winner(a, x, axes, **_):
    best = np.expand_dims(a, tuple(axes))
    wins = each(lambda m, v: int(m == v))(best, x)
    for rivals in box(wins.sum(axis=tuple(axes))).flat:
        step(fmpq(1 if rivals == 1 else 0))
    return (wins,)


SLOPES = {
    "add": lambda a, x, y, **_: (1, 1),
    "add_any": lambda a, x, y, **_: (1, 1),
    "sub": lambda a, x, y, **_: (1, -1),
    "mul": lambda a, x, y, **_: (y, x),
    "div": lambda a, x, y, **_: (1 / y, -a / y),
    "neg": lambda a, x, **_: (-1,),
    "abs": lambda a, x, **_: (each(lambda v: 2 * step(v) - 1)(x),),
    "sign": lambda a, x, **_: (each(lambda v: 0 * step(v))(x),),
    "square": lambda a, x, **_: (2 * x,),
    "one_minus_square": lambda a, x, **_: (-2 * x,),
    "integer_pow": lambda a, x, y, **_: (y * integer_pow(x, y - 1),),
    "floor": _flat(fmpq(0)),
    "ceil": _flat(fmpq(0)),
    "round": _flat(fmpq(1, 2)),
    "max": _max,
    "min": lambda a, x, y, **_: _max(a, y, x),
    "clamp": _clamp,
    "reduce_max": _winner,
    "reduce_min": _winner,
}
