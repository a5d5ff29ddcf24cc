"""What a format holds as it is is told by its bits, and is what rounding to it leaves alone."""

import numpy as np
import pytest

from verification.arithmetic.formats import are_plain, extended, format_of, rounded_to

KINDS = ("float64", "float32", "float16", "bfloat16")


def by_rounding(dtype: str, x: np.ndarray) -> bool:
    target, size = format_of(dtype), np.abs(x)
    normal = (size == 0.0) | (size >= target.tiny) & (size <= target.largest)
    return bool((rounded_to(dtype, x) == x).all() and normal.all())


@pytest.mark.parametrize("dtype", KINDS)
def test_numbers_of_every_size_are_told_as_rounding_tells_them(dtype):
    rng, told = np.random.default_rng(3), set()
    for scale in 2.0 ** np.arange(-1074, 1024, 13):
        x = rounded_to(dtype, rng.normal(size=(4, 5)) * scale)
        told.add(are_plain(format_of(dtype), x))
        assert are_plain(format_of(dtype), x) == by_rounding(dtype, x), scale
    assert told == {True, False}  # beyond its range or below it there are others


@pytest.mark.parametrize("dtype", KINDS)
def test_one_number_of_many_is_seen(dtype):
    target = format_of(dtype)
    x = rounded_to(dtype, np.random.default_rng(5).normal(size=(7, 3)))
    odd = [np.nan, np.inf, -np.inf, target.tiny / 2.0, 2.0 * target.largest]
    odd += [] if dtype == "float64" else [1.0 + target.unit, -1.0 - target.unit / 2.0]
    for number in odd:
        one = x.copy()
        one[2, 1] = number
        assert not are_plain(target, one), number
    held = [0.0, -0.0, target.tiny, -target.largest, 1.0 + 2.0 * target.unit]
    for number in held:
        one = x.copy()
        one[2, 1] = number
        assert are_plain(target, one), number
    assert are_plain(target, x.T) and are_plain(target, x[::2]) and are_plain(target, x[:0])


def test_the_widest_format_holds_every_float64():
    assert are_plain(extended(), np.array(0.1))
