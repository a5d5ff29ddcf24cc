"""Random rounding: its sigma is the size of the errors that are seen, from above and from below."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic import bounds, rounding
from verification.arithmetic.bounded import COMPARISONS
from verification.arithmetic.formats import format_of
from verification.arithmetic.interpreter import run
from verification.arithmetic.rounding import random_rounding
from verification.arithmetic.samples import WIDE, Samples
from verification.vocabulary import Undecided

NARROW = ("float32", "float16", "bfloat16")
COUNT = 32


def sampled(f, *args, dtype="float32", count=COUNT, seed=0) -> np.ndarray:
    """The samples of f(*args), the undisturbed one first."""
    arithmetic = random_rounding(format_of(dtype), count, seed)
    with jax.enable_x64(True), np.errstate(all="ignore"):
        program = jax.make_jaxpr(f)(*args)
        (out,) = run(program, [arithmetic.lift(x) for x in args], arithmetic)
    assert isinstance(out, Samples)
    return np.concatenate([out.value[None], out.rows if out.draws is not None else out.rows[1:]])


def sigma(samples: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean((samples[1:] - samples[:1]) ** 2, axis=0))


def held(rng, *shape, dtype="float32") -> np.ndarray:
    return rng.normal(size=shape).astype(np.dtype(dtype)).astype(np.float64)


def in_order(a, b, dtype):
    """A product of matrices, one rounding at a time: the loop that a textbook has."""
    a, b = a.astype(np.dtype(dtype)), b.astype(np.dtype(dtype))
    total = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for k in range(a.shape[1]):
        total = total + a[:, k : k + 1] * b[k : k + 1, :]
    return total.astype(np.float64)


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_sigma_of_a_product_is_the_size_of_the_errors_seen(dtype, shift):
    """Over a thousand entries; shifted, their terms have one sign and their sums only grow."""
    rng = np.random.default_rng(1)
    a, b = (
        np.abs(held(rng, *s, dtype=dtype)) if shift else held(rng, *s, dtype=dtype)
        for s in ((31, 50), (50, 37))
    )
    error = in_order(a, b, dtype) - a @ b
    samples = sampled(lambda a, b: a @ b, a, b, dtype=dtype)
    ratio = np.sqrt(np.mean(error**2) / np.mean(sigma(samples) ** 2))

    assert np.array_equal(samples[0], a @ b)
    # roundings are uniform on half an ulp, u/2 to u of the result: from 1/2 to 1 of the model's
    assert 0.5 <= ratio <= 1.0


@pytest.mark.parametrize("dtype", NARROW)
def test_sigma_of_a_composed_function_is_the_size_of_the_errors_seen(dtype):
    rng = np.random.default_rng(2)
    x = held(rng, 4000, dtype=dtype)
    f = lambda x: (x * x + 1.7) * x - x / (2.3 + x * x)
    got = np.asarray(f(x.astype(np.dtype(dtype)))).astype(np.float64)
    ratio = np.sqrt(np.mean((got - f(x)) ** 2) / np.mean(sigma(sampled(f, x, dtype=dtype)) ** 2))

    assert 0.25 <= ratio <= 1.0  # a division counts for two roundings; literals for one


def test_a_finer_format_has_a_smaller_sigma():
    x = held(np.random.default_rng(3), 7, 5)
    f = lambda x: jnp.sum(jnp.tanh(x) * x, axis=0)
    fine, coarse = (sigma(sampled(f, x, dtype=d)).mean() for d in ("float32", "float16"))

    assert np.isclose(np.log2(coarse / fine), 13.0, atol=1.0)  # 24 bits and 11


def test_the_same_seed_gives_the_same_draws():
    x = held(np.random.default_rng(4), 6)
    once, again, other = (sampled(jnp.tanh, x, seed=seed) for seed in (5, 5, 6))

    assert np.array_equal(once, again)
    assert not np.array_equal(once[1:], other[1:])


def test_what_does_not_round_has_one_sample():
    x = held(np.random.default_rng(5), 3, 4)
    f = lambda x: jnp.maximum(-x.T[1:], 0.25)

    assert np.array_equal(sampled(f, x), np.maximum(-x.T[1:], 0.25)[None])


def test_a_literal_that_the_format_holds_is_exact_and_another_is_rounded():
    lift = random_rounding(format_of("float16"), COUNT, 0).lift
    tenth, binary = lift(np.array([0.1])), lift(np.array([0.375, 0.0, -(2.0**-10)]))

    assert not tenth.exact
    assert 0.0 < np.std(tenth.draws) <= 2.0 * format_of("float16").unit * 0.1
    assert binary.exact


@pytest.mark.parametrize("dtype", NARROW)
def test_subnormal_results_are_flushed_in_half_of_the_samples(dtype):
    small = np.array([format_of(dtype).tiny / 3.0])
    samples = sampled(lambda x: jnp.expm1(x), small, dtype=dtype)[1:, 0]

    assert (samples == 0).sum() == COUNT // 2
    assert (samples > 0).sum() == COUNT // 2


def test_overflow_is_infinite_except_in_the_undisturbed_sample():
    samples = sampled(lambda x: x * x, np.array([300.0, 2.0]), dtype="float16")

    assert samples[0, 0] == 90000.0
    assert np.isinf(samples[1:, 0]).all()
    assert np.isfinite(samples[:, 1]).all()


def test_a_number_beyond_the_format_on_the_way_is_seen_in_the_result():
    x = np.array([5.0])
    spread = sigma(sampled(lambda x: x / 65536.0 / 2.0, x, dtype="float16"))

    assert spread[0] == 5.0 / 65536.0 / 2.0  # a quotient by infinity is 0


def test_a_comparison_within_rounding_is_turned_in_some_samples_and_a_clear_one_in_none():
    unit = format_of("float32").unit
    x = np.array([1.0, 1.0 + WIDE * unit, 1.0 + 64 * unit]) * 3.0
    f = lambda x: jnp.where(x / 3.0 > 1.0 + unit, 1.0, 0.0)
    turned = sampled(f, x) != np.array([0.0, 1.0, 1.0])

    assert turned[1:, 1].any()
    assert not turned[:, 2].any()


def test_a_branch_that_rounding_turns_is_undecided():
    f = lambda x: jax.lax.cond(x / 3.0 > 1.0, lambda: 2.0, lambda: 1.0)

    assert sampled(f, np.array(7.0)).max() == 2.0
    with pytest.raises(Undecided, match="steers a branch"):
        sampled(f, np.array(3.0))


def test_every_primitive_of_the_running_bound_has_its_random_twin():
    assert set(rounding.ROUNDED) == set(bounds.RULES)
    assert set(rounding.UNROUNDED) == set(bounds.UNROUNDED)
    assert set(COMPARISONS) <= set(rounding.UNROUNDED)


STRUCTURE = {
    "batched product": lambda x: jnp.einsum("bij,bkj->bik", x, x),
    "gather": lambda x: x[jnp.array([1, 0, 1]), :, 2],
    "scatter-add": lambda x: jnp.zeros((2, 3, 4)).at[jnp.array([1, 1])].add(x),
    "cumulative sum": lambda x: jnp.cumsum(x, axis=1),
    "reversed cumulative sum": lambda x: jax.lax.cumsum(x, axis=2, reverse=True),
    "concatenation": lambda x: jnp.concatenate([x, 2.0 * x[:, :1]], axis=1),
    "padding": lambda x: jnp.pad(x, ((0, 1), (2, 0), (0, 0)), constant_values=0.5),
    "largest": lambda x: jnp.max(x, axis=(0, 2)),
    "choice": lambda x: jnp.where(x > 0.3, jnp.exp(x), jnp.abs(x)),
    "clip": lambda x: jnp.clip(x, -0.5, 0.5),
    "powers": lambda x: x**3 + jnp.abs(x) ** 1.7 + 1.0 / jnp.sqrt(jnp.abs(x)),
    "scan": lambda x: jax.lax.scan(lambda c, row: (c * 0.5 + row, c), x[0], x)[0],
    "softmax": lambda x: jax.nn.softmax(x, axis=1),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_the_undisturbed_sample_is_the_function_and_the_others_are_near(name):
    f, x = STRUCTURE[name], held(np.random.default_rng(6), 2, 3, 4)
    exact, samples = np.asarray(f(x)), sampled(f, x)
    ulps = np.abs(samples - exact).max() / (format_of("float32").unit * np.abs(x).max() ** 3)

    assert samples.shape[1:] == exact.shape
    # float64 against float64: the order of a few sums
    assert (
        np.abs(samples[0] - exact) <= 64 * format_of("float64").unit * (1 + np.abs(exact))
    ).all()
    assert ulps < 1000.0


@pytest.mark.parametrize("dtype", NARROW)
def test_a_mask_of_minus_infinity_leaves_exact_zeros_in_every_draw(dtype):
    mask = np.tril(np.ones((4, 4), bool))
    x = held(np.random.default_rng(3), 4, 4, dtype=dtype)
    chosen = lambda x: jax.nn.softmax(jnp.where(mask, x, -jnp.inf), -1)
    added = lambda x: jax.nn.softmax(x + jnp.where(mask, 0.0, -jnp.inf), -1)
    for masked in (chosen, added):
        drawn = sampled(masked, x, dtype=dtype)

        assert (drawn[:, ~mask] == 0.0).all()
        assert np.isfinite(drawn).all() and (sigma(drawn)[2:][mask[2:]] > 0.0).all()
