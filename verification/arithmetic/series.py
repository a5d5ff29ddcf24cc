"""Power series over real balls: the program on x + t direction, modulo a power of t.

The coefficient of t is the directional derivative, by Arb's series functions alone: no slope of
ours takes part.  max, min, |x| and select follow the constant term, or are Undecided.
The number of terms is a context: `with terms(2): ...`, as precision is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from flint import arb, arb_mat, arb_series, ctx

from ..vocabulary import Undecided
from . import balls
from .arrays import STRUCTURE, box, decided, dot_general, each, lifted
from .interpreter import Arithmetic


@contextmanager
def terms(count: int) -> Iterator[None]:
    """Series keep this many coefficients inside the block."""
    before = ctx.cap
    ctx.cap = count
    try:
        yield
    finally:
        ctx.cap = before


def head(x: arb_series) -> arb:
    """The constant term: the value at the point itself."""
    return x[0]


def constant(x: arb) -> arb_series:
    return arb_series([x], ctx.cap)


def line(point: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """point + t direction, entry by entry."""
    ray = lambda x, v: arb_series([arb(float(x)), arb(float(v))], ctx.cap)
    return box(np.frompyfunc(ray, 2, 1)(point, direction))


# --- elementary functions --------------------------------------------------------------------


def sigma(x: arb_series) -> arb_series:
    """1 / (1 + e^-x), or e^x / (1 + e^x) where x < 0: neither overflows."""
    if head(x) < 0:
        e = x.exp()
        return e / (1 + e)
    return 1 / (1 + (-x).exp())


def tanh(x: arb_series) -> arb_series:
    """(1 - e^-2x) / (1 + e^-2x), odd in x."""
    if head(x) < 0:
        return -tanh(-x)
    e = (-2 * x).exp()
    return (1 - e) / (1 + e)


def power(x: arb_series, y) -> arb_series:
    if not isinstance(y, arb_series):
        return x ** int(y)
    if y.length() <= 1 and head(y).is_integer():
        return x ** int(float(head(y)))
    return (y * x.log()).exp()


def cbrt(x: arb_series) -> arb_series:
    return (x.log() / 3).exp() if sign(x) > 0 else -(((-x).log()) / 3).exp()


def atan2(y: arb_series, x: arb_series) -> arb_series:
    """atan(y / x) for x > 0; in the other half plane by the cotangent, without the cut."""
    if head(x) > 0:
        return (y / x).atan()
    return sign(y) * arb.pi() / 2 - (x / y).atan()


def flat(f):
    """A function that is constant between its jumps.  Raises Undecided at a jump, and near one."""

    def rule(x: arb_series) -> arb_series:
        around = f(head(x) + arb(0, 1) * arb(2) ** -100)
        if not around.is_exact():
            raise Undecided(f"a jump at {head(x).str(3)}")
        return constant(around)

    return rule


# --- decisions by the constant term ----------------------------------------------------------


def sign(x: arb_series) -> int:
    """The sign of the constant term.  Raises Undecided where it is 0, or might be."""
    if head(x) > 0:
        return 1
    if head(x) < 0:
        return -1
    raise Undecided(f"a comparison is open: the difference is {head(x).str(3)} at the point")


def compare(x: arb_series, y: arb_series) -> int:
    """sign(x - y), and 0 for series that are exactly the same."""
    if x is y:
        return 0
    if head(x).is_exact() and head(y).is_exact() and (x - y).length() == 0:
        return 0
    if head(x) in (arb.pos_inf(), arb.neg_inf()) or head(y) in (arb.pos_inf(), arb.neg_inf()):
        return 1 if head(x) > head(y) else -1
    return sign(x - y)


def larger(x: arb_series, y: arb_series) -> arb_series:
    return x if compare(x, y) >= 0 else y


def smaller(x: arb_series, y: arb_series) -> arb_series:
    return x if compare(x, y) <= 0 else y


def _fold(pick):
    def rule(x, axes, **_):
        kept = [i for i in range(x.ndim) if i not in axes]
        rows = x.transpose([*kept, *axes]).reshape(*[x.shape[i] for i in kept], -1)
        return box(np.frompyfunc(pick, 2, 1).reduce(rows, axis=-1))

    return rule


def number(x) -> arb_series:
    return x if isinstance(x, arb_series) else constant(arb(int(x)))


def convert(x, new_dtype, **_):
    if np.issubdtype(new_dtype, np.integer) or new_dtype == np.bool_:
        raise Undecided("a series is turned into an integer: its digits decide a path")
    return each(number)(x)


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum over i + j = n of (coefficients of t^i) (coefficients of t^j), by Arb's products."""
    left, right = ([_coefficient(x, n) for n in range(ctx.cap)] for x in (a, b))
    rows = [
        sum((left[i] * right[n - i] for i in range(n + 1)), arb_mat(a.shape[0], b.shape[1]))
        for n in range(ctx.cap)
    ]
    columns = zip(*(row.entries() for row in rows), strict=True)
    out = np.empty(a.shape[0] * b.shape[1], object)
    out[:] = [arb_series(list(column), ctx.cap) for column in columns]
    return out.reshape(a.shape[0], b.shape[1])


