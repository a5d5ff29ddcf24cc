"""Real balls: every number is an interval that provably holds the true one (Arb).

Comparisons have three answers: True, False, and None where the balls overlap.
Precision is python-flint's context: `with flint.ctx.workprec(bits): ...`.
"""

import operator

import numpy as np
from flint import arb, arb_mat, ctx

from ..vocabulary import Undecided
from . import gamma_draws, observed
from .arrays import STRUCTURE, box, dot_general, each, move
from .complex_numbers import roots_of_unity
from .interpreter import Arithmetic, is_plain
from .linear_algebra import enclosed
from .moves import MOVES
from .one_thread import TOGETHER
from .special_balls import VALUES as SPECIAL

LARGE = 2**22  # products of entries: half a second of one processor
UNKNOWN = arb.nan()
UNIT = arb(0).union(1)  # [0, 1]: the shares that a tie may give to one side


def sigma(x: arb) -> arb:
    """1 / (1 + e^-x), or e^x / (1 + e^x) where e^-x has too large an exponent even for Arb."""
    e = (-x).exp()
    return 1 / (1 + e) if e.is_finite() or not x < 0 else x.exp() / (1 + x.exp())


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A product of two matrices of balls, by Arb's block multiplication; threads change no bit."""
    left = arb_mat(a.shape[0], a.shape[1], a.ravel().tolist())
    right = arb_mat(b.shape[0], b.shape[1], b.ravel().tolist())
    before = ctx.threads
    ctx.threads = TOGETHER if a.size * b.shape[1] >= LARGE else before
    try:
        product = left * right
    finally:
        ctx.threads = before
    out = np.empty(a.shape[0] * b.shape[1], object)
    out[:] = product.entries()
    return out.reshape(a.shape[0], b.shape[1])


# --- comparisons: three answers --------------------------------------------------------------


def less(x: arb, y: arb) -> bool | None:
    return True if x < y else False if x >= y else None


def equal(x, y) -> bool | None:
    """Of two balls, or of two predicates."""
    if not isinstance(x, arb):
        return None if x is None or y is None else bool(x) == bool(y)
    if not x.overlaps(y):
        return False
    if x is y:  # not NaN, or it would not overlap itself: the test `x != x` is decided
        return True
    return True if x.is_exact() and y.is_exact() and x == y else None


def negate(p):
    return None if p is None else not p


def finite(x: arb) -> bool | None:
    return True if x.is_finite() else False if abs(x) == arb.pos_inf() else None


def both(p, q):
    return False if p is False or q is False else None if p is None or q is None else True


def _truth(p):
    return None if p is None else bool(p)


def either(p, q):
    return negate(both(negate(_truth(p)), negate(_truth(q))))


def select(which, *cases):
    """Pick by a decided predicate; where it is undecided, nothing is known."""
    if is_plain(which):
        return move("select_n")(which, *cases)
    if all(map(is_plain, cases)) and cases[0].dtype.kind != "b":
        return np.asarray(MOVES["select_n"](each(decide)(which).astype(int), *cases))
    unknown = None if is_plain(cases[0]) else UNKNOWN
    pick = lambda w, *values: unknown if w is None else values[int(w)]
    return each(pick)(which, *cases)


def decide(predicate) -> bool | int | np.ndarray:
    """The answer of a predicate, one for each lane.  Raises Undecided where balls overlap."""
    values = np.asarray(predicate).tolist()
    if None in np.ravel(np.asarray(values, object)):
        raise Undecided("a comparison of overlapping balls steers a branch or a loop")
    return values if np.ndim(predicate) == 0 else np.array(values)


# --- elementary functions --------------------------------------------------------------------


def reduce_max(x, axes, **_):
    return _reduce(x, axes, arb.max)


def reduce_min(x, axes, **_):
    return _reduce(x, axes, arb.min)


def _reduce(x, axes, pick):
    kept = [i for i in range(x.ndim) if i not in axes]
    size = int(np.prod([x.shape[i] for i in axes], dtype=int))
    rows = x.transpose([*kept, *axes]).reshape(*[x.shape[i] for i in kept], size)
    return box(np.frompyfunc(pick, 2, 1).reduce(rows, axis=-1))


def integer_pow(x, y, **_):
    return each(lambda v: v**y)(x)


def rounded(x, rounding_method, **_):
    """The nearest integer; of two that are as near, the even one or the one further from 0."""
    even = int(rounding_method) == 1

    def nearest(v: arb) -> arb:
        low, high = (v - 0.5).ceil(), (v + 0.5).floor()
        if not v.is_exact() or low.overlaps(high):
            return low.union(high)
        above = (high / 2).is_integer() if even else v > 0
        return high if above else low

    return each(nearest)(x)


