"""Large arrays around a function are arguments of its program: nothing for a compiler to fold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.formats import format_of
from verification.arithmetic.large_constants import LARGE, apart
from verification.measurement import batch
from verification.measurement.budget import traced

X = np.random.default_rng(0).normal(size=(LARGE // 8, 16)).astype(np.float32)
W = np.random.default_rng(1).normal(size=16).astype(np.float32)
ROW = np.linspace(0.5, 1.5, 16, dtype=np.float32)  # small: it stays


def loss(w, x):
    return jnp.mean(jnp.tanh(x @ (w * jnp.asarray(ROW, w.dtype))) ** 2)


def around(data):
    return lambda w: loss(w, jnp.asarray(data, w.dtype))


def program_of(of, *args):
    return traced(jax.grad(of), args)[0]


WAYS = {"as it is": around(X), "inside of jit": jax.jit(around(X))}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_around_a_function_becomes_its_first_argument(way):
    found, held = apart(program_of(WAYS[way], W), format_of("float32"))
    assert [c.shape for c in held] == [X.shape] and found.jaxpr.invars[0].aval.shape == X.shape
    assert all(np.size(c) < LARGE for c in found.consts)
    with jax.enable_x64(True):
        wide = held[0].astype(np.float64), W.astype(np.float64)
        (slope,) = jax.core.eval_jaxpr(found.jaxpr, found.consts, *wide)
        np.testing.assert_allclose(slope, jax.grad(around(X))(wide[1]), rtol=1e-12)


def test_numbers_that_the_format_does_not_hold_stay_and_are_rounded():
    finer = around(X.astype(np.float64) * (1.0 + 2.0**-40))
    program = program_of(finer, W)
    assert apart(program, format_of("float32")) == (program, ())
    assert len(apart(program, format_of("float64"))[1]) == 1
    few = program_of(around(X[:8]), W)
    assert apart(few, format_of("float32")) == (few, ())


@pytest.mark.dear
@pytest.mark.parametrize("way", WAYS)
def test_the_budget_is_that_of_an_argument_and_no_array_is_a_constant(way, monkeypatch):
    monkeypatch.setattr(batch, "COMPILED", 0)
    (found,) = batch.budgets(jax.grad(WAYS[way]), [(W,)], "float32")
    (wanted,) = batch.budgets(jax.grad(loss), [(W, X)], "float32")
    np.testing.assert_allclose(found.allowed[0], wanted.allowed[0], rtol=1e-6)
    program, held = apart(program_of(WAYS[way], W), format_of("float32"))
    size = lambda program, known: _text(batch._compiled(program, "float32"), known)
    alone = program_of(around(X), W)
    assert size(program, held) < 2**19 < size(alone, ())


def _text(compiled, known) -> int:
    """How long the program is that the compiler reads."""
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), loose[0], loose[1]:
        case = (jnp.asarray(W, np.float64)[None],)
        return len(compiled.lower(tuple(jnp.asarray(x, np.float64) for x in known), case).as_text())
