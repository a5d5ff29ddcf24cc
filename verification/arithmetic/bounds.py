"""Running error bounds: every number carries how far rounding may have moved it so far.

Assumes IEEE rounding to nearest in the target format, the ulp bounds of ULPS for elementary
functions, sums and products in any order, and that results below the smallest normal number may be
flushed to zero; and that a / (b / c) is divided twice (XLA may take a c / b, which can overflow).
Values are float64 at the target's inputs; bounds are per entry, infinite where it may overflow.
"""

from collections.abc import Callable
from functools import lru_cache, partial

import jax.numpy as jnp
import numpy as np

from ..vocabulary import Undecided
from . import gamma_draws, observed, rooms_ahead
from .arrays import MOVES
from .bounded import (
    COMPARISONS,
    Bounded,
    Predicate,
    decide,
    infinite,
    lift,
    move,
    pole,
    product,
    rounded,
    select,
    times,
    zero,
)
from .bounded_sums import add, cumsum, dot_general, negated, reduce_sum, scatter_add, sub
from .complex_numbers import roots_of_unity
from .elementary import ELEMENTARY, JUMPS, spread_of_angle, spread_of_jumps
from .formats import Format
from .interpreter import Arithmetic
from .linear_algebra.backward import BOUNDED
from .namespaces import function, is_traced, namespace, where
from .noise import underflow
from .recalled import with_room
from .special_floats import BOUNDED as SPECIAL
from .ulps import FIX_ZERO, ULPS, VANISH, power_ulps, whole_below


@lru_cache(maxsize=32)
def bounds(target: Format) -> Arithmetic:
    """The arithmetic of running error bounds in one target format."""
    rules = {name: partial(rule, target) for name, rule in RULES.items()}
    name, control = f"running error bounds in {target.name}", rooms_ahead.control(target, bounds)
    return Arithmetic(name, partial(lift, target), rules | UNROUNDED, decide, control)


# --- arithmetic ------------------------------------------------------------------------------


def mul(target, x, y, **_):
    spread = 0.0
    if not (x.exact and y.exact):
        spread = times(abs(x.value), y.error) + times(x.error, abs(y.value) + y.error)
    still = (infinite(x) & (abs(y.value) > y.error)) | (infinite(y) & (abs(x.value) > x.error))
    return rounded(target, product(x, y), spread, exact=zero(x) | zero(y) | still)


def div(target, x, y, **_):
    value = x.value / y.value
    room = namespace(value).maximum(abs(y.value) - y.error, 0.0)
    # two roundings: compilers turn a division by a constant into a product
    error = (x.error + abs(value) * y.error) / room
    still = pole(x, y) | ((zero(x) | infinite(x)) & (room > 0) & (room < np.inf))
    return rounded(target, value, error, 2.0, exact=still)


def integer_pow(target, x, y: int, **_):
    """x^y; of a negative y it is 1 / x^-y, and x^-y may leave the range on the way."""
    n, xp = abs(y), namespace(x.value)
    value = x.value ** float(n)
    reach = xp.maximum(abs(x.value) + np.sign(n - 1) * x.error, 0.0)
    spread, (products, after) = n * reach ** float(n - 1) * x.error, power_ulps(y)
    if y >= 0:
        return rounded(target, value, spread, products)
    size, spread = abs(value), spread + products * target.unit * abs(value)
    spread = spread + where(size - spread >= 2.0 * target.tiny, 0.0, underflow(target))
    off = spread / (size * xp.maximum(size - spread, 0.0))
    over = size + spread > target.largest  # infinite there: its reciprocal is 0
    return rounded(target, 1.0 / value, where(over, xp.maximum(off, 1.0 / size), off), after)


def power(target, x, y, **_):
    y = y if isinstance(y, Bounded) else Bounded(y)  # a whole number: exact
    xp = namespace(x.value, y.value)
    value = x.value**y.value
    size = xp.maximum(abs(x.value) - x.error, 0.0)
    shift = where(x.error == 0.0, 0.0, abs(y.value) * x.error / size)
    of_y = where(whole_below(x.value, y.value), 0.0, y.error)
    shift = shift + where(of_y == 0.0, 0.0, abs(xp.log(x.value)) * of_y)
    moved, least = abs(value) * xp.expm1(shift), y.value - y.error
    small = (least > 0.0) & (x.error <= 4.0 * target.tiny)  # underflow alone: as in `root`
    moved = where(small, xp.fmin(moved, value + (abs(x.value) + x.error) ** least), moved)
    return rounded(target, value, moved, ULPS["pow"](x.value))


