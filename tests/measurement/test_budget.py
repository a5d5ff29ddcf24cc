"""The running bound holds the observed error of every program, and a smaller one would not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from refnet import mlp, mse, sigmoid, softplus
from refnet.layers import Dense
from verification.arithmetic.bounded import Bounded
from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import Format, format_of
from verification.arithmetic.interpreter import run
from verification.arithmetic.noise import DRAWS
from verification.measurement.answer import cast, truth
from verification.measurement.budget import (
    DTYPES,
    RANDOM,
    RUNNING,
    budget,
    deviations,
    has_squares,
    running_bound,
)
from verification.measurement.error import beyond
from verification.measurement.tolerance import FALSE_ALARM, allowance
from verification.oracles.question import ask

UNARY = (jnp.exp, jnp.tanh, sigmoid, softplus, jnp.abs, jnp.square, lambda x: jnp.log1p(jnp.abs(x)))
BINARY = (jnp.add, jnp.subtract, jnp.multiply, jnp.maximum, lambda x, y: x / (2.0 + jnp.abs(y)))
KINKS = (4, 6), (3, 4)  # which of them have one
STEP = st.tuples(st.sampled_from(range(len(UNARY))), st.sampled_from(range(len(BINARY))))
STEPS = st.lists(STEP, min_size=1, max_size=5)
VALUES = st.lists(st.floats(-2.5, 2.5, width=32), min_size=6, max_size=6)


def program(steps):
    """A straight-line program: each step applies a function, then joins it with the input."""

    def f(x):
        y = x
        for i, j in steps:
            y = BINARY[j](UNARY[i](y / 2.0), x)
        return jnp.sum(y * y)

    return f


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@settings(max_examples=20)
@example(steps=[(1, 3), (0, 4)], values=[0.0] * 6)  # two kinks meet
@given(steps=STEPS, values=VALUES)
def test_the_bound_contains_the_observed_error(dtype, steps, values):
    f = program(steps)
    (x,) = cast((np.array(values),), dtype)
    (proven,) = truth(ask(f, (x,)))
    (allowed,) = running_bound(jax.grad(f), (x,), dtype)
    with np.errstate(all="ignore"):
        got = np.asarray(jax.grad(f)(jnp.asarray(x)), np.float64)
        error = beyond(got, proven)
    # where two kinks meet, JAX's choices at each may be those of neither side
    alone = sum((i in KINKS[0]) + (j in KINKS[1]) for i, j in steps) < 2
    known = np.isfinite(allowed) & np.isfinite(proven.rad) & (alone | (proven.rad <= allowed))
    assert (error[known] <= allowed[known]).all()


def matrix_error(dtype):
    """Observed error of a product, and the arithmetic to bound it in."""
    rng = np.random.default_rng(3)
    a, b = (rng.normal(size=s).astype(dtype) for s in ((17, 40), (40, 13)))
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    return a, b, np.abs((a @ b).astype(np.longdouble) - exact).astype(float)


def test_a_bound_for_a_finer_format_is_refuted():
    a, b, error = matrix_error("float32")
    traced = jax.make_jaxpr(lambda a, b: a @ b)(a, b)

    def bound(target: Format) -> np.ndarray:
        arithmetic = bounds(target)
        (out,) = run(traced, [arithmetic.lift(a), arithmetic.lift(b)], arithmetic)
        assert isinstance(out, Bounded)
        return out.error

    float32 = format_of("float32")

    assert (error <= bound(float32)).all()
    assert not (error <= bound(float32._replace(sums=float32.sums / 2**7))).all()


def test_the_bound_is_not_scaled_by_the_size_of_the_array():
    grad = jax.grad(lambda x: jnp.sum(jnp.tanh(x)))
    x = np.float32(np.linspace(-2, 2, 5))
    (small,) = running_bound(grad, (x,), "float32")
    (large,) = running_bound(grad, (np.tile(x, 2000),), "float32")

    assert np.array_equal(np.tile(small, 2000), large)


def test_overflow_has_no_bound():
    (allowed,) = running_bound(lambda x: jnp.exp(x), (np.float32([1.0, 89.0]),), "float32")

    assert np.isfinite(allowed[0])
    assert allowed[1] == np.inf


def test_a_network_in_float32_stays_inside_and_a_shifted_entry_does_not():
    rng = np.random.default_rng(0)
    sizes = (7, 5, 3)
    params = tuple(
        Dense(rng.normal(size=s), rng.normal(size=s[1]))
        for s in zip(sizes, sizes[1:], strict=False)
    )
    loss = lambda params, x: jnp.sum(mlp(params, x) ** 2)
    args = cast((params, rng.normal(size=(11, 7))), "float32")
    proven = truth(ask(loss, args))
    allowed = running_bound(jax.grad(loss), args, "float32")
    got = jax.tree.leaves(jax.jit(jax.grad(loss))(*args))

    for g, t, e in zip(got, proven, allowed, strict=True):
        assert (beyond(np.asarray(g), t) <= e).all()
        assert (beyond(np.asarray(g) + 3.0 * e, t) > e).all()


def network(sizes, batch, dtype, seed=0):
    """A network, inputs and targets; one error is as large as the next."""
    rng = np.random.default_rng(seed)
    params = tuple(
        Dense(rng.normal(size=(m, n)) / np.sqrt(m), 0.1 * rng.normal(size=n))
        for m, n in zip(sizes, sizes[1:], strict=False)
    )
    x, y = rng.normal(size=(batch, sizes[0])), rng.normal(size=(batch, sizes[-1]))
    return cast((params, x, y), dtype, weights=(0,))


def network_loss(params, x, y):
    return mse(mlp(params, x), y)


def leaves_of(gradient, args):
    with jax.numpy_dtype_promotion("standard"):  # the mixed formats live on it
        leaves = jax.tree.leaves(jax.jit(gradient)(*jax.tree.map(jnp.asarray, args)))
    return [np.asarray(leaf).astype(np.float64) for leaf in leaves]


WIDE = (40, 512, 3)
SEEN = {
    "float64": 1e-9,
    "float32": 1e-4,
    "float16": 0.125,
    "bfloat16": 0.5,
    "bfloat16_float32": 0.5,
    "float16_float32": 1e-4,
}


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_wrong_entry_of_a_wide_network_is_outside_its_budget(dtype):
    args, grad = network(WIDE, 33, dtype), jax.grad(network_loss)
    budgets, right = budget(grad, args, dtype), leaves_of(grad, args)
    exact = leaves_of(grad, cast(args, "float64"))

    assert set(budgets.kinds) <= {RANDOM, RUNNING}
    assert dtype == "float64" or RANDOM in budgets.kinds
    for got, want, allowed in zip(right, exact, budgets.allowed, strict=True):
        assert (np.abs(got - want) <= allowed).all()
        wrong = np.abs(got - want + SEEN[dtype] * np.sqrt(np.mean(want**2)))
        certain = (wrong > allowed).mean()
        # some entries of a leaf have many times the rounding error of others
        assert certain == 1.0 if SEEN[dtype] <= 1e-4 else certain > 0.5


def test_random_rounding_is_far_sharper_than_the_running_bound_at_width_512():
    args, grad = network(WIDE, 33, "float32"), jax.grad(network_loss)
    pairs = zip(
        budget(grad, args, "float32").allowed, running_bound(grad, args, "float32"), strict=True
    )

    assert all((a <= b).all() for a, b in pairs)
    first = budget(grad, args, "float32").allowed[0].max()
    assert first < running_bound(grad, args, "float32")[0].max() / 8.0


def test_a_small_network_is_judged_by_the_running_bound_in_the_wide_formats():
    for dtype in ("float64", "float32"):
        args = network((3, 4, 2), 5, dtype)
        assert set(budget(jax.grad(network_loss), args, dtype).kinds) == {RUNNING}


def test_the_budget_of_random_rounding_is_deterministic():
    args, grad = network((5, 17, 3), 7, "bfloat16"), jax.grad(network_loss)
    once, again = (budget(grad, args, "bfloat16") for _ in range(2))
    assert RANDOM in once.kinds
    assert all(map(np.array_equal, once.allowed, again.allowed))


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_sigma_does_not_depend_on_how_many_samples_are_held_at_once(dtype, monkeypatch):
    assert has_squares(format_of(dtype)) is (dtype != "float64")  # else roots are added up
    args, grad = network((5, 17, 3), 7, dtype), jax.grad(network_loss)
    whole = deviations(grad, args, dtype)
    monkeypatch.setattr("verification.measurement.budget.ROOM", 85 * 4)
    parts = deviations(grad, args, dtype)

    for a, b in zip(whole, parts, strict=True):
        # other draws: two estimates from 32 samples, whose own s.d. is 1/8 of sigma each
        assert np.abs(np.log(a / b)).mean() < 3 * np.sqrt(2.0 / (2 * DRAWS))


def test_what_any_one_sample_did_is_allowed():
    """One deviation among 32 is sqrt(32) sigmas: K is more, however few the entries."""
    sigma = np.array([1.0 / np.sqrt(DRAWS)])
    assert allowance(sigma, np.array([np.inf]), entries=1)[0] > 1.0
    assert 0.0 < FALSE_ALARM < 1e-6


def test_an_entry_whose_sigma_is_small_by_accident_is_not_trusted():
    sigma, bound = np.array([3.0, 0.001, 2.0, 2.5]), np.array([30.0, 20.0, 20.0, 25.0])
    lucky = allowance(sigma, bound, entries=4)
    small = allowance(sigma, bound * [1.0, 0.001, 1.0, 1.0], entries=4)

    assert lucky[1] > 0.5 * lucky[2]
    assert small[1] < 0.01 * lucky[1]  # unless the running bound says that it is small


def test_an_underflow_is_allowed_and_an_overflow_undecided():
    f = lambda x: x * jnp.exp(x)
    (small,) = budget(f, cast((np.array([-200.0, 0.3, 2.1]),), "bfloat16"), "bfloat16").allowed
    (large,) = budget(f, cast((np.array([8.0, 10.5]),), "float16"), "float16").allowed

    assert np.isfinite(small).all() and small[0] > 0.0
    assert np.isfinite(large[0]) and large[1] == np.inf


def test_an_entry_without_a_running_bound_has_the_deviation_of_its_leaf():
    sigma, bound = np.array([0.0, 0.0, 4.0]), np.array([np.inf, 1.0, np.inf])
    first, second, third = allowance(sigma, bound, entries=3)

    assert abs(first - third / np.sqrt(3.0)) <= 4 * np.spacing(third)
    assert second == 0.0


def test_underflow_in_float64_is_carried_by_the_running_bound():
    """No sample can show it: a product of 1e-309 is 0 or not, in all alike."""
    small = np.full(700, 1e-154)

    def f(x, y):
        return jnp.sum(x * x * 0.1) * 1e10 + jnp.exp(jnp.sum(y) - jnp.sum(y * 1.5)) * 1e-280

    args = (small, np.random.default_rng(0).normal(size=700))
    (allowed,), (rigorous,) = budget(f, args, "float64").allowed, running_bound(f, args, "float64")

    assert 700 * np.finfo(np.float64).tiny * 1e10 / 2 <= allowed <= rigorous


def test_deviations_whose_squares_underflow_are_still_there():
    x = np.random.default_rng(1).normal(size=9)
    f = lambda x, scale: jnp.cumsum(x / 3.0)[-1] * scale
    (one,), (small,) = (deviations(f, (x, np.float64(s)), "float64") for s in (1.0, 2.0**-800))

    assert small == one * 2.0**-800 > 0.0


def test_roundings_of_float64_are_seen_though_draws_are_float64_themselves():
    x = np.array([-2.2, -3.1, -5.0, 4.0])
    slope = jax.grad(lambda x: jnp.sum(jnp.tanh(x)))
    (fine,), (coarse,) = (deviations(slope, (x,), dtype) for dtype in ("float64", "float32"))

    # the same draws of the same program in other units: to first order in the coarser of them,
    # of roundings that the slope, 1 - a^2, makes larger by the inverse of itself
    loss = 1.0 / (1.0 - np.tanh(np.abs(x)))
    assert (np.abs(coarse / fine * 2.0**-29 - 1.0) < 10 * 2.0**-24 * loss * DRAWS).all()


def test_a_sum_that_starts_with_the_bias_is_inside_the_bound():
    """As in torch's addmm: every rounding of the sum is then one of a number as large as b."""
    rng, unit = np.random.default_rng(5), 2.0**-24
    forward, beyond = (lambda x, w, b: x @ w + b), 0
    for _ in range(40):
        x, w = (rng.normal(size=9).astype(np.float32) for _ in range(2))
        truth = x.astype(float) @ w.astype(float)
        b = np.float32(-50.0 * truth)
        total = b
        for a, c in zip(x, w, strict=True):
            total = np.float32(total + np.float32(a * c))
        (allowed,) = running_bound(forward, (x, w, b), "float32")
        exact = truth + float(b)
        error = abs(float(total) - exact)
        assert error <= allowed
        beyond += error > 9 * unit * float(abs(x) @ abs(w)) + unit * abs(exact)
    assert beyond  # of the sum without its start: a smaller bound would not have held


def test_what_is_true_or_false_deviates_by_0_or_1_where_rounding_decides_it():
    said = lambda x: (jnp.sin(x), jnp.exp(x) > jnp.exp(jnp.ones_like(x)))
    _, off = deviations(said, (np.array([0.0, 1.0, 3.0]),), "bfloat16")
    assert off[0] == off[2] == 0.0 < off[1] <= 1.0
