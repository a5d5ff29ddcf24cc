"""Large arrays are shaken by compiled code as small ones are by NumPy: the same model."""

import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.formats import format_of
from verification.arithmetic.noise import DRAWS, Noise
from verification.arithmetic.one_thread import one_thread, side_by_side
from verification.arithmetic.shaken import ABSOLUTE, ADDED, RELATIVE, is_large, is_slim, shaken

SIZE = 2**12
X = np.random.default_rng(0).normal(size=SIZE)
SPREADS = {RELATIVE: 0.25, ABSOLUTE: abs(X) * 0.25, ADDED: abs(X)}
UNIT = format_of("float32").unit / 3**0.5
WANTED = {RELATIVE: 0.25, ABSOLUTE: 0.25, ADDED: UNIT * 2**0.5}


def noise(dtype="float32", count=DRAWS, first=0):
    return Noise(format_of(dtype), first, count, seed=0)


@pytest.mark.parametrize("how", SPREADS)
def test_a_rounding_is_as_large_as_is_said_and_half_of_it_common(how):
    off = (shaken(noise(), X[None], SPREADS[how], how) - X) / X / WANTED[how]
    common = off.mean(axis=1, keepdims=True)
    assert off.shape == (DRAWS, SIZE)
    # of a normal number: the root of its square, within five of its own deviations
    own = ((off - common) ** 2).mean()
    assert abs(own - 0.5) < 5 * 0.5 * (2 / (DRAWS * SIZE)) ** 0.5
    assert abs((common**2).mean() - 0.5) < 5 * 0.5 * (2 / DRAWS) ** 0.5
    others = np.corrcoef((off - common)[:8])
    assert abs(others - np.eye(8)).max() < 6 / SIZE**0.5


def test_the_same_draws_come_out_again_and_others_are_others():
    first = shaken(noise(), X[None], 0.25, RELATIVE)
    assert np.array_equal(first, shaken(noise(), X[None], 0.25, RELATIVE))
    one = noise()
    one.draw(X)  # an operation before it
    assert not (first == shaken(one, X[None], 0.25, RELATIVE)).any()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
@pytest.mark.parametrize("how", SPREADS)
def test_underflow_and_overflow_are_those_of_numpy(dtype, how):
    model = noise(dtype)
    tiny, largest = model.target.tiny, model.target.largest
    kinds = np.array([0.0, tiny / 4, largest / 2, 2.0, np.nan, np.inf, -np.inf])
    spread = 0.0 if how == RELATIVE else np.zeros(7)
    found = shaken(model, kinds[None], spread, how, flushed=True)
    settled = model.settle(np.tile(kinds, (DRAWS, 1)), np.ones((DRAWS, 7)), flushed=True)
    if how == ADDED:  # it is rounded, whatever the spread
        found, settled = (
            np.where(np.isfinite(x) & (abs(kinds) > tiny), 2.0, x) for x in (found, settled)
        )
    assert np.array_equal(found[1::2], settled[1::2], equal_nan=True)  # flushed
    assert np.array_equal(found[::2, 2:], settled[::2, 2:], equal_nan=True)
    assert (found[::2, 1] != kinds[1]).all() and np.isfinite(found[::2, 1]).all()  # on the grid


@pytest.mark.parametrize("how", [RELATIVE, ADDED])
def test_an_infinity_stays_one_and_what_is_beyond_becomes_one(how):
    far = np.array([np.inf, -np.inf, format_of("float16").largest])
    found = shaken(noise("float16"), far[None], np.full(3, 2.0**-10), how)
    assert (found[:, 0] == np.inf).all() and (found[:, 1] == -np.inf).all()
    assert np.isinf(found[:, 2]).any() and not np.isinf(found[:, 2]).all()


def test_what_is_large_is_told_by_one_draw():
    assert is_large(np.zeros(2**17)) and not is_large(np.zeros(2**17 - 1))


@pytest.mark.parametrize("off", [0.0, 1e-30, 1e39])
def test_a_spread_that_float32_does_not_hold_stays_as_it_is(off):
    assert is_slim(np.ones(2**17)) and not is_slim(np.full(2**17, off))


def test_passes_side_by_side_come_in_turn():
    order = []
    step = lambda k: (order.append(k), k * k)[1]
    assert list(side_by_side(step, range(7))) == [k * k for k in range(7)] and order[0] == 0
    assert list(side_by_side(step, range(0))) == []


def test_blas_has_one_thread_inside_alone():
    from threadpoolctl import threadpool_info

    count = lambda: {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
    before = count()
    with one_thread():
        assert count() == {1}
    assert count() == before and jnp.ones(1).sum() == 1.0
