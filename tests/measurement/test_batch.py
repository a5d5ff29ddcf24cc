"""Budgets under one compilation are those of NumPy, case by case, and say where they are not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from refnet import mlp, mse, relu
from refnet.layers import Dense
from verification.arithmetic.noise import DRAWS
from verification.derivations import ALL
from verification.measurement import batch
from verification.measurement.answer import cast
from verification.measurement.batch import _compiled, budgets, judged
from verification.measurement.budget import (
    RANDOM,
    Budget,
    budget,
    deviations,
    running_bound,
    traced,
)
from verification.measurement.subject import autodiff
from verification.measurement.tolerance import FALSE_ALARM
from verification.oracles.question import as_exact
from verification.vocabulary import Undecided

SIZES, CASES = (13, 160, 7), 3


def points(dtype="float32", scale=1.0):
    rng = np.random.default_rng(0)
    pairs = list(zip(SIZES, SIZES[1:], strict=False))

    def point():
        params = tuple(
            Dense(rng.normal(size=s) / np.sqrt(s[0]), 0.1 * rng.normal(size=s[1])) for s in pairs
        )
        return params, scale * rng.normal(size=(9, SIZES[0])), rng.normal(size=(9, SIZES[-1]))

    return [cast(point(), dtype, weights=(0,)) for _ in range(CASES)]


def stacked(cases):
    return jax.tree.map(lambda *leaves: np.stack([as_exact(x) for x in leaves]), *cases)


def loss(params, x, y):
    return mse(mlp(params, x), y)


GRADIENT = jax.grad(loss)


@pytest.fixture(scope="module")
def found():
    cases = points()
    return cases, judged(GRADIENT, cases[0], "float32")(stacked(cases))


def test_the_reference_is_the_gradient_in_float64_within_its_radius(found):
    cases, judgement = found
    for k, case in enumerate(cases):
        exact = jax.tree.leaves(GRADIENT(*jax.tree.map(lambda x: jnp.asarray(as_exact(x)), case)))
        for value, radius, want in zip(judgement.value, judgement.radius, exact, strict=True):
            assert (np.abs(value[k] - want) <= radius[k] * 2).all()
            # sharper than what is judged with it
            assert (radius[k] < 2.0**-24 * np.abs(want).max()).all()


def test_sigma_to_first_order_is_that_of_random_rounding(found):
    """Two estimates from 32 draws each; allowed is K of one of them, or of its leaf's usual one."""
    cases, judgement = found
    entries = sum(leaf.size for leaf in jax.tree.leaves(cases[0][0]))
    least, most = (stats.t.isf(FALSE_ALARM / (2 * entries), DRAWS * n) for n in (10**9, 1))
    spread = 1.0 + 3.0 * np.sqrt(2.0 / DRAWS) / np.sqrt(2.0)
    quantiles = []
    for k, case in enumerate(cases):
        for allowed, sigma in zip(
            judgement.allowed, deviations(GRADIENT, case, "float32"), strict=True
        ):
            quantiles.append(np.median(np.asarray(allowed[k]) / sigma))

    assert min(quantiles) > least / spread
    assert max(quantiles) < most * spread


def test_correct_gradients_are_inside_and_shifted_ones_outside(found):
    cases, judgement = found
    for k, case in enumerate(cases):
        got = jax.tree.leaves(jax.jit(GRADIENT)(*jax.tree.map(jnp.asarray, case)))
        for g, value, radius, allowed in zip(
            got, judgement.value, judgement.radius, judgement.allowed, strict=True
        ):
            room = radius[k] + allowed[k]

            assert (np.abs(as_exact(g) - value[k]) <= room).all()
            assert (np.abs(as_exact(g) + 3.0 * room - value[k]) > room).all()