def cbrt(x: arb) -> arb:
    """Odd; Arb has it of positive numbers only."""
    if x > 0:
        return x.root(3)
    if x < 0:
        return -(-x).root(3)
    if x.is_zero():
        return x
    most = x.abs_upper().root(3)
    return most.union(-most)


def sign(x: arb) -> arb:
    return arb(1) if x > 0 else arb(-1) if x < 0 else arb(0) if x.is_zero() else UNKNOWN


def clamp(low, x, high):
    return each(lambda a, v, b: v.max(a).min(b))(low, x, high)


def number(x):
    """Integers and three-valued booleans that become floats."""
    if isinstance(x, arb):
        return x
    return UNKNOWN if x is None else arb(int(x))


def truncated(x: arb) -> int:
    """Towards 0.  Raises Undecided where the ball holds numbers that are cut differently."""
    whole = x.ceil() if x < 0 else x.floor()
    number = whole.unique_fmpz()
    if number is None:
        raise Undecided("a real number is turned into an integer: its digits decide a path")
    return int(number)


def convert(x, new_dtype, **_):
    if np.issubdtype(new_dtype, np.integer) or new_dtype == np.bool_:
        whole = truncated if new_dtype != np.bool_ else lambda v: negate(equal(v, arb(0)))
        turn = lambda v: decide(whole(v) if isinstance(v, arb) else v)
        return box(each(turn)(x)).astype(new_dtype)
    return each(number)(x)


def lift(array) -> np.ndarray:
    """The numbers themselves, as balls without a radius."""
    array = np.asarray(array, np.float64)
    out = np.empty(array.size, object)
    out[:] = list(map(arb, array.ravel().tolist()))
    return out.reshape(array.shape)


RULES = (
    STRUCTURE
    | enclosed.VALUES
    | SPECIAL
    | {
        "add": each(operator.add),
        "add_any": each(operator.add),
        "sub": each(operator.sub),
        "mul": each(operator.mul),
        "div": each(operator.truediv),
        "neg": each(operator.neg),
        "abs": each(operator.abs),
        "sign": each(sign),
        "square": each(lambda x: x * x),
        "one_minus_square": each(lambda x: (1 - x) * (1 + x)),
        "integer_pow": integer_pow,
        "pow": each(lambda x, y: x ** number(y)),
        "exp": each(lambda x: x.exp()),
        "exp2": each(lambda x: arb(2) ** x),
        "expm1": each(lambda x: x.expm1()),
        "log": each(lambda x: x.log()),
        "log1p": each(lambda x: x.log1p()),
        "log2": each(lambda x: x.log() / arb(2).log()),
        "sqrt": each(lambda x: x.sqrt()),
        "rsqrt": each(lambda x: x.rsqrt()),
        "cbrt": each(cbrt),
        "floor": each(lambda x: x.floor()),
        "ceil": each(lambda x: x.ceil()),
        "round": rounded,
        "sin": each(lambda x: x.sin()),
        "cos": each(lambda x: x.cos()),
        "tan": each(lambda x: x.tan()),
        "asin": each(lambda x: x.asin()),
        "acos": each(lambda x: x.acos()),
        "atan": each(lambda x: x.atan()),
        "atan2": each(lambda y, x: arb.atan2(y, x)),
        "sinh": each(lambda x: x.sinh()),
        "cosh": each(lambda x: x.cosh()),
        "asinh": each(lambda x: x.asinh()),
        "acosh": each(lambda x: x.acosh()),
        "atanh": each(lambda x: x.atanh()),
        "tanh": each(lambda x: x.tanh()),
        "logistic": each(sigma),
        "erf": each(lambda x: x.erf()),
        "erfc": each(lambda x: x.erfc()),
        "erf_inv": each(lambda x: x.erfinv()),
        "max": each(lambda x, y: x.max(y)),
        "min": each(lambda x, y: x.min(y)),
        "clamp": clamp,
        "lt": each(less),
        "gt": each(lambda x, y: less(y, x)),
        "ge": each(lambda x, y: negate(less(x, y))),
        "le": each(lambda x, y: negate(less(y, x))),
        "eq": each(equal),
        "ne": each(lambda x, y: negate(equal(x, y))),
        "and": each(both),
        "or": each(either),
        "not": each(negate),
        "is_finite": each(finite),
        "stop_gradient": each(lambda x: x),
        "select_n": select,
        "convert_element_type": convert,
        "reduce_max": reduce_max,
        "reduce_min": reduce_min,
        "dot_general": dot_general(matmul),
        "roots_of_unity": roots_of_unity.balls,
        observed.NAME: observed.balls,
        gamma_draws.NAME: gamma_draws.balls,
    }
)
BALLS = Arithmetic("real balls", lift, RULES, decide)
