"""1 / x^n where x^n leaves the range of the format on the way: the bound has room for that."""

import numpy as np
import pytest

from verification.arithmetic.bounded import Bounded
from verification.arithmetic.bounds import integer_pow
from verification.arithmetic.formats import format_of
from verification.arithmetic.rounding import Noise, Samples
from verification.arithmetic.rounding import integer_pow as drawn_pow

TARGET = format_of("float16")
X = np.exp(np.linspace(np.log(2.0**-8), np.log(2.0**8), 400)).astype(np.float16)
POWERS = [-1, -2, -3, -4, -6]


def product(x, n):
    out = x
    for _ in range(n - 1):
        out = out * x
    return out


SPELLINGS = {
    "1 / x^n": lambda x, n: 1 / product(x, n),
    "(1 / x)^n": lambda x, n: product(1 / x, n),
    "pairs": lambda x, n: 1 / product(x, n - n // 2) / product(x, n // 2) if n > 1 else 1 / x,
}


def bound(y):
    with np.errstate(all="ignore"):
        return integer_pow(TARGET, Bounded(X.astype(np.float64)), y)


def errors(spelling, y):
    with np.errstate(all="ignore"):
        return abs(SPELLINGS[spelling](X, -y).astype(np.float64) - X.astype(np.float64) ** y)


@pytest.mark.parametrize("y", POWERS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_inside_its_bound(spelling, y):
    known = np.isfinite(bound(y).error)
    assert (errors(spelling, y) <= bound(y).error)[known].all()
    assert known.mean() > 0.5 / -y  # small x alone have powers that overflow themselves


def test_units_of_the_result_alone_are_no_bound():
    """x^2 is below the smallest normal number there, and 1 / x^2 is a number."""
    value = X.astype(np.float64) ** -2
    known = np.isfinite(bound(-2).error) & (value > 2 * TARGET.tiny)
    assert (errors("1 / x^n", -2) > 2 * TARGET.unit * value)[known].any()


def test_it_is_no_wider_where_nothing_leaves_the_range():
    middle = (X > 0.5) & (X < 2)
    value = X.astype(np.float64) ** -3
    assert (bound(-3).error[middle] <= 5.02 * TARGET.unit * value[middle]).all()


@pytest.mark.parametrize("y", [-3, -4])
def test_draws_meet_what_became_infinite_on_the_way(y):
    noise = Noise(TARGET, 0, 32, 0)
    with np.errstate(all="ignore"):
        rows = drawn_pow(noise, Samples(X.astype(np.float64)), y).rows
        over = product(X.astype(np.float64), -y) > 1.01 * TARGET.largest
    assert over.any() and (rows[:, over] == 0).any(axis=0).all()
