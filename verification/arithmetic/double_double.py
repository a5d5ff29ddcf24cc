"""Polynomials in numbers of two float64 each: no rounding is lost but of the second one.

Sums and products of two float64 are their result and its error, both exact (Knuth; Dekker 1971).
One step r := s r + b has four roundings of numbers of at most 22 u M, where u is the unit, M the
sum of the sizes of all coefficients, and |s| <= 1.  Six steps are off by 2^10 u^2 M / 2 at most,
which is less than 2^-95 M.
"""

from collections.abc import Sequence

import numpy as np

SPLITTER = 2.0**27 + 1.0


def two_sum(a, b) -> tuple[np.ndarray, np.ndarray]:
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def halves(a) -> tuple[np.ndarray, np.ndarray]:
    """Two numbers of 26 bits whose sum is a."""
    wide = SPLITTER * a
    high = wide - (wide - a)
    return high, a - high


def two_product(a, b, of_a: tuple, of_b: tuple) -> tuple[np.ndarray, np.ndarray]:
    (a_high, a_low), (b_high, b_low) = of_a, of_b
    product = a * b
    low = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, low


def polynomial(
    s: np.ndarray, first: Sequence, rest: Sequence, more: Sequence
) -> tuple[np.ndarray, np.ndarray]:
    """sum over k of (first_k + rest_k) s^k + more_k s^(k + len(first)), as two numbers."""
    high = more[-1]
    for coefficient in reversed(more[:-1]):
        high = high * s + coefficient
    low, of_s = 0.0, halves(s)
    for b, b_low in zip(reversed(first), reversed(rest), strict=True):
        product, lost = two_product(s, high, of_s, halves(high))
        high, over = two_sum(b, product)
        low = over + (lost + (s * low + b_low))
    return two_sum(high, low)