def elementary(name: str, f: Callable, spread: Callable) -> Callable:
    """The rule of f, where spread(x, e) bounds |f(x + d) - f(x)| for |d| <= e."""

    def rule(target, x, **_):
        xp = namespace(x.value)
        moved = 0.0 if x.exact else where(x.error == 0, 0.0, spread(xp, x.value, x.error))
        exact = zero(x) if name in FIX_ZERO else False
        if name in VANISH:
            exact = infinite(x) & (x.value < 0.0)
        return rounded(target, f(xp, x.value), moved, ULPS[name](x.value), exact=exact)

    return rule


def root(target, x, **_):
    """sqrt x; what underflow alone has made of a number has not turned it below 0."""

    def spread(xp, value, e):
        moved = e / (xp.sqrt(value) + xp.sqrt(_inner(xp, value, e)))
        return where(e <= 4.0 * target.tiny, xp.minimum(moved, xp.sqrt(value + e)), moved)

    return elementary("sqrt", lambda xp, value: xp.sqrt(value), spread)(target, x)


def angle(target, y, x, **_):
    xp = namespace(y.value, x.value)
    moved = 0.0
    if not (y.exact and x.exact):
        moved = spread_of_angle(xp, y.value, x.value, y.error, x.error)
    return rounded(target, xp.arctan2(y.value, x.value), moved, 8.0, zero(y) & (x.value > x.error))


# --- what does not round ---------------------------------------------------------------------


def convert(target, x, new_dtype, **_):
    if isinstance(x, Bounded):
        return x if jnp.issubdtype(new_dtype, np.floating) else _cut(x, new_dtype)
    if isinstance(x, Predicate):
        steers = not jnp.issubdtype(new_dtype, np.floating)
        return _steering(x, new_dtype) if steers else Bounded(x.value, where(x.sure, 0.0, 1.0))
    return Bounded(x) if is_traced(x) else lift(target, x)


def _steering(x: Predicate, new_dtype):
    """A comparison that becomes an integer picks or counts: rounding must not turn it."""
    if is_traced(x.value) or not np.all(x.sure):
        raise Undecided("a comparison within rounding steers a branch, or an index")
    return np.asarray(x.value).astype(new_dtype)


def _cut(x: Bounded, new_dtype):
    """A number that rounding cannot bring to another integer, as that integer, or boolean."""
    if new_dtype == np.bool_ and not is_traced(x.value):
        if ((abs(x.value) <= x.error) & (x.error > 0.0)).any():
            raise Undecided("whether a number is 0 is within rounding, and decides a path")
        return x.value != 0.0
    if is_traced(x.value) or (np.trunc(x.value - x.error) != np.trunc(x.value + x.error)).any():
        raise Undecided("a real number is turned into an integer: its digits decide a path")
    return np.trunc(x.value).astype(new_dtype)


def extreme(best: str) -> Callable:
    """max or min of two numbers, of several, or along axes."""

    def rule(x, *others, axes=(), **_):
        xp = namespace(x.value, *(y.value for y in others))
        if axes:
            along = {"maximum": xp.max, "minimum": xp.min}[best]
            return Bounded(along(x.value, tuple(axes)), x.error.max(tuple(axes)))
        (y,) = others
        value = getattr(xp, best)(x.value, y.value)
        apart = abs(x.value - y.value) > x.error + y.error
        own, either = where(x.value == value, x.error, y.error), xp.maximum(x.error, y.error)
        bound = None if x.exact and y.exact else where(apart, own, either)
        return Bounded(value, bound, among=(x, y, apart))

    return rule


def clamp(low, x, high, **_):
    xp = namespace(x.value)
    error = xp.maximum(x.error, xp.maximum(low.error, high.error))
    inside = (x.value - x.error > low.value + low.error) & (
        x.value + x.error < high.value - high.error
    )
    error = where(inside, x.error, error)
    return Bounded(xp.clip(x.value, low.value, high.value), error)


