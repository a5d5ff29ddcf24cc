"""Kinks, overflow and subnormal numbers, visited on purpose in every dtype."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict

DTYPES = ("float64", "float32", "float16", "bfloat16")
CONVICTIONS = (Verdict.WRONG, Verdict.INACCURATE, Verdict.REJECTED)


def judged(gradient, of, point, dtype, argnums=0):
    """One point, given as float64 numbers, under two cotangents."""
    with np.errstate(all="ignore"):
        return vf.validate(
            gradient, of=of, args=lambda rng: point, argnums=argnums, dtype=dtype, cases=2
        )


def ties(x, y, share):
    """1 where x > y, 0 where x < y, `share` at a tie, in the dtype of x."""
    return np.where(x == y, np.asarray(share, x.dtype), (x > y).astype(x.dtype))


# --- kinks --------------------------------------------------------------------------------------


def relu(z):
    return jnp.maximum(z, 0.0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_relu_at_zero_may_have_any_slope_from_0_to_1(dtype, zero):
    at = lambda slope: lambda z, d: ties(z, np.zeros_like(z), slope) * d
    point = (np.array([zero, 1.3, -0.7, 0.4]),)

    for slope in (0.0, 0.5, 1.0):
        assert judged(at(slope), relu, point, dtype).verdict == Verdict.CORRECT
    for slope in (-0.1, 1.1):
        assert judged(at(slope), relu, point, dtype).verdict == Verdict.WRONG


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_size_of_zero_may_have_any_slope_from_minus_1_to_1(dtype):
    at = lambda slope: lambda x, d: (np.sign(x) + (x == 0) * np.asarray(slope, x.dtype)) * d
    point = (np.array([0.0, 1.3, -0.7, 0.4]),)

    for slope in (-1.0, 0.0, 1.0):
        assert judged(at(slope), jnp.abs, point, dtype).verdict == Verdict.CORRECT
    for slope in (-1.1, 1.1):
        assert judged(at(slope), jnp.abs, point, dtype).verdict == Verdict.WRONG


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tie_of_max_may_be_shared_in_any_way(dtype):
    point = (np.array([0.6, 1.3, -0.7]), np.array([0.6, -1.1, 2.3]))

    def shared(share):
        return lambda x, y, d: (ties(x, y, share) * d, ties(y, x, 1.0 - share) * d)

    for share in (0.0, 0.5, 1.0):
        finding = judged(shared(share), jnp.maximum, point, dtype, argnums=(0, 1))
        assert finding.verdict == Verdict.CORRECT
    for share in (-0.1, 1.1):
        finding = judged(shared(share), jnp.maximum, point, dtype, argnums=(0, 1))
        assert finding.verdict == Verdict.WRONG


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tie_for_the_largest_of_many_may_be_shared_in_any_way(dtype):
    point = (np.array([[0.6, -0.2, 0.6], [1.7, 0.3, -2.1]]),)
    largest = lambda x: jnp.max(x, axis=-1)

    def shared(*shares):
        def gradient(x, d):
            first = (x == x.max(axis=-1, keepdims=True)).astype(x.dtype)
            first[0] = np.asarray(shares, x.dtype)
            return first * d[:, None]

        return gradient

    for shares in ((1, 0, 0), (0, 0, 1), (0.5, 0, 0.5)):
        assert judged(shared(*shares), largest, point, dtype).verdict == Verdict.CORRECT
    for shares in ((1.1, 0, -0.1), (0, 1, 0)):
        assert judged(shared(*shares), largest, point, dtype).verdict == Verdict.WRONG


# --- overflow -----------------------------------------------------------------------------------


def cube(x):
    return x * x * x


@pytest.mark.parametrize(("dtype", "beyond"), [("float16", 800.0), ("float32", 1e20)])
def test_infinity_is_no_mistake_where_the_truth_is_beyond_the_largest_number(dtype, beyond):
    right = lambda x, d: 3 * (x * x) * d
    point = (np.array([beyond, 1.3, -0.7, 0.4]),)

    assert judged(right, cube, point, dtype).verdict not in CONVICTIONS
    one_off = lambda x, d: right(x, d) * np.where(x == x[1], 2, 1).astype(x.dtype)
    assert judged(one_off, cube, point, dtype).verdict == Verdict.WRONG


def log_cosh(x):
    return jnp.logaddexp(x, -x) - jnp.log(2.0).astype(x.dtype)


def sinh_over_cosh(x, d):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)) * d


@pytest.mark.parametrize(
    ("dtype", "beyond"),
    [("float64", 750.0), ("float32", 92.0), ("float16", 12.0), ("bfloat16", 92.0)],
)
def test_infinity_where_the_truth_is_not_beyond_it_is_inaccurate(dtype, beyond):
    point = (np.array([beyond, 1.3, -2.7, 3.4]),)
    right = lambda x, d: np.tanh(x) * d
    wrong = lambda x, d: -sinh_over_cosh(x, d)

    assert judged(sinh_over_cosh, log_cosh, point, dtype).verdict == Verdict.INACCURATE
    assert judged(right, log_cosh, point, dtype).verdict == Verdict.CORRECT
    assert judged(wrong, log_cosh, point, dtype).verdict == Verdict.WRONG


# --- underflow ----------------------------------------------------------------------------------


SUBNORMAL = {"float64": 1e-310, "float32": 1e-40, "float16": 2e-6, "bfloat16": 1e-40}


def flushed_below(size):
    def gradient(x, s, d):
        dx = s * d
        return np.where(np.abs(dx) < np.asarray(size, dx.dtype), np.zeros_like(dx), dx)

    return gradient


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_results_may_be_kept_or_flushed(dtype):
    times = lambda x, s: x * s
    tiny = SUBNORMAL[dtype]
    point = (np.array([0.7, 1.3, -0.4]), np.array([1.7, tiny, -0.6]))
    normal = float(jnp.finfo(dtype).tiny)

    for size in (0.0, normal):
        assert judged(flushed_below(size), times, point, dtype).verdict == Verdict.CORRECT
    larger = (point[0], np.array([1.7, 256.0 * normal, -0.6]))
    assert judged(flushed_below(normal), times, larger, dtype).verdict == Verdict.CORRECT
    assert judged(flushed_below(256.0 * normal), times, larger, dtype).verdict == Verdict.WRONG


@pytest.mark.parametrize("dtype", ["float16", "float32", "bfloat16"])
def test_zero_is_right_where_the_truth_is_far_below_the_smallest_number(dtype):
    far, near = {"float16": (-69.0, -3.5)}.get(dtype, (-230.0, -40.0))
    cut = lambda below: lambda x, d: np.where(x < below, np.zeros_like(x), np.exp(x) * d)
    point = (np.array([far, near, 0.7, 1.3]),)

    assert judged(cut(near - 1.0), jnp.exp, point, dtype).verdict == Verdict.CORRECT
    assert judged(cut(near + 1.0), jnp.exp, point, dtype).verdict == Verdict.WRONG
