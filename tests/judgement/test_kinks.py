"""Kinks from end to end: every convention is right, and what no mixture of sides gives is wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement.budget import deviations
from verification.vocabulary import Verdict

DTYPES = ("float64", "float32")
normal = lambda n: lambda rng: (rng.normal(size=n),)


def verdict(gradient, of, args, dtype, **more):
    return vf.validate(gradient, of=of, args=args, dtype=dtype, cases=4, **more)


slope = lambda right, left, at: lambda x, d: d * np.where(x > 0, right, np.where(x < 0, left, at))
LIMITS = {  # function, right gradients, wrong ones
    "leaky relu by where": (
        lambda x: jnp.where(x >= 0, x, 0.1 * x),
        [slope(1.0, 0.1, 0.1), slope(1.0, 0.1, 1.0), slope(1.0, 0.1, 0.5)],
        [slope(1.0, 0.1, 0.0), slope(1.0, 0.1, 1.2)],
    ),
    "abs by where": (
        lambda x: jnp.where(x < 0, -x, x),
        [lambda x, d: d * np.sign(x), slope(1.0, -1.0, 1.0)],
        [slope(1.0, -1.0, 2.0)],
    ),
    "a mask": (
        lambda x: jnp.where(x > 0, 1.0, 0.0) * x,
        [slope(1.0, 0.0, 0.0), slope(1.0, 0.0, 1.0)],
        [slope(1.0, 0.0, -0.5)],
    ),
}
CASES = [(name, dtype) for name in LIMITS for dtype in DTYPES]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_a_kink_written_with_where_is_a_kink(name, dtype):
    of, right, wrong = LIMITS[name]
    for gradient in right:
        assert verdict(gradient, of, normal(4), dtype).verdict is Verdict.CORRECT
    for gradient in wrong:
        assert verdict(gradient, of, normal(4), dtype).verdict is Verdict.WRONG


xlogy = lambda x, y: jnp.where(x == 0, 0.0, x * jnp.log(y))
points = lambda rng: (rng.normal(size=4), rng.uniform(0.3, 2.0, size=4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_branch_taken_by_equality_makes_no_slope(dtype):
    right = lambda x, y, d: (d * np.log(y), d * x / y)
    branch = lambda x, y, d: (d * np.where(x == 0, 0.0, np.log(y)), d * x / y)
    of = {"argnums": (0, 1)}

    assert verdict(right, xlogy, points, dtype, **of).verdict is Verdict.CORRECT
    found = verdict(branch, xlogy, points, dtype, **of)
    assert found.verdict is Verdict.WRONG and "zero" in found.worst.case


@pytest.mark.parametrize("dtype", DTYPES)
def test_both_sides_of_a_tie_get_all_of_it(dtype):
    at = np.array([1.0, 1.0, 0.5]), np.array([1.0, 2.0, 0.25])
    both = lambda a, b, d: (d * (a >= b), d * (b >= a))
    found = verdict(both, jnp.maximum, at, dtype, argnums=(0, 1))

    assert found.verdict is Verdict.WRONG
    assert "both sides of a tie get all of it: their shares sum to 2, not 1" in found.reason


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_equal_entries_are_shared_once(dtype):
    first = lambda m: m & (np.cumsum(m, 1) == 1)
    share = lambda f: lambda x, d: d[:, None] * f(x == x.max(1, keepdims=True))
    of, args = lambda x: x.max(1), lambda rng: (rng.normal(size=(2, 3)),)

    for right in (first, lambda m: first(m[:, ::-1])[:, ::-1], lambda m: m / m.sum(1)[:, None]):
        assert verdict(share(right), of, args, dtype).verdict is Verdict.CORRECT
    assert verdict(share(lambda m: 1.0 * m), of, args, dtype).verdict is Verdict.WRONG


def test_a_jump_is_not_judged_and_draws_decide():
    of = lambda x: jnp.floor(x) + x * x
    found = verdict(lambda x, d: 2 * x * d, of, normal(3), "float64")
    assert found.verdict is Verdict.CORRECT and found.edges_skipped
    assert verdict(lambda x, d: 3 * x * d, of, normal(3), "float64").verdict is Verdict.WRONG


def test_autodiff_is_right_where_its_convention_is_one():
    of = lambda x: jax.nn.relu(x) + jnp.abs(x) + jnp.max(x) + jnp.clip(x, -0.5, 0.0)
    assert verdict(lambda x, d: jax.vjp(of, x)[1](d)[0], of, normal(3), "float32").verdict in (
        Verdict.CORRECT,
    )


def test_a_point_that_is_a_tie_accepts_a_choice_and_needs_no_other():
    """Another share of a tie is no mistake that would have gone unseen."""
    at = np.ones(3), np.array([1.0, 1.0, 2.0])
    half = lambda a, b, d: (d * ((a > b) + 0.5 * (a == b)), d * ((b > a) + 0.5 * (a == b)))
    found = verdict(half, jnp.maximum, at, "float64", argnums=(0, 1))

    assert found.verdict is Verdict.CORRECT
    assert found.convention == "0.5 of [0, 1] at 4 kinks"


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_order_statistic_is_judged_where_entries_are_equal(dtype):
    """Its place in the order is a number that is turned into an index: no bound of it is needed."""
    of = jnp.median
    place = lambda x: np.eye(3)[np.argsort(x, kind="stable")[1]]
    mask = lambda x: 1.0 * (x == np.median(x))
    equal = lambda x: mask(x) / mask(x).sum()

    for right in (place, equal):
        found = verdict(right, of, normal(3), dtype)
        assert found.verdict is Verdict.CORRECT and found.edges > 0
    found = verdict(mask, of, normal(3), dtype)
    assert found.verdict is Verdict.WRONG and "of a tie" in found.reason


ROOTS = {  # of what is not chosen the slope is infinite, and nothing of it comes back
    "the larger": lambda x: jnp.sum(jnp.sqrt(jnp.maximum(jnp.tanh(x), 0.0))),
    "within limits": lambda x: jnp.sum(jnp.sqrt(jnp.clip(jnp.tanh(x), 0.0, 9.0))),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ROOTS)
def test_a_root_of_what_was_cut_off_at_0_has_no_slope_there(name, dtype):
    def right(x, below=0.0):
        a = np.tanh(x)
        rising = (1 - a * a) / (2 * np.sqrt(np.where(a > 0, a, 1)))
        return np.where(a > 0, rising, below)

    asked = ROOTS[name], normal(4), dtype
    assert verdict(right, *asked, edges="none").verdict is Verdict.CORRECT
    off = verdict(lambda x: right(x, 1e-3), *asked, edges="none")
    assert off.verdict is Verdict.WRONG


def test_a_root_of_0_that_is_chosen_has_no_finite_slope():
    root = lambda x: jnp.sum(jnp.sqrt(jnp.maximum(x, 0.0)))
    at = (np.array([0.0, 4.0]),)
    assert vf.validate(lambda x: np.array([0.0, 0.25]), of=root, args=at).verdict == "undecided"
    assert vf.validate(lambda x: np.array([0.0, 0.26]), of=root, args=at).verdict == "wrong"


def test_draws_of_a_root_of_what_was_cut_off_are_numbers():
    x = np.array([1.0, -1.0])
    with jax.enable_x64(True):
        (spread,) = deviations(jax.grad(ROOTS["the larger"]), (x,), "float32")
        (open_,) = deviations(jax.grad(lambda x: jnp.sum(jnp.sqrt(x + 1.0))), (x,), "float32")
    assert np.isfinite(spread).all() and not np.isfinite(open_[1])
