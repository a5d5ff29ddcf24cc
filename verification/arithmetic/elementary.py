"""Elementary functions of one number as floating point has them: value, accuracy, sensitivity.

    value(xp, x)      f(x), xp being numpy or jax.numpy
    ulps(x)           the largest error of f on any device we judge, in units of u |f(x)|
    spread(xp, x, e)  a bound on |f(x + d) - f(x)| for |d| <= e; infinite where x + d may leave
                      the domain
    fixed             f(0) is exactly 0

The bounds in ulps are twice what was measured of XLA and NumPy in float32 and float64, or more.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .namespaces import function, where


class Elementary(NamedTuple):
    value: Callable[[Any, Any], Any]
    ulps: Callable[[Any], Any]
    spread: Callable[[Any, Any, Any], Any]
    fixed: bool = True


def named(name: str) -> Callable:
    return lambda xp, x: getattr(xp, name)(x)


def _inner(xp, x, e):
    """The smallest |x + d| for |d| <= e."""
    return xp.maximum(abs(x) - e, 0.0)


def _over(numerator, room):
    """numerator / room, infinite where there is no room."""
    return where(room > 0.0, numerator / where(room > 0.0, room, 1.0), np.inf)


def _unit(xp, x, e):
    """sqrt(1 - (|x| + e)^2), or 0 outside [-1, 1]."""
    far = abs(x) + e
    return xp.sqrt(xp.maximum((1.0 - far) * (1.0 + far), 0.0))


def _near_cosh(xp, x, e):
    """sqrt((x - e)^2 - 1), or 0 outside the domain."""
    low = xp.maximum(x - e, 1.0)
    return xp.sqrt((low - 1.0) * (low + 1.0))


def _cbrt_spread(xp, x, e):
    """By the largest slope, or by |cbrt(x + d) - cbrt(x)| <= cbrt(4 e) next to 0."""
    return xp.minimum(_over(e, 3.0 * xp.cbrt(_inner(xp, x, e)) ** 2), xp.cbrt(4.0 * e))


def _erf_inv_spread(xp, x, e):
    far = abs(x) + e
    edge = function("erfinv", xp.minimum(far, 1.0))
    return where(far < 1.0, 0.5 * np.pi**0.5 * xp.exp(edge**2) * e, np.inf)


def _out_of_fit(x):
    """More where XLA leaves its fit of log(1 - x): atanh and erf_inv are made of it."""
    return where((x > 0.29) & (x < 0.415), 300.0, 8.0)


def _log2_spread(xp, x, e):
    part = _over(e, x)
    return where(part < 1.0, -xp.log1p(-where(part < 1.0, part, 0.0)) / np.log(2.0), np.inf)


ELEMENTARY = {
    # XLA takes e^(x - log 2), with the difference rounded
    "sinh": Elementary(
        named("sinh"), lambda x: 8.0 + abs(x), lambda xp, x, e: xp.cosh(abs(x) + e) * e
    ),
    "cosh": Elementary(
        named("cosh"), lambda x: 8.0 + abs(x), lambda xp, x, e: xp.sinh(abs(x) + e) * e, fixed=False
    ),
    "tan": Elementary(
        named("tan"), lambda x: 8.0, lambda xp, x, e: _over(e, _inner(xp, xp.cos(x), e) ** 2)
    ),
    "asinh": Elementary(
        named("arcsinh"), lambda x: 8.0, lambda xp, x, e: e / xp.hypot(1.0, _inner(xp, x, e))
    ),
    "acosh": Elementary(
        named("arccosh"),
        lambda x: 12.0,
        lambda xp, x, e: _over(e, _near_cosh(xp, x, e)),
        fixed=False,
    ),
    "atanh": Elementary(
        named("arctanh"),
        lambda x: _out_of_fit(abs(x)),
        lambda xp, x, e: _over(e, _unit(xp, x, e) ** 2),
    ),
    "asin": Elementary(named("arcsin"), lambda x: 12.0, lambda xp, x, e: _over(e, _unit(xp, x, e))),
    "acos": Elementary(
        named("arccos"), lambda x: 8.0, lambda xp, x, e: _over(e, _unit(xp, x, e)), fixed=False
    ),
    "atan": Elementary(
        named("arctan"), lambda x: 8.0, lambda xp, x, e: e / (1.0 + _inner(xp, x, e) ** 2)
    ),
    "cbrt": Elementary(named("cbrt"), lambda x: 12.0, _cbrt_spread),
    "log2": Elementary(named("log2"), lambda x: 6.0, _log2_spread, fixed=False),
    # XLA rounds 1 - x^2 first
    "erf_inv": Elementary(
        lambda xp, x: function("erfinv", x),
        lambda x: _out_of_fit(x * x) + 1.0 / (1.0 - x * x),
        _erf_inv_spread,
    ),
}


def spread_of_angle(xp, y, x, error_y, error_x):
    """A bound on |atan2(y + d, x + c) - atan2(y, x)|: 2 pi where the cut may be crossed."""
    length, moved = xp.hypot(x, y), xp.hypot(error_x, error_y)
    crossed = (x - error_x < 0.0) & (abs(y) <= error_y) & (moved > 0.0)
    turn = _over(moved, length - moved)
    return where(crossed, 2.0 * np.pi, xp.minimum(turn, 2.0 * np.pi))


def nearest(xp, x, rounding_method):
    """The nearest integer; of two as near the even one (method 1) or the one further from 0."""
    if int(rounding_method) == 1:
        return xp.rint(x)
    size = xp.floor(abs(x))
    return xp.sign(x) * where(abs(x) - size >= 0.5, size + 1.0, size)


JUMPS: dict[str, Callable] = {
    "floor": lambda xp, x: xp.floor(x),
    "ceil": lambda xp, x: xp.ceil(x),
    "round": nearest,
}


def spread_of_jumps(xp, f: Callable, x, e):
    """The largest |f(x + d) - f(x)| of a function that never falls."""
    value = f(x)
    return xp.maximum(f(x + e) - value, value - f(x - e))
