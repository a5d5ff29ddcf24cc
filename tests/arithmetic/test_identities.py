"""A normal form proves what is zero, and never calls zero what is not."""

import pytest
import sympy
from sympy import E, Symbol, cos, erf, erfc, exp, log, pi, sqrt, tanh

from verification.arithmetic.identities import vanishes
from verification.vocabulary import NoRule, Undecided

x, y, z = (Symbol(name, real=True) for name in "xyz")
s = lambda u: 1 / (1 + exp(-u))

ZERO = {
    "polynomials": (x + y) ** 2 - x**2 - 2 * x * y - y**2,
    "quotients": 1 / (x - y) - (x + y) / (x**2 - y**2),
    "sigmoid reflected": s(x) + s(-x) - 1,
    "sigmoid slope": sympy.diff(s(x), x) - s(x) * (1 - s(x)),
    "tanh as exponentials": tanh(x) - 2 * s(2 * x) + 1,
    "tanh slope": 1 - tanh(x) ** 2 - 4 * s(2 * x) * s(-2 * x),
    "tanh added": tanh(x + y) * (1 + tanh(x) * tanh(y)) - tanh(x) - tanh(y),
    "exponents add up": exp(x + 2 * y) * exp(z) - exp(x + z) * exp(y) ** 2,
    "exponents merged first": exp(-x - y) / (exp(-x) * exp(-y)) - 1,
    "half exponents": exp(x / 2) ** 2 - exp(x),
    "softmax shifted": exp(x - y) / (exp(x - y) + exp(z - y)) - exp(x) / (exp(x) + exp(z)),
    "nested": sympy.diff(tanh(y * s(x)), x) - y * s(x) * s(-x) * (1 - tanh(y * s(x)) ** 2),
    "nested and merged": exp(-y * s(x) - x) - exp(-y * s(x)) * exp(-x),
    "erfc": erfc(x) + erf(x) - 1,
    "erf is odd": erf(x - y) + erf(y - x),
    "gaussian": sympy.diff(erfc(-x / sqrt(2)), x) / 2 - exp(-(x**2) / 2) / sqrt(2 * pi),
    "square roots": (1 + sqrt(2)) ** 2 - 3 - 2 * sqrt(2),
    "logarithm's slope": sympy.diff(log(1 + exp(x)), x) - s(x),
    "constants": pi**2 / sqrt(pi) - pi * sqrt(pi) + E * E - exp(2),
}


@pytest.mark.parametrize("name", ZERO)
def test_what_is_zero_is_proved(name):
    assert vanishes(ZERO[name])


@pytest.mark.parametrize("name", ZERO)
def test_what_is_not_zero_is_not(name):
    assert not vanishes(ZERO[name] + sympy.Rational(1, 10**30) * (x + 2))
    assert not vanishes(ZERO[name] + sympy.Rational(1, 10**30) * exp(z))


def test_near_misses():
    assert not vanishes(exp(x + y) - exp(x) - exp(y))
    assert not vanishes(sqrt(2) - sympy.Rational(2**0.5))
    assert not vanishes(erf(x) + erf(x))
    assert not vanishes(exp(x) ** 2 - exp(x**2))


def test_unknown_functions_and_division_by_zero_are_no_proof():
    with pytest.raises(NoRule, match="cos"):
        vanishes(cos(x) ** 2 - 1)
    with pytest.raises(NoRule, match="power"):
        vanishes(x ** sympy.Rational(1, 3) - y)
    with pytest.raises(Undecided, match="division"):
        vanishes(x / (exp(x + y) - exp(x) * exp(y) * (s(z) + s(-z))))
