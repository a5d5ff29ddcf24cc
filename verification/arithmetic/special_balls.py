"""The special functions of JAX over real balls, by Arb, and the slopes of each in its operands.

A slope that nobody has in closed form, of P(a, x) in a, is a series with a bound of its tail; where
JAX itself has no slope (of the orders of polygamma and of the beta function) there is none here.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from flint import arb, ctx

from .arrays import each

TERMS = 4000  # of a series, before it is given up: an unknown ball


def log_gamma(x: arb) -> arb:
    """log |Gamma(x)|; infinite at the poles."""
    return x.lgamma() if x > 0 else -abs(x.rgamma()).log()


def polygamma(n: arb, x: arb) -> arb:
    """(-1)^(n+1) n! zeta(n + 1, x) for n of 1 and more; digamma for 0."""
    order = n.unique_fmpz()
    if order is None:
        return arb.nan()
    if order == 0:
        return x.digamma()
    size = (n + 1).gamma() * _hurwitz(int(order) + 1, x)
    return size if int(order) % 2 else -size


def _hurwitz(s: int, x: arb) -> arb:
    """The sum of (x + k)^-s over all k; the terms where x + k may be below 1 one by one."""
    below = x.lower()
    if not below.is_finite() or below < -TERMS:
        return arb.nan()
    first = max(0, 1 - int(float(below.floor().mid())))
    return sum(((x + k) ** -s for k in range(first)), arb(s).zeta(x + first))


def lower(a: arb, x: arb) -> arb:
    """P(a, x), the share of the gamma function below x."""
    if not _is_law(a, x):
        return arb.nan()
    return arb(0) if x.is_zero() else x.gamma_lower(a, regularized=1)


def upper(a: arb, x: arb) -> arb:
    """Q(a, x) = 1 - P(a, x)."""
    if not _is_law(a, x):
        return arb.nan()
    return arb(1) if x.is_zero() else x.gamma_upper(a, regularized=1)


def _is_law(a: arb, x: arb) -> bool:
    """Whether there is a gamma distribution of this order: JAX continues it to no other."""
    return a > 0 and x >= 0


def gamma_density(a: arb, x: arb) -> arb:
    """dP/dx = x^(a-1) e^-x / Gamma(a)."""
    return ((a - 1) * x.log() - x).exp() * a.rgamma() if _is_law(a, x) else arb.nan()


def lower_in_order(a: arb, x: arb) -> arb:
    """dP/da = sum over n of t_n (log x - psi(a + n + 1)), t_n = x^(a+n) e^-x / Gamma(a + n + 1).

    Once a + n + 1 > 2 x, terms halve, and psi grows by less than 1 at each, if it is above 1:
    what is left is at most t_n (2 |log x - psi| + 2).
    """
    if not (x > 0 and a > 0 and x.is_finite() and a.is_finite()):
        return arb.nan()
    log, psi = x.log(), (a + 1).digamma()
    term, total = (a * log - x).exp() * (a + 1).rgamma(), arb(0)
    for n in range(1, TERMS):
        place = a + n
        if place > 2 * x + 2:
            rest = (term * (2 * abs(log - psi) + 2)).abs_upper()
            if not total.is_finite() or rest < abs(total).mid() * arb(2) ** (-ctx.prec):
                return total + rest * arb(0, 1)
        total += term * (log - psi)
        psi, term = psi + 1 / place, term * x / place
    return arb.nan()


def sample_slope(a: arb, x: arb) -> arb:
    """dx/da of a sample x of a gamma distribution at a fixed P(a, x)."""
    return -lower_in_order(a, x) / gamma_density(a, x)


def beta_share(a: arb, b: arb, x: arb) -> arb:
    """I_x(a, b), the share of the beta function below x."""
    return x.beta_lower(a, b, regularized=1)


def beta_density(a: arb, b: arb, x: arb) -> arb:
    """dI/dx = x^(a-1) (1 - x)^(b-1) / B(a, b)."""
    power = ((a - 1) * x.log() + (b - 1) * (1 - x).log()).exp()
    return power * (a + b).gamma() * a.rgamma() * b.rgamma()


def scaled_bessel(order: int, x: arb) -> arb:
    """e^-|x| I_order(x)."""
    size = x.bessel_i(order)
    return size * (-abs(x)).exp()


def _side(x: arb) -> arb:
    return arb(1) if x > 0 else arb(-1) if x < 0 else arb.nan()


def _slope_of_i0e(x: arb) -> arb:
    return scaled_bessel(1, x) - _side(x) * scaled_bessel(0, x)


def _slope_of_i1e(x: arb) -> arb:
    """I1' = (I0 + I2) / 2, without a division by x."""
    if x.is_zero():
        return arb(1) / 2
    half = (scaled_bessel(0, x) + scaled_bessel(2, x)) / 2
    return half - _side(x) * scaled_bessel(1, x)


VALUES: dict[str, Callable] = {
    "lgamma": each(log_gamma),
    "digamma": each(lambda x: x.digamma()),
    "polygamma": each(polygamma),
    "igamma": each(lower),
    "igammac": each(upper),
    "igamma_grad_a": each(lower_in_order),
    "random_gamma_grad": each(sample_slope),
    "regularized_incomplete_beta": each(beta_share),
    "bessel_i0e": each(partial(scaled_bessel, 0)),
    "bessel_i1e": each(partial(scaled_bessel, 1)),
}
UNKNOWN = lambda *operands: np.full(np.broadcast_shapes(*(x.shape for x in operands)), arb.nan())
# (output, *inputs) -> the slope in each input
SLOPES: dict[str, Callable] = {
    "lgamma": lambda out, x, **_: (each(lambda v: v.digamma())(x),),
    "digamma": lambda out, x, **_: (each(lambda v: polygamma(arb(1), v))(x),),
    "polygamma": lambda out, n, x, **_: (UNKNOWN(n, x), each(polygamma)(n + 1, x)),
    "igamma": lambda out, a, x, **_: (each(lower_in_order)(a, x), each(gamma_density)(a, x)),
    "igammac": lambda out, a, x, **_: (-each(lower_in_order)(a, x), -each(gamma_density)(a, x)),
    "regularized_incomplete_beta": lambda out, a, b, x, **_: (
        UNKNOWN(a, b, x),
        UNKNOWN(a, b, x),
        each(beta_density)(a, b, x),
    ),
    "bessel_i0e": lambda out, x, **_: (each(_slope_of_i0e)(x),),
    "bessel_i1e": lambda out, x, **_: (each(_slope_of_i1e)(x),),
}
