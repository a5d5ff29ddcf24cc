"""Subgradients at ties against those known by hand; what jumps, or has none, is left open."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.balls import UNIT
from verification.arithmetic.hulls import excess
from verification.oracles import ball, one_sided
from verification.oracles.question import ask

ARGS = {
    "xlogy": (lambda x, y: jnp.where(x == 0, 0.0, x * jnp.log(y)).sum(), (0.0, 0.5)),
    "x log(1 + y)": (lambda x, y: jnp.where(x == 0, 0.0, x * jnp.log1p(y)).sum(), (0.0, 0.5)),
}


def at(function, *args):
    points = tuple(np.asarray(a, float) for a in args)
    return ball.gradient(ask(function, points, tuple(range(len(args)))))


@pytest.mark.parametrize("name", ARGS)
def test_a_branch_taken_by_equality_does_not_make_the_slope(name):
    function, (x, y) = ARGS[name]
    dx, dy = at(function, x, y)
    assert abs(dx.mid - np.asarray(jnp.log(y) if name == "xlogy" else jnp.log1p(y))) < 1e-15
    assert dx.rad < 1e-25 and abs(dy.mid) + dy.rad < 1e-25


SMOOTH = {  # at 0
    "sinc": (jnp.sinc, 0.0),
    "power 0": (lambda x: x**0, 0.0),
    "relu(x) - relu(-x)": (lambda x: jnp.maximum(x, 0.0) - jnp.maximum(-x, 0.0), 1.0),
    "x |x|": (lambda x: x * jnp.abs(x), 0.0),
    "double where": (lambda x: jnp.where(x > 0, jnp.where(x > 0, x, 1.0) ** 1.5, 0.0), 0.0),
    "|x - x|": (lambda x: jnp.abs(x - x) + x, 1.0),
    "alike": (lambda x: jnp.stack([x + 1.0, 1.0 + x, x + 1.0]).max() + jnp.abs(x) * x, 1.0),
    "two alike": (lambda x: jnp.maximum(2.0 * x, x + x), 2.0),
    "between alike": (lambda x: jax.lax.clamp(x + 1.0, 1.0 + x, x + 1.0), 1.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_where_both_sides_agree_there_is_one_slope(name):
    function, slope = SMOOTH[name]
    (found,) = at(function, 0.0)
    assert abs(found.mid - slope) + found.rad < 1e-20


def test_what_is_tied_all_around_would_be_open_with_all_its_shares(monkeypatch):
    monkeypatch.setattr(one_sided, "HALF", UNIT)
    (found,) = at(SMOOTH["|x - x|"][0], 0.0)
    assert found.sides is not None or not found.rad < 0.1


def correlation(x):
    """That of two rows; the diagonal of all of them, which is 1 and was rounded, ties with 1."""
    row = x - jnp.mean(x, axis=1, keepdims=True)
    by = row / jnp.sqrt(jnp.sum(row * row, axis=1, keepdims=True))
    return jnp.clip(by @ by.T, -1.0, 1.0)[0, 1]


def test_a_tie_from_which_nothing_comes_back_is_none():
    (found,) = at(correlation, np.array([[1.0, 2.0, 4.0], [0.0, 3.0, 1.0]]))
    assert (found.rad < 1e-20).all() and found.sides is None


def test_a_tie_that_is_handed_on_in_parts_that_cancel_is_none():
    """The clip of d / sqrt(d) / sqrt(d): all shares at once do not cancel, any one does."""
    energy = lambda x: jnp.sum(jnp.corrcoef(x) ** 2)
    x = np.array([[1.0, 2.0, 4.0], [0.0, 3.0, 1.0]])
    (found,) = at(energy, x)
    near = np.abs(found.mid - np.asarray(jax.grad(energy)(x)))

    assert (found.rad < 1e-20).all() and found.sides is None
    assert (near < 64 * np.finfo(float).eps).all() and np.abs(found.mid).max() > 0.1


def test_a_tie_of_rounded_numbers_that_have_two_slopes_is_left_open():
    (found,) = at(lambda x: jnp.maximum(jnp.sqrt(2.0 * x) ** 2, 3.0 * x - 1.0), 1.0)
    assert not found.rad < 0.1  # 2 on one side, 3 on the other


KINKS = {
    "relu by where": (lambda x: jnp.where(x >= 0, x, 0.1 * x), 0.1, 1.0),
    "abs by where": (lambda x: jnp.where(x < 0, -x, x), -1.0, 1.0),
    "a mask": (lambda x: jnp.where(x > 0, 1.0, 0.0) * x, 0.0, 1.0),
    "hidden": (lambda x: jnp.maximum(jnp.exp(x), jnp.exp(-2.0 * x)), -2.0, 1.0),
    "norm": (lambda x: jnp.sqrt(x * x), -1.0, 1.0),
}


@pytest.mark.parametrize("name", KINKS)
def test_where_they_differ_it_is_what_lies_between(name):
    function, low, high = KINKS[name]
    (found,) = at(function, 0.0)
    assert found.sides is not None and found.sides.exact
    assert np.allclose([found.mid - found.rad, found.mid + found.rad], [low, high], atol=1e-12)


def mixes(function, point, answers):
    (found,) = at(function, point)
    assert found.sides is not None
    sides = found.sides
    flat = sides.columns.reshape(len(sides.columns), -1)
    room = np.full(flat.shape[1], 1e-12)
    test = lambda a: not excess(flat, sides.blocks, np.ravel(a).astype(float), room).any()
    return sides.exact, [test(a) for a in answers]


def test_one_maximum_is_shared():
    exact, said = mixes(
        jnp.max, [2.0, 2.0, 2.0], [[1, 0, 0], [0.2, 0.3, 0.5], [1, 1, 0], [0, 0, 0]]
    )
    assert exact and said == [True, True, False, False]


def test_a_chain_of_maxima_is_shared_too():
    chain = lambda x: jnp.maximum(jnp.maximum(x[0], x[1]), x[2])
    exact, said = mixes(chain, [2.0, 2.0, 2.0], [[0.25, 0.25, 0.5], [0, 0, 1], [0.5, 0.5, 0.5]])
    assert exact and said == [True, True, False]


def test_sorted_numbers_are_a_permutation_or_a_mean_of_some():
    weighted = lambda x: (jnp.sort(x) * jnp.arange(4.0)).sum()
    answers = [[1, 2, 3, 0], [3, 2, 1, 0], [2, 2, 2, 0], [3, 3, 3, 0], [1, 1, 4, 0]]
    exact, said = mixes(weighted, [1.0, 1.0, 1.0, 0.0], answers)
    assert exact and said == [True, True, True, False, False]


def test_windows_that_overlap_each_share_their_own():
    pooled = lambda x: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2,), (1,), "VALID").sum()
    answers = [[1, 1, 1, 0], [0, 1, 1, 1], [0.5, 1, 1, 0.5], [0, 2, 0, 1], [1, 2, 2, 1]]
    exact, said = mixes(pooled, np.ones(4), answers)
    assert exact and said == [True, True, True, True, False]


def test_every_share_of_a_unit_at_0_is_one_wherever_it_is_used():
    """All units of a layer at 0: what any of them hands on is a choice, and the same for a row."""
    x = np.random.default_rng(0).normal(size=(5, 3))
    layer = lambda w: jnp.maximum(x @ w, 0.0).sum()
    some = np.array([1.0, 0.0, 0.5, 0.0, 0.0])
    exact, said = mixes(layer, np.zeros(3), [0 * x[0], x.sum(0), x.T @ some, x.T @ (some + 10.0)])
    assert exact and said == [True, True, True, False]


@pytest.mark.parametrize(
    "jump", [jnp.floor, jnp.sign, lambda x: jnp.where(x > 0, 1.0, 0.0), lambda x: x // 1.0]
)
def test_where_the_function_jumps_nothing_is_said(jump):
    (found,) = at(lambda x: jump(x).sum() + (x**2).sum(), [0.0, 0.5])
    assert np.isinf(found.rad[0])
    assert found.mid[1] == 1.0 and found.rad[1] < 1e-25  # along which nothing jumps
    assert at(lambda x: jump(x).sum(), [0.3, 0.6])[0].rad.max() == 0.0


COUNTS = {  # times y, at (0, 0.5): beside it both entries count
    "count": lambda x: jnp.sum(x != 0).astype(x.dtype),
    "where": lambda x: jnp.where(x == 0, 0.0, 1.0).sum(),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_value_at_the_point_alone_may_be_what_moves(name):
    """Along y the function is y, beside the point it is 2 y: neither is wrong."""
    x, y = at(lambda x, y: COUNTS[name](x) * y, [0.0, 0.5], 3.0)
    assert np.isinf(y.rad) and x.rad[1] == 0.0 and x.mid[1] == 0.0
    assert at(lambda x, y: COUNTS[name](x) * y, [0.1, 0.5], 3.0)[1].mid == 2.0  # with no tie


def test_a_value_at_the_point_alone_that_moves_nothing_is_no_jump():
    x, y = at(lambda x, y: jnp.where(x == 0, 2.0, x) + y, 0.0, 3.0)
    assert (x.mid, y.mid) == (1.0, 1.0) and y.rad < 1e-25


def test_an_infinite_slope_is_left_open():
    (found,) = at(lambda x: jnp.sqrt(jnp.abs(x)).sum(), [0.0, 0.5])
    assert np.isinf(found.rad[0])


def test_a_norm_at_0_has_every_slope_up_to_1():
    (found,) = at(jnp.linalg.norm, [0.0, 0.0])
    assert found.sides is not None and not found.sides.exact
    assert np.isfinite(found.rad).all() and (found.rad >= 1.0).all()