def jump(f: Callable) -> Callable:
    """A function that is constant between jumps: floor, ceil, round."""

    def rule(x, **how):
        at = lambda v: f(namespace(v), v, **how)
        value = at(x.value)
        if x.exact:
            return Bounded(value)
        return Bounded(value, spread_of_jumps(namespace(value), at, x.value, x.error))

    return rule


def sign(target, x, **_):
    """x / |x|: a division, where x is not 0."""
    side = namespace(x.value).sign(x.value)
    turned = 2.0 * (abs(x.value) < x.error)
    return Bounded(side, turned + 2.0 * target.unit * abs(side))


def recalled(target, product, above, at, program):
    return with_room(target, bounds(target), product, above, at, program)


# --- the tables ------------------------------------------------------------------------------


def _inner(xp, x, e):
    """The smallest |x + d| for |d| <= e."""
    return xp.maximum(abs(x) - e, 0.0)


def _gauss(xp, x, e):
    return 2.0 / np.sqrt(np.pi) * xp.exp(-(_inner(xp, x, e) ** 2)) * e


def _sigma_slope(x):
    return function("expit", x) * function("expit", -x)


ONE = Bounded(np.ones(()))
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
    "exp": elementary("exp", lambda xp, x: xp.exp(x), lambda xp, x, e: xp.exp(x) * xp.expm1(e)),
    "exp2": elementary(
        "exp2", lambda xp, x: xp.exp2(x), lambda xp, x, e: xp.exp2(x) * xp.expm1(np.log(2) * e)
    ),
    "expm1": elementary(
        "expm1", lambda xp, x: xp.expm1(x), lambda xp, x, e: xp.exp(x) * xp.expm1(e)
    ),
    "log": elementary(
        "log", lambda xp, x: xp.log(x), lambda xp, x, e: -xp.log1p(-xp.minimum(e / abs(x), 1))
    ),
    "log1p": elementary(
        "log1p", lambda xp, x: xp.log1p(x), lambda xp, x, e: -xp.log1p(-xp.minimum(e / (1 + x), 1))
    ),
    "sqrt": root,
    "rsqrt": elementary(
        "rsqrt", lambda xp, x: x**-0.5, lambda xp, x, e: _inner(xp, x, e) ** -0.5 - x**-0.5
    ),
    "sin": elementary("sin", lambda xp, x: xp.sin(x), lambda xp, x, e: e),
    "cos": elementary("cos", lambda xp, x: xp.cos(x), lambda xp, x, e: e),
    "tanh": elementary(
        "tanh",
        lambda xp, x: xp.tanh(x),
        lambda xp, x, e: 4 * _sigma_slope(2 * _inner(xp, x, e)) * e,
    ),
    "logistic": elementary(
        "logistic",
        lambda xp, x: function("expit", x),
        lambda xp, x, e: _sigma_slope(_inner(xp, x, e)) * e,
    ),
    "erf": elementary("erf", lambda xp, x: function("erf", x), _gauss),
    "erfc": elementary("erfc", lambda xp, x: function("erfc", x), _gauss),
    "reduce_sum": reduce_sum,
    "cumsum": cumsum,
    "scatter-add": scatter_add,
    "dot_general": dot_general,
    "convert_element_type": convert,
    "sign": sign,
    "recalled": recalled,
    "atan2": angle,
} | {name: elementary(name, f.value, f.spread) for name, f in ELEMENTARY.items()}
RULES |= BOUNDED | SPECIAL | {gamma_draws.NAME: gamma_draws.bounded}
RULES |= {"roots_of_unity": roots_of_unity.bounded, observed.NAME: observed.bounded}
UNROUNDED = (
    {name: move(name) for name in MOVES if name not in RULES}
    | COMPARISONS
    | {
        "neg": lambda x, **_: negated(x),
        "abs": lambda x, **_: Bounded(abs(x.value), x.bound),
        **dict.fromkeys(("max", "reduce_max"), extreme("maximum")),
        **dict.fromkeys(("min", "reduce_min"), extreme("minimum")),
        "clamp": clamp,
        "stop_gradient": lambda x, **_: x,
        "select_n": select,
    }
    | {name: jump(f) for name, f in JUMPS.items()}
)
