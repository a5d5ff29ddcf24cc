"""Points that are walked together have the budgets that each has alone."""

from collections import OrderedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive
from scipy import stats

from verification.arithmetic.noise import DRAWS
from verification.arithmetic.recalled import recalled
from verification.measurement import ahead
from verification.measurement.ahead import bounds_at
from verification.measurement.budget import budget, budgets_at, traced
from verification.measurement.subject import autodiff
from verification.measurement.together import ROOM, walks
from verification.vocabulary import Undecided

TABLE = np.arange(4) % 3


def recurrent(w, u, xs):
    def step(h, x):
        h = jnp.tanh(x @ w + h @ u)
        return h, jax.nn.sigmoid(h)

    return jnp.mean(jax.lax.scan(step, jnp.zeros((2, 3), w.dtype), xs)[1] ** 2)


PICTURES = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}
FUNCTIONS = {
    "loop": (recurrent, (2, 3), (3, 3), (4, 2, 2)),
    "softmax": (lambda x: jnp.sum(jax.nn.softmax(x) ** 2), (3, 5)),
    "normalized": (lambda x: jnp.sum(jnp.cos((x - x.mean()) / (1.0 + x.std()))), (7,)),
    "convolution": (
        lambda x, k: jnp.sum(
            jax.lax.conv_general_dilated(
                x, k, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            ** 2
        ),
        (2, 4, 4, 2),
        (2, 2, 2, 3),
    ),
    "table": (lambda x: jnp.sum(x[TABLE] ** 3), (3, 2)),
    "sorted": (lambda x: jnp.sum(jnp.sort(x) * jnp.arange(5.0)), (5,)),
    "running sum": (lambda x: jnp.sum(jnp.cumsum(x, axis=0) ** 2), (4, 3)),
    "solved": (lambda a, b: jnp.sum(jnp.linalg.solve(a @ a.T + 3.0 * jnp.eye(3), b)), (3, 3), (3,)),
    "stored beside": (lambda x, s: jnp.sum(jnp.exp(s) * jnp.sin(x) + jnp.tanh(s)), (4,), ()),
}


def asked(name: str, count: int = 5):
    function, *shapes = FUNCTIONS[name]
    gradient = autodiff(function, tuple(range(len(shapes))), True)
    rng = np.random.default_rng(1)
    points = [tuple(rng.normal(size=shape) for shape in shapes) for _ in range(count)]
    return gradient, points


def joined(gradient, points):
    program = traced(gradient, points[0])[0]
    (walk,) = walks(program, [traced(gradient, point)[1] for point in points])
    return program, walk


SECOND_ORDER = 2.0**-24  # of float32: bounds are of first order


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_running_bound_is_that_of_each_point(name):
    gradient, points = asked(name)
    program, walk = joined(gradient, points)
    assert walk.is_joined
    for found, point in zip(bounds_at(program, walk, "float32"), points, strict=True):
        alone = ahead.bounds_of(*traced(gradient, point), "float32")
        ours = ahead.bounds_of(*traced(gradient, point), "float64")
        for (value, error), (own, room), (_, float64) in zip(found, alone, ours, strict=True):
            assert (abs(value - own) <= 2.0 * float64).all()
            np.testing.assert_allclose(error, room, rtol=SECOND_ORDER)


def test_a_bound_of_another_point_is_another():
    gradient, points = asked("loop")
    program, walk = joined(gradient, points)
    first, second, *_ = bounds_at(program, walk, "float32")
    assert not np.allclose(first[0][1], second[0][1], rtol=SECOND_ORDER)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_deviations_are_those_of_each_point(dtype):
    gradient, points = asked("loop")
    program, walk = joined(gradient, points)
    # two estimates of one variance from 32 draws each: the quantile of their quotient
    most = stats.f.ppf(1.0 - 1e-9, DRAWS - 1, DRAWS - 1) ** 0.5
    for found, point in zip(budgets_at(program, walk, dtype), points, strict=True):
        alone = budget(gradient, point, dtype)
        assert found.kinds == alone.kinds
        for one, other in zip(found.allowed, alone.allowed, strict=True):
            assert (one <= most * other).all() and (other <= most * one).all()


def test_other_integers_are_another_walk():
    take = autodiff(lambda x, i: jnp.sum(x[i] ** 2), (0,), True)
    alike, apart = np.array([0, 1, 1]), np.array([1, 1, 1])
    points = [[np.arange(3.0) + k, apart if k == 2 else alike] for k in range(5)]
    program = traced(take, tuple(points[0]))[0]
    assert [len(walk.points) for walk in walks(program, points)] == [4, 1]


@pytest.mark.parametrize("name", ["branch", "loop", "effect"])
def test_what_looks_at_its_numbers_is_walked_alone(name):
    steered = {
        "branch": lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x).sum(),
        "loop": lambda x: jax.lax.while_loop(lambda y: y[0] < 9, lambda y: 2.0 * y, x).sum(),
        "effect": lambda x: (jax.debug.callback(lambda y: None, x), x.sum())[1],
    }
    program = jax.make_jaxpr(steered[name])(np.ones(3))
    assert [walk.is_joined for walk in walks(program, [[np.ones(3)]] * 4)] == [False] * 4


