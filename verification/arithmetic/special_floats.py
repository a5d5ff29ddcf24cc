"""The special functions of JAX as floating point has them: value, accuracy, sensitivity.

value(*x)            by SciPy, which is not what is judged; under a trace, or where SciPy has
                     none, by JAX in float64
units(f, *x)         the largest error, in units of u: twice what was measured of XLA in float32
                     and float64 against 40 digits.  lgamma and digamma are sums that cancel at
                     their zeros: they keep an absolute accuracy there.  What is narrower than
                     float32 is computed in it and rounded once, as XLA and PyTorch do
spread(x, e)         what errors e of the operands may move it by: of random_gamma_grad and
                     igamma_grad_a an estimate, elsewhere the largest slope on the way
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import lax

from .bounded import rounded
from .formats import Format
from .namespaces import is_traced, namespace, special, where

# Once for each shape: JAX's own are loops, which it would compile again at every call.
COMPILED = functools.cache(jax.jit)

FLOAT32 = 2.0**-24  # its unit roundoff


class Special(NamedTuple):
    """One function: SciPy's name of it, JAX's, its error in units of u, its sensitivity."""

    scipy: str
    jax: Callable
    units: Callable[..., Any]
    spread: Callable[[tuple, tuple], Any]

    def value(self, *x):
        if is_traced(*x):
            return self.jax(*map(namespace(*x).asarray, x))
        if self.scipy:
            return special(self.scipy)(*x)
        shape = np.broadcast_shapes(*map(np.shape, x))
        with jax.enable_x64(True):
            return np.asarray(COMPILED(self.jax)(*(np.broadcast_to(v, shape) for v in x)))

    def error(self, unit: float, value, *x):
        """How far off the result is in a format of that unit roundoff."""
        if unit <= FLOAT32:
            return unit * self.units(value, *x)
        return FLOAT32 * self.units(value, *x) + unit * abs(value)


def _jax(name: str) -> Callable:
    return lambda *x: getattr(lax, name)(*x)


def _at_ends(slope: Callable) -> Callable:
    """By the slope at both ends: it is monotone, or has its peak where peak says."""

    def spread(x: tuple, e: tuple):
        xp = namespace(*x)
        *fixed, place = x
        *still, error = e
        low, high = place - error, place + error
        size = xp.maximum(abs(slope(*fixed, low)), abs(slope(*fixed, high)))
        known = sum(still, 0.0 * error) == 0.0
        return where(error == 0.0, where(known, 0.0, np.inf), where(known, size * error, np.inf))

    return spread


def _digamma(x):
    return TABLE["digamma"].value(x)


def _polygamma(n, x):
    """Of x above 0, where it is monotone; elsewhere there may be a pole on the way."""
    positive = x > 0.0
    return where(positive, TABLE["polygamma"].value(n, where(positive, x, 1.0)), np.inf)


def _size_of_terms(f, n, x):
    """|f|; below 0, where n! sum (x + k)^-(n + 1) has zeros, the terms on both sides of x."""
    xp = namespace(x)
    apart = x - xp.floor(x)
    inside = where(apart > 0.0, apart, 0.5)
    sides = [abs(TABLE["polygamma"].value(n, part)) for part in (inside, 1.0 - inside)]
    return where(x > 0.0, abs(f), sides[0] + sides[1])


def _gamma_density(xp, a, x):
    log = TABLE["lgamma"].value
    return where(x > 0.0, xp.exp((a - 1.0) * xp.log(where(x > 0.0, x, 1.0)) - x - log(a)), np.inf)


def _spread_of_gamma(x: tuple, e: tuple):
    """The density is the larger at an end, or at its peak a - 1; in a twice the largest slope."""
    xp, (a, place), (of_a, error) = namespace(*x), x, e
    low, high = place - error, place + error
    peak = xp.clip(a - 1.0, low, high)
    size = [_gamma_density(xp, a, v) for v in (low, high, peak)]
    along = where(error == 0.0, 0.0, xp.maximum(xp.maximum(size[0], size[1]), size[2]) * error)
    if not namespace(of_a).any(of_a != 0.0) if not is_traced(of_a) else False:
        return along
    in_order = [abs(TABLE["igamma_grad_a"].value(v, place)) for v in (a - of_a, a + of_a)]
    return along + where(of_a == 0.0, 0.0, 2.0 * xp.maximum(*in_order) * of_a)


def _spread_of_beta(x: tuple, e: tuple):
    xp, (a, b, place), (of_a, of_b, error) = namespace(*x), x, e
    log = TABLE["lgamma"].value
    scale = log(a + b) - log(a) - log(b)

    def density(v):
        inside = (v > 0.0) & (v < 1.0)
        v = where(inside, v, 0.5)
        power = (a - 1.0) * xp.log(v) + (b - 1.0) * xp.log1p(-v)
        return where(inside, xp.exp(power + scale), np.inf)

    low, high = place - error, place + error
    bend = where(a + b > 2.0, a + b - 2.0, 1.0)
    size = [density(v) for v in (low, high, xp.clip((a - 1.0) / bend, low, high))]
    along = where(error == 0.0, 0.0, xp.maximum(xp.maximum(size[0], size[1]), size[2]) * error)
    return where((of_a == 0.0) & (of_b == 0.0), along, np.inf)


def _estimated(name: str) -> Callable:
    """Both operands go in by powers of about a and x."""

    def spread(x: tuple, e: tuple):
        (a, place), (of_a, error) = x, e
        relative = of_a / abs(a) + error / abs(place)
        return abs(TABLE[name].value(a, place)) * (4.0 + 4.0 * (a + place)) * relative

    return spread


def _of_bessel(x: tuple, e: tuple):
    """|d/dx| is at most e^-|x| I0(x), which falls with |x|."""
    (place,), (error,) = x, e
    inner = namespace(place).maximum(abs(place) - error, 0.0)
    return TABLE["bessel_i0e"].value(inner) * error


def _wide(least: float, more: float) -> Callable:
    """So many units of the result, and more for large operands."""
    return lambda f, *x: abs(f) * (least + more * sum(x[:2]))


def _upper(f, a, x):
    """As 1 - P(a, x) where x is below a, or below 1."""
    return (16.0 + 8.0 * (a + x)) * where((x < 1.0) | (x < a), 1.0, abs(f))


def _digamma_spread(x: tuple, e: tuple):
    xp, (place,), (error,) = namespace(*x), x, e
    one = xp.ones_like(place)
    return where(error == 0.0, 0.0, _polygamma(one, place - error) * error)


def _log_gamma_spread(x: tuple, e: tuple):
    xp, (place,), (error,) = namespace(*x), x, e
    low = place - error
    inside = where(low > 0.0, low, 1.0)
    size = xp.maximum(abs(_digamma(inside)), abs(_digamma(where(low > 0.0, place + error, 1.0))))
    return where(error == 0.0, 0.0, where(low > 0.0, size * error, np.inf))


TABLE: dict[str, Special] = {
    "lgamma": Special(
        "gammaln", _jax("lgamma"), lambda f, x: 48.0 * (1.0 + abs(f)), _log_gamma_spread
    ),
    "digamma": Special("psi", _jax("digamma"), lambda f, x: 16.0 * (1.0 + abs(f)), _digamma_spread),
    "polygamma": Special(
        "polygamma",
        _jax("polygamma"),
        lambda f, n, x: where(n == 0.0, 16.0, 0.0) + 40.0 * _size_of_terms(f, n, x),
        _at_ends(lambda n, x: _polygamma(n + 1.0, x)),
    ),
    "igamma": Special("gammainc", _jax("igamma"), _wide(16.0, 8.0), _spread_of_gamma),
    "igammac": Special("gammaincc", _jax("igammac"), _upper, _spread_of_gamma),
    "igamma_grad_a": Special(
        "", _jax("igamma_grad_a"), _wide(128.0, 16.0), _estimated("igamma_grad_a")
    ),
    "random_gamma_grad": Special(
        "", _jax("random_gamma_grad"), _wide(128.0, 16.0), _estimated("random_gamma_grad")
    ),
    "regularized_incomplete_beta": Special(
        "betainc", _jax("betainc"), _wide(128.0, 64.0), _spread_of_beta
    ),
    "bessel_i0e": Special("i0e", _jax("bessel_i0e"), lambda f, x: 8.0 * abs(f), _of_bessel),
    "bessel_i1e": Special("i1e", _jax("bessel_i1e"), lambda f, x: 8.0 * abs(f), _of_bessel),
}


def bounded(f: Special) -> Callable:
    """The rule of running bounds: what the operands' errors move, and its own accuracy."""

    def rule(target: Format, *operands, **_):
        x = tuple(v.value for v in operands)
        value, errors = f.value(*x), tuple(v.error for v in operands)
        moved = 0.0 if all(v.exact for v in operands) else f.spread(x, errors)
        return rounded(target, value, moved + f.error(target.unit, value, *x), 0.0)

    return rule