def _coefficient(x: np.ndarray, n: int) -> arb_mat:
    return arb_mat(x.shape[0], x.shape[1], [entry[n] for entry in x.flat])


RULES = STRUCTURE | {
    "add": each(lambda x, y: x + y),
    "add_any": each(lambda x, y: x + y),
    "sub": each(lambda x, y: x - y),
    "mul": each(lambda x, y: x * y),
    "div": each(lambda x, y: x / y),
    "neg": each(lambda x: -x),
    "abs": each(lambda x: x * sign(x)),
    "sign": each(lambda x: constant(arb(sign(x)))),
    "floor": each(flat(lambda x: x.floor())),
    "ceil": each(flat(lambda x: x.ceil())),
    "round": each(flat(lambda x: (x + 0.5).floor())),
    "cbrt": each(cbrt),
    "square": each(lambda x: x * x),
    "one_minus_square": each(lambda x: 1 - x * x),
    "integer_pow": lambda x, y, **_: each(lambda v: v**y if y >= 0 else 1 / v**-y)(x),
    "pow": each(power),
    "exp": each(lambda x: x.exp()),
    "exp2": each(lambda x: (x * arb(2).log()).exp()),
    "expm1": each(lambda x: x.exp() - 1),
    "log": each(lambda x: x.log()),
    "log1p": each(lambda x: (1 + x).log()),
    "log2": each(lambda x: x.log() / arb(2).log()),
    "sqrt": each(lambda x: x.sqrt()),
    "rsqrt": each(lambda x: x.rsqrt()),
    "sin": each(lambda x: x.sin()),
    "cos": each(lambda x: x.cos()),
    "tan": each(lambda x: x.tan()),
    "asin": each(lambda x: x.asin()),
    "acos": each(lambda x: x.acos()),
    "atan": each(lambda x: x.atan()),
    "atan2": each(atan2),
    "tanh": each(tanh),
    "logistic": each(sigma),
    "erf": each(lambda x: x.erf()),
    "erfc": each(lambda x: x.erfc()),
    "max": each(larger),
    "min": each(smaller),
    "clamp": each(lambda low, x, high: smaller(larger(x, low), high)),
    "lt": decided(lambda x, y: compare(x, y) < 0),
    "le": decided(lambda x, y: compare(x, y) <= 0),
    "gt": decided(lambda x, y: compare(x, y) > 0),
    "ge": decided(lambda x, y: compare(x, y) >= 0),
    "eq": decided(lambda x, y: compare(x, y) == 0),
    "ne": decided(lambda x, y: compare(x, y) != 0),
    "is_finite": decided(lambda x: bool(balls.decide(balls.finite(head(x))))),
    "stop_gradient": each(lambda x: constant(head(x))),
    "convert_element_type": convert,
    "reduce_max": _fold(larger),
    "reduce_min": _fold(smaller),
    "dot_general": dot_general(matmul),
}
SERIES = Arithmetic(
    "power series", lifted(lambda x: constant(arb(float(x)))), RULES, lambda p: np.asarray(p)[()]
)