def test_large_arrays_are_walked_alone():
    program = jax.make_jaxpr(jnp.sin)(np.ones(ROOM))
    assert not any(walk.is_joined for walk in walks(program, [[np.ones(ROOM)]] * 4))


def test_what_is_recalled_is_batched_along_one_axis():
    inside = jax.make_jaxpr(jnp.sin)(1.0)
    keep = lambda *operands: recalled.bind(*operands, program=inside)
    operands = np.ones((2, 3)), np.ones((3, 2)), np.ones(3)
    batched = jax.make_jaxpr(jax.vmap(keep, in_axes=(0, 1, None)))(*operands)
    (eqn,) = (eqn for eqn in batched.eqns if eqn.primitive is recalled)
    assert {v.aval.shape for v in eqn.invars} == {(2, 3)}


def test_a_budget_found_ahead_is_given_once():
    gradient, points = asked("softmax")
    ahead.budgets_ahead(gradient, points, "float32")
    other = asked("normalized")[0]
    assert ahead.budget_known(gradient, points[0], "float64") is None
    assert ahead.budget_known(other, points[0], "float32") is None
    ((value, error),) = ahead.bounds_of(*traced(gradient, points[0]), "float32")
    assert value.shape == error.shape == points[0][0].shape  # no budget is taken for bounds
    first = [ahead.budget_known(gradient, point, "float32") for point in points]
    assert all(found is not None for found in first)
    assert ahead.budget_known(gradient, points[0], "float32") is None


@pytest.mark.parametrize("name", ["softmax", "normalized"])
def test_what_is_found_ahead_is_what_the_walk_says(name, monkeypatch):
    monkeypatch.setattr(ahead, "KNOWN", OrderedDict())  # nobody else's
    gradient, points = asked(name)
    program, walk = joined(gradient, points)
    ahead.budgets_ahead(gradient, points, "float32")
    for point, wanted in zip(points, budgets_at(program, walk, "float32"), strict=True):
        found = ahead.budget_known(gradient, point, "float32")
        assert found is not None and found.kinds == wanted.kinds
        assert all(map(np.array_equal, found.allowed, wanted.allowed))
    ahead.bounds_ahead([(program, leaves) for leaves in walk.points], "float32")
    assert len(ahead.KNOWN) == len(points)
    for leaves, wanted in zip(walk.points, bounds_at(program, walk, "float32"), strict=True):
        found = ahead.bounds_of(program, leaves, "float32")
        assert all(map(np.array_equal, sum(found, ()), sum(wanted, ())))


def test_what_is_silent_at_one_of_them_is_not_known(monkeypatch):
    def silent(*asked):
        raise Undecided("at one of them")

    gradient, points = asked("softmax")
    monkeypatch.setattr(ahead, "budgets_at", silent)
    ahead.budgets_ahead(gradient, points, "float32")
    assert ahead.budget_known(gradient, points[0], "float32") is None


def test_what_is_large_is_not_found_ahead(monkeypatch):
    gradient, points = asked("softmax")
    monkeypatch.setattr(ahead, "SMALL", 0)
    ahead.budgets_ahead(gradient, points, "float32")
    assert ahead.budget_known(gradient, points[0], "float32") is None


def test_what_nobody_asks_for_is_let_go():
    gradient, points = asked("running sum", ahead.KEPT + 9)
    ahead.budgets_ahead(gradient, points, "float32")
    assert len(ahead.KNOWN) == ahead.KEPT
    ahead.KNOWN.clear()


def test_float16_has_no_room_for_points_of_any_two_scales():
    gradient, points = asked("softmax")
    ahead.budgets_ahead(gradient, points, "float16")
    assert ahead.budget_known(gradient, points[0], "float16") is None


def test_what_cannot_be_batched_is_walked_point_by_point():
    """A primitive of somebody's own need not have a rule of batching."""
    lonely = Primitive("lonely")
    lonely.def_abstract_eval(lambda x: x)
    points = [[np.full(3, float(k))] for k in range(5)]
    program = jax.make_jaxpr(lonely.bind)(jnp.ones(3))
    assert [walk.is_joined for walk in walks(program, points)] == [False] * 5
    usual = jax.make_jaxpr(jnp.sin)(jnp.ones(3))
    assert [walk.is_joined for walk in walks(usual, points)] == [True]