BOUNDED = {name: bounded(f) for name, f in TABLE.items()}
_value = lambda name, *x: TABLE[name].value(*x)
_density = lambda a, x: _gamma_density(np, a, x)


def _beta_density(a, b, x):
    power = (a - 1.0) * np.log(x) + (b - 1.0) * np.log1p(-x)
    return np.exp(power + _value("lgamma", a + b) - _value("lgamma", a) - _value("lgamma", b))


# (output, *inputs) -> one slope for each input, None for one that has none
SLOPES: dict[str, Callable] = {
    "lgamma": lambda out, x, **_: (_value("digamma", x),),
    "digamma": lambda out, x, **_: (_value("polygamma", 1.0, x),),
    "polygamma": lambda out, n, x, **_: (None, _value("polygamma", n + 1.0, x)),
    "igamma": lambda out, a, x, **_: (_value("igamma_grad_a", a, x), _density(a, x)),
    "igammac": lambda out, a, x, **_: (-_value("igamma_grad_a", a, x), -_density(a, x)),
    "regularized_incomplete_beta": lambda out, a, b, x, **_: (None, None, _beta_density(a, b, x)),
    "bessel_i0e": lambda out, x, **_: (_value("bessel_i1e", x) - np.sign(x) * out,),
    "bessel_i1e": lambda out, x, **_: (
        _value("bessel_i0e", x) - out * (np.sign(x) + 1.0 / np.where(x == 0.0, np.inf, x)),
    ),
}
