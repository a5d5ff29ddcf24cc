"""SymPy expressions: the program becomes its own formula, along the path that a sample takes.

A comparison is decided at the sample point (by balls, or because both sides are the same) and
written down as a condition.  What is proved of the formula holds wherever the conditions do.
"""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import sympy
from flint import arb, ctx, fmpq
from sympy import Expr, Integer, Rational

from ..vocabulary import NoRule, Undecided
from .arrays import STRUCTURE, box, decided, dot_general, each, lifted
from .identities import vanishes
from .interpreter import Arithmetic

BITS = (64, 256, 1024)  # precisions at which a comparison is tried
IRRATIONAL = (sympy.sqrt(2), sympy.sqrt(sympy.pi), sympy.sqrt(2 * sympy.pi), sympy.pi)
IRRATIONAL += (sympy.sqrt(2 / sympy.pi), sympy.log(2))
LARGEST = 10**6  # of a denominator, and
SHORT = 10**10  # of numerator times denominator: one float in a million is next to such a fraction


class Cell(NamedTuple):
    """The path through the program: where it was sampled, and what was written down on the way."""

    sample: dict  # symbol -> its value at the sample point
    conditions: dict  # sentence -> None, in the order met
    constants: dict  # float -> the number it is read as, where that is another one
    frozen: dict | None = None  # symbol -> the value behind a stop_gradient
    literal: bool = False  # floats are the fractions they denote, and nothing is recognised


def cell(sample: dict, literal: bool = False) -> Cell:
    return Cell(sample, {}, {}, {}, literal)


# --- numbers ---------------------------------------------------------------------------------


def number(x: float, where: Cell) -> Expr:
    """A float as an exact number.  Its nearest short fraction, or short fraction times a constant
    of IRRATIONAL, is taken to be meant (and noted); any other float is the fraction it denotes.
    """
    if not math.isfinite(x):
        return sympy.oo * int(math.copysign(1, x)) if math.isinf(x) else sympy.nan
    exact: Any = Rational(*float(x).as_integer_ratio())
    if where.literal or exact.q <= LARGEST:
        return exact
    for factor in (Integer(1), *IRRATIONAL):
        quotient = x / float(factor)
        short = Fraction(quotient).limit_denominator(LARGEST)
        size = abs(short.numerator * short.denominator)
        if 0 < size <= (SHORT if factor == 1 else LARGEST) and abs(
            float(factor) * float(short) - x
        ) <= math.ulp(x):
            meant = factor * Rational(short.numerator, short.denominator)
            where.constants[x] = meant
            return meant
    return exact


def convert(x, new_dtype, **_):
    if np.issubdtype(new_dtype, np.integer) or new_dtype == np.bool_:
        raise Undecided("an expression is turned into an integer: its digits decide a path")
    return each(lambda v: v if isinstance(v, Expr) else Integer(int(v)))(x)


# --- evaluation ------------------------------------------------------------------------------


def enclose(expression: Any, point: dict, memo: dict | None = None) -> arb:
    """A ball that holds the value of the expression at the point, at the working precision.

    A symbol may stand for another expression.  Raises NoRule for a function without a rule.
    """
    memo = {} if memo is None else memo
    if expression not in memo:
        memo[expression] = _value(expression, point, memo)
    return memo[expression]


def _value(e: Any, point: dict, memo: dict) -> arb:
    if isinstance(e, Rational):
        return arb(fmpq(int(e.p), int(e.q)))
    if e in point:
        return enclose(sympy.sympify(point[e]), point, memo)
    args = [enclose(a, point, memo) for a in e.args]
    if isinstance(e, sympy.Add):
        return sum(args, arb(0))
    if isinstance(e, sympy.Mul):
        return math.prod(args, start=arb(1))
    if isinstance(e, sympy.Pow):
        whole = isinstance(e.exp, Integer)
        return args[0] ** int(e.exp) if whole else args[0] ** args[1]
    if e.func not in FUNCTIONS and e not in CONSTANTS:
        raise NoRule(f"expressions have no ball for {e.func.__name__} in {e}")
    return CONSTANTS[e]() if e in CONSTANTS else FUNCTIONS[e.func](*args)


CONSTANTS = {sympy.pi: arb.pi, sympy.E: arb.const_e}
FUNCTIONS: dict[Any, Any] = {
    sympy.exp: arb.exp,
    sympy.log: arb.log,
    sympy.tanh: arb.tanh,
    sympy.erf: arb.erf,
    sympy.erfc: arb.erfc,
    sympy.sin: arb.sin,
    sympy.cos: arb.cos,
}


def sign(x: Expr, y: Expr, where: Cell) -> int:
    """The sign of x - y at the sample, with the condition that keeps it; 0 if they are the same.

    Raises Undecided where x = y at the sample but not beside it: the sample is on a boundary.
    """
    x, y = thaw(x, where), thaw(y, where)
    gap = x - y
    if gap.is_number and (gap.is_Rational or gap.is_infinite):
        return int(sympy.sign(gap))
    for bits in BITS:
        with ctx.workprec(bits):
            value = _at_sample(gap, where)
        if value > 0 or value < 0:
            if gap.free_symbols:
                where.conditions[condition(x, y, bool(value > 0))] = None
            return 1 if value > 0 else -1
    if vanishes(gap):
        return 0
    raise Undecided(f"{x} and {y} meet at the sample point: take a point beside this boundary")


