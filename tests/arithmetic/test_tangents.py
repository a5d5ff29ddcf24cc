"""First-order draws: their sigma is that of random rounding, primitive by primitive."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic import bounds, rounding, tangents
from verification.arithmetic.formats import format_of
from verification.arithmetic.interpreter import run
from verification.arithmetic.linear_algebra.backward import TABLE as ALGORITHMS
from verification.arithmetic.noise import DRAWS
from verification.arithmetic.rounding import random_rounding
from verification.arithmetic.special_floats import TABLE as SPECIAL
from verification.arithmetic.tangent_values import Tangents, variances

UNIT = format_of("float32").unit
# Half of each noise is common to all entries, 32 draws of it whatever their number: three standard
# deviations of the logarithm of a root mean square.
ROOM = 3.0 * np.sqrt(2.0 / DRAWS) / 2.0
PROGRAMS = {
    "batched product": lambda x: jnp.einsum("bij,bkj->bik", x / 3.0, x),
    "gather and scatter": lambda x: (x / 3.0).at[jnp.array([1, 1])].add(x[jnp.array([1, 0]), :, :]),
    "cumulative sum": lambda x: jnp.cumsum(x / 3.0, axis=1),
    "concatenation": lambda x: jnp.concatenate([x, x[:, :1] / 3.0], axis=1) * x[:1, :1, :1],
    "padding": lambda x: jnp.pad(x / 3.0, ((0, 1), (2, 0), (0, 0)), constant_values=0.5) * 1.7,
    "choice": lambda x: jnp.where(x > 0.3, jnp.exp(x / 3.0), jnp.abs(x)) / 3.0,
    "powers": lambda x: x**3 + (1.0 + jnp.abs(x)) ** 1.7 + 1.0 / jnp.sqrt(1.0 + jnp.abs(x)),
    "scan": lambda x: jax.lax.scan(lambda c, row: (c * 0.7 + row, c), x[0], x)[0],
    "softmax": lambda x: jax.nn.softmax(x, axis=1),
    "masked softmax": lambda x: masked(x / 3.0),
}


def masked(x):
    """Scores that a mask takes out are -infinity, scaled and shifted like all others."""
    mask = jnp.arange(x.shape[1])[None, :, None] <= jnp.arange(x.shape[2])[None, None, :]
    return jax.nn.softmax((jnp.where(mask, x, -jnp.inf) - 0.7) * 1.7 / 3.0, axis=1)


def held(*shape) -> np.ndarray:
    return np.random.default_rng(6).normal(size=shape).astype("float32").astype(np.float64)


def first_order(f, x) -> np.ndarray:
    def sigma(x):
        arithmetic, ledger = tangents.tangents(format_of("float32"))
        (out,) = run(program, [Tangents(x)], arithmetic)
        (variance,) = variances([out])
        return UNIT * jnp.sqrt(variance.astype(jnp.float64)), ledger.settled

    program = jax.make_jaxpr(f)(x)
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        sigmas, settled = jax.jit(sigma)(x)
    assert settled
    return np.asarray(sigmas)


def sampled(f, x) -> np.ndarray:
    arithmetic = random_rounding(format_of("float32"))
    with np.errstate(invalid="ignore"):
        (out,) = run(jax.make_jaxpr(f)(x), [arithmetic.lift(x)], arithmetic)
    return np.sqrt(np.mean((out.draws - out.value) ** 2, axis=0))


@pytest.mark.parametrize("name", PROGRAMS)
def test_sigma_is_that_of_random_rounding(name):
    f, x = PROGRAMS[name], held(2, 5, 7)
    mine, numpys = first_order(f, x), sampled(f, x)
    ratio = np.sqrt(np.mean(mine**2) / np.mean(numpys**2))

    assert mine.shape == numpys.shape
    assert abs(np.log(ratio)) < ROOM


@pytest.mark.parametrize(("size", "is_settled"), ((1.0, True), (800.0, False)))
def test_an_overflow_beside_the_infinity_of_a_mask_is_not_settled(size, is_settled):
    """e^800 is infinite in float64, too."""
    with jax.enable_x64(True):
        x, mask = jnp.ones(2), jnp.array([True, False])
        f = lambda x: jnp.exp(jnp.where(mask, x, -jnp.inf) * 0.7) + jnp.exp(size * x)
        arithmetic, ledger = tangents.tangents(format_of("float32"))
        (out,) = run(jax.make_jaxpr(f)(x), [Tangents(x)], arithmetic)

    assert ledger.endless
    assert bool(ledger.settled) is is_settled
    assert all(np.isfinite(part.weight).all() for part in out.parts) or not is_settled


ALONE = {
    "add": lambda x: x + x[::-1],
    "mul": lambda x: x * x[::-1],
    "div": lambda x: x / 3.0,
    "integer_pow": lambda x: x**3,
    "exp": jnp.exp,
    "tanh": jnp.tanh,
    "logistic": jax.lax.logistic,
    "reduce_sum": lambda x: jnp.sum(x, 1),
    "cumsum": lambda x: jnp.cumsum(x, axis=1),
    "dot_general": lambda x: jnp.einsum("bij,bkj->bik", x, x),
}


@pytest.mark.parametrize("name", ALONE)
def test_each_rounding_alone_is_there_and_would_be_missed(name, monkeypatch):
    """In a longer program one of several roundings may hide in what 32 draws leave open."""
    f, x = ALONE[name], held(2, 50, 7)
    mine, numpys = first_order(f, x), sampled(f, x)
    monkeypatch.setitem(tangents.TABLE, name, tangents.exact)

    assert abs(np.log(np.sqrt(np.mean(mine**2) / np.mean(numpys**2)))) < ROOM
    assert (first_order(f, x) == 0.0).all()


def test_an_exact_program_has_no_sigma():
    assert (first_order(lambda x: jnp.maximum(-x.T[1:], 0.25), held(3, 4)) == 0.0).all()


APART = (
    {"roots_of_unity", "random_gamma"} | set(SPECIAL) | set(ALGORITHMS)
)  # drawn one by one: rounding.py


def test_every_rounding_of_the_running_bound_has_its_tangent_or_is_drawn_one_by_one():
    later = {"log2"} - set(vars(jax.lax))  # a primitive since JAX 0.12
    missing = set(bounds.RULES) - set(tangents.TABLE) - later

    assert missing <= APART, f"no first-order rule for {missing - APART}"
    assert missing <= {*rounding.ROUNDED, *rounding.UNROUNDED}
    assert set(tangents.TABLE) - set(bounds.RULES) <= set(bounds.UNROUNDED)


SHARED = {  # a number used twice keeps its sign: its error counts double, or not at all
    "doubled": (lambda x: (y := x / 3.0) + y, 2.0),
    "cancelled": (lambda x: (y := x / 3.0) - y, 0.0),
    "cancelled, once moved": (lambda x: (y := x / 3.0) - y.T.T, 0.0),
}


@pytest.mark.parametrize("name", SHARED)
def test_one_rounding_that_is_used_twice_is_one_rounding(name):
    f, times = SHARED[name]
    x = held(5, 7)
    once, ulps = first_order(lambda x: x / 3.0, x), UNIT / 3**0.5 * abs(x) / 3.0 * times
    added = np.hypot(times * once, ulps)  # and the rounding of the sum

    assert first_order(f, x) == pytest.approx(added, rel=2.0**-20)
