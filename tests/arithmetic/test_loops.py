"""A plain loop over the terms: what it did is what NumPy's scalars do, compiled or not."""

import ml_dtypes
import numpy as np
import pytest

from verification.arithmetic import loops
from verification.arithmetic.formats import format_of
from verification.arithmetic.loops import along, in_order, of_products, products

STORES = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def one_by_one(terms, store) -> float:
    total = store(0.0)
    for term in terms:
        total = store(total + store(term))
    return float(total)


@pytest.mark.parametrize("dtype", STORES)
def test_the_drift_is_the_error_of_the_loop(dtype):
    """Terms below 1/2, whose partial sums no float16 rounds as a subnormal."""
    terms = np.random.default_rng(0).uniform(-0.5, 0.5, 60)
    wanted = abs(one_by_one(terms, STORES[dtype]) - terms.sum())
    drift = float(in_order(format_of(dtype), iter(terms), 1.0).drift)

    assert wanted > 0.0
    # float64 sums of 60 terms below 1/2
    assert abs(drift - wanted) <= 60 * 60 * 2.0**-53


def test_equal_terms_drift_further_than_independent_roundings_wander():
    n, u = 512, format_of("float32").unit
    equal = in_order(format_of("float32"), iter(np.full((n, 40), 1.0) / np.arange(3, 43)), 1.0)
    random = in_order(
        format_of("float32"), iter(np.random.default_rng(1).uniform(0, 0.3, (n, 40))), 1.0
    )

    # independent roundings are uniform on half an ulp: they come to less than the walk of the path
    rms = lambda x: np.sqrt(np.mean(x**2))
    assert rms(equal.drift) > rms(equal.path)
    assert rms(random.drift) < rms(random.path)
    assert (equal.drift < u * n / 2 * n / 3).all()


def test_the_path_sees_partial_sums_that_the_sum_does_not():
    up_and_down = np.concatenate([np.full(50, 1.0), np.full(50, -1.0)])
    path = in_order(format_of("float32"), iter(up_and_down), 1.0).path

    assert path > 100 * format_of("float32").unit


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "bfloat16_float32"])
def test_compiled_and_not_are_the_same(dtype, monkeypatch):
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 3, 50)), rng.normal(size=(2, 50, 4))
    plain = in_order(format_of(dtype), products(a, b), 8.0)
    monkeypatch.setattr(loops, "LARGE", 0)
    compiled = of_products(format_of(dtype), a, b, 8.0)

    # partial sums of 50 terms in another order of two operations each, in float64
    u, unit = 2.0**-53, format_of(dtype).sums
    size = np.abs(a).max() * np.abs(b).max() * 50
    assert np.abs(plain.path - compiled.path).max() <= unit * np.sqrt(50 / 3) * 2 * 52 * u * size
    assert np.array_equal(plain.drift > 0, compiled.drift > 0)
    # of 50 roundings each may turn: each is by a unit of at most that sum
    assert np.abs(plain.drift - compiled.drift).max() <= 50 * 2 * unit * size


def test_the_terms_of_a_sum_over_axes_are_its_rows():
    x = np.random.default_rng(3).normal(size=(2, 5, 3))
    total = sum(along(x, (0, 2)))

    assert np.abs(total - x.sum((0, 2))).max() < 6 * 2.0**-52 * np.abs(x).sum((0, 2)).max()
