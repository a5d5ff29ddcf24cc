"""Numbers of two float64: sums and products without error, polynomials with the stated one."""

from fractions import Fraction

import numpy as np
import pytest

from verification.arithmetic.double_double import halves, polynomial, two_product, two_sum
from verification.arithmetic.taylor_cells import DOUBLE, TERMS, UNIT

RNG = np.random.default_rng(3)
A = RNG.normal(size=200) * 2.0 ** RNG.integers(-60, 60, size=200)
B = RNG.normal(size=200) * 2.0 ** RNG.integers(-60, 60, size=200)


def parts(pair, k: int) -> Fraction:
    return sum((Fraction(float(part[k])) for part in pair), Fraction(0))


def test_a_sum_and_a_product_lose_nothing():
    total, product = two_sum(A, B), two_product(A, B, halves(A), halves(B))
    for k in range(len(A)):
        assert parts(total, k) == Fraction(A[k]) + Fraction(B[k])
        assert parts(product, k) == Fraction(A[k]) * Fraction(B[k])


def errors(with_rest: bool) -> list[float]:
    """Over what is allowed, at numbers from -1 to 1."""
    s = np.concatenate([RNG.uniform(-1.0, 1.0, size=100), [1.0, -1.0]])
    fall = 0.01 ** np.arange(TERMS)
    first = RNG.normal(size=TERMS) * fall
    rest = RNG.uniform(-1.0, 1.0, size=DOUBLE) * UNIT * np.abs(first[:DOUBLE])
    used = rest if with_rest else 0.0 * rest
    columns = lambda numbers: [np.full(len(s), number) for number in numbers]
    found = polynomial(s, columns(first[:DOUBLE]), columns(used), columns(first[DOUBLE:]))
    exact = [Fraction(a) + Fraction(b) for a, b in zip(first, [*rest, *[0.0] * TERMS])]  # noqa: B905
    sizes = [abs(b) for b in exact]
    room = Fraction(2.0**-95) * sum(sizes) + 32 * Fraction(UNIT) * sum(sizes[DOUBLE:])
    values = [sum(b * Fraction(t) ** k for k, b in enumerate(exact)) for t in s]
    return [float(abs(parts(found, k) - value) / room) for k, value in enumerate(values)]


def test_a_polynomial_is_as_near_as_it_says():
    assert max(errors(with_rest=True)) < 1.0


def test_without_second_numbers_it_is_not():
    assert max(errors(with_rest=False)) > 1.0


@pytest.mark.parametrize("size", [2.0**900, 2.0**-900])
def test_at_the_ends_of_the_range_products_are_whole(size):
    a, b = np.array([1.0 / 3.0]), np.array([size / 7.0])
    assert parts(two_product(a, b, halves(a), halves(b)), 0) == Fraction(a[0]) * Fraction(b[0])