def test_in_float64_the_running_bound_judges():
    cases = points("float64")
    judgement = judged(GRADIENT, cases[0], "float64")(stacked(cases))

    assert np.asarray(judgement.settled).all()
    for mine, numpys in zip(
        judgement.allowed, running_bound(GRADIENT, cases[1], "float64"), strict=True
    ):
        # the same formula: positive terms, summed in another order, at most 160 in each of 4 sums
        assert np.abs(np.log(np.asarray(mine[1]) / numpys)).max() < 4 * 160 * 2.0**-53


def test_a_gate_within_rounding_leaves_both_cases_open():
    def gated(x, w):
        return jnp.sum(relu(x @ w))

    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(5, 40)).astype("float32"), rng.normal(size=40).astype("float32")
    near = x.copy()
    near[2] -= (near[2] @ w / (w @ w)) * w  # orthogonal, to rounding
    found = judged(jax.grad(gated, 1), (x, w), "float32")((np.stack([x, near]), np.stack([w, w])))
    clear, open_ = map(np.asarray, found.allowed[0])

    assert np.asarray(found.settled).all()
    assert (clear < np.abs(near[2]).min()).all()  # no gate is open: none of its rows is in doubt
    assert (open_ >= np.abs(near[2])).all()


def test_numbers_near_the_end_of_the_range_are_not_settled():
    f = jax.grad(lambda x: jnp.sum(jnp.exp(x) * x))
    x = np.float32([[1.0, 2.0], [1.0, 86.0], [1.0, 1e-40]])

    assert list(map(bool, judged(f, (x[0],), "float32")((x,)).settled)) == [True, False, False]


def test_a_branch_on_a_number_is_undecided():
    f = jax.grad(lambda x: jax.lax.cond(x[0] > 1.0, jnp.sum, lambda x: jnp.sum(x * x), x))

    with pytest.raises(Undecided, match="branch"):
        judged(f, (np.ones(3),), "float32")((np.ones((2, 3)),))


def test_large_cases_are_compiled_and_small_ones_are_not(monkeypatch):
    cases = points()
    small = budgets(GRADIENT, cases, "float32")
    monkeypatch.setattr(batch, "COMPILED", 0)
    large = budgets(GRADIENT, cases, "float32")

    assert any((a != b).any() for a, b in zip(small[0].allowed, large[0].allowed, strict=True))
    for one, other in zip(small, large, strict=True):
        assert set(other.kinds) == {RANDOM}
        assert [a.shape for a in one.allowed] == [a.shape for a in other.allowed]


@pytest.mark.parametrize("name", ["layer_norm", "batch_norm", "adam", "multi_head_attention"])
def test_what_a_small_program_has_a_budget_of_a_large_one_has_too(name):
    """A kept value may be the variance with something added to it: its slope is a constant."""
    one = ALL[name]
    args = jax.tree.map(np.asarray, one.draw(np.random.default_rng(0)))
    above = jax.tree.map(lambda s: np.ones(s.shape), jax.eval_shape(one.function, *args))
    slopes = autodiff(one.function, one.argnums, False)
    program, leaves = traced(slopes, (*args, above))
    one_case = tuple(jnp.asarray(leaf)[None] for leaf in leaves)
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        allowed = jax.eval_shape(_compiled(program, "float32"), (), one_case).allowed
    wanted = budget(slopes, (*args, above), "float32").allowed
    assert [leaf.shape[1:] for leaf in allowed] == [leaf.shape for leaf in wanted]


@pytest.mark.parametrize(("size", "compiled"), [(1_000, False), (1_000_000, True)])
def test_many_numbers_are_compiled_though_their_products_are_few(monkeypatch, size, compiled):
    """A sum over a million entries took NumPy a minute for each case."""
    monkeypatch.setattr(batch, "_settled", lambda *_: Budget([], ("compiled",)))
    monkeypatch.setattr(batch, "budget", lambda *_: Budget([], ("NumPy",)))
    gradient = jax.grad(lambda x: jnp.sum(jnp.tanh(x) * x))
    (found,) = batch.budgets(gradient, [(np.ones(size, np.float32),)], "float32")
    assert found.kinds == ("compiled" if compiled else "NumPy",)
