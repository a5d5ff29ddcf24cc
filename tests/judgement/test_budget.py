"""The running bound holds the observed error of every program, and a smaller one would not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refnet import mlp, sigmoid, softplus
from refnet.layers import Dense
from verification.arithmetic.bounded import Bounded, Format, format_of
from verification.arithmetic.bounds import bounds
from verification.arithmetic.interpreter import run
from verification.judgement.answer import cast, truth
from verification.judgement.budget import budget
from verification.judgement.error import beyond
from verification.oracles.question import ask

UNARY = (jnp.exp, jnp.tanh, sigmoid, softplus, jnp.abs, jnp.square, lambda x: jnp.log1p(jnp.abs(x)))
BINARY = (jnp.add, jnp.subtract, jnp.multiply, jnp.maximum, lambda x, y: x / (2.0 + jnp.abs(y)))
STEPS = st.lists(
    st.tuples(st.integers(0, len(UNARY) - 1), st.integers(0, len(BINARY) - 1)),
    min_size=1,
    max_size=5,
)
VALUES = st.lists(st.floats(-2.5, 2.5, width=32), min_size=6, max_size=6)


def program(steps):
    """A straight-line program: each step applies a function, then joins it with the input."""

    def f(x):
        y = x
        for i, j in steps:
            y = BINARY[j](UNARY[i](y / 2.0), x)
        return jnp.sum(y * y)

    return f


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(max_examples=20)
@given(steps=STEPS, values=VALUES)
def test_the_bound_contains_the_observed_error(dtype, steps, values):
    f = program(steps)
    (x,) = cast((np.array(values),), dtype)
    (proven,) = truth(ask(f, (x,)))
    (allowed,) = budget(jax.grad(f), (x,), dtype)
    with np.errstate(all="ignore"):
        got = np.asarray(jax.grad(f)(jnp.asarray(x)), np.float64)
        error = beyond(got, proven)

    known = np.isfinite(allowed) & np.isfinite(proven.rad)

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
    assert not (error <= bound(float32._replace(unit=float32.unit / 2**7))).all()


def test_the_bound_is_not_scaled_by_the_size_of_the_array():
    grad = jax.grad(lambda x: jnp.sum(jnp.tanh(x)))
    x = np.float32(np.linspace(-2, 2, 5))
    (small,) = budget(grad, (x,), "float32")
    (large,) = budget(grad, (np.tile(x, 2000),), "float32")

    assert np.array_equal(np.tile(small, 2000), large)


def test_overflow_has_no_bound():
    (allowed,) = budget(lambda x: jnp.exp(x), (np.float32([1.0, 89.0]),), "float32")

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
    allowed = budget(jax.grad(loss), args, "float32")
    got = jax.tree.leaves(jax.jit(jax.grad(loss))(*args))

    for g, t, e in zip(got, proven, allowed, strict=True):
        assert (beyond(np.asarray(g), t) <= e).all()
        assert (beyond(np.asarray(g) + 3.0 * e, t) > e).all()