def thaw(e: Any, where: Cell) -> Expr:
    """What stood behind a stop_gradient takes its place again."""
    while where.frozen and e.free_symbols & where.frozen.keys():
        e = e.xreplace(where.frozen)
    return e


def condition(x: Expr, y: Expr, above: bool) -> str:
    """x > y or x < y, written as z > 0 or z < 0 where the difference is a multiple of z."""
    shared = sympy.factor_terms(x - y).as_coeff_Mul()
    if shared[1].is_Symbol:
        x, y, above = shared[1], Integer(0), above == (shared[0] > 0)
    short = lambda e: repr(float(e)) if e.is_Rational and len(str(e)) > 24 else str(e)
    return f"{short(x)} {'>' if above else '<'} {short(y)}"


def _at_sample(gap: Expr, where: Cell) -> arb:
    unknown = gap.free_symbols - set(where.sample)
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        raise Undecided(f"the sign of {gap} steers a branch, and {names} has no sample value")
    return enclose(gap, where.sample)


# --- rules -----------------------------------------------------------------------------------


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A product of two matrices of expressions."""
    out = np.empty((a.shape[0], b.shape[1]), object)
    for i, j in np.ndindex(*out.shape):
        out[i, j] = sympy.Add(*(x * y for x, y in zip(a[i], b[:, j], strict=True)))
    return out


ANALYTIC = {
    "add": each(lambda x, y: x + y),
    "add_any": each(lambda x, y: x + y),
    "sub": each(lambda x, y: x - y),
    "mul": each(lambda x, y: x * y),
    "div": each(lambda x, y: x / y),
    "neg": each(lambda x: -x),
    "square": each(lambda x: x**2),
    "one_minus_square": each(lambda x: 1 - x**2),
    "integer_pow": lambda x, y, **_: each(lambda v: v**y)(x),
    "pow": each(lambda x, y: x**y),
    "exp": each(sympy.exp),
    "exp2": each(lambda x: sympy.exp(x * sympy.log(2))),
    "expm1": each(lambda x: sympy.exp(x) - 1),
    "log": each(sympy.log),
    "log1p": each(lambda x: sympy.log(1 + x)),
    "sqrt": each(sympy.sqrt),
    "rsqrt": each(lambda x: 1 / sympy.sqrt(x)),
    "sin": each(sympy.sin),
    "cos": each(sympy.cos),
    "tanh": each(sympy.tanh),
    "logistic": each(lambda x: 1 / (1 + sympy.exp(-x))),
    "erf": each(sympy.erf),
    "erfc": each(sympy.erfc),
    "is_finite": decided(lambda x: True),
    "convert_element_type": convert,
    "dot_general": dot_general(matmul),
}


def expressions(where: Cell) -> Arithmetic:
    """The arithmetic of expressions in one cell; the path it takes is written into `where`."""
    compare = lambda x, y: sign(sympy.sympify(x), sympy.sympify(y), where)
    larger = lambda x, y: x if compare(x, y) >= 0 else y
    smaller = lambda x, y: x if compare(x, y) <= 0 else y

    def fold(pick):
        def rule(x, axes, **_):
            kept = [i for i in range(x.ndim) if i not in axes]
            rows = x.transpose([*kept, *axes]).reshape(*[x.shape[i] for i in kept], -1)
            return box(np.frompyfunc(pick, 2, 1).reduce(rows, axis=-1))

        return rule

    def freeze(x):
        if where.frozen is None or not x.free_symbols:
            return x
        symbol = sympy.Dummy("frozen", real=True)
        where.frozen[symbol] = x
        return symbol

    decisions = {
        "abs": each(lambda x: x * compare(x, 0)),
        "sign": each(lambda x: Integer(compare(x, 0))),
        "max": each(larger),
        "min": each(smaller),
        "clamp": each(lambda low, x, high: smaller(larger(x, low), high)),
        "lt": decided(lambda x, y: compare(x, y) < 0),
        "le": decided(lambda x, y: compare(x, y) <= 0),
        "gt": decided(lambda x, y: compare(x, y) > 0),
        "ge": decided(lambda x, y: compare(x, y) >= 0),
        "eq": decided(lambda x, y: compare(x, y) == 0),
        "ne": decided(lambda x, y: compare(x, y) != 0),
        "reduce_max": fold(larger),
        "reduce_min": fold(smaller),
        "stop_gradient": each(freeze),
    }
    lift = lifted(lambda x: number(x, where))
    decide = lambda p: np.asarray(p)[()]
    return Arithmetic("expressions", lift, STRUCTURE | ANALYTIC | decisions, decide)


EXPRESSIONS = expressions(Cell({}, {}, {}))  # no sample: only what needs no decision about symbols
