"""Updates: the formulas, held against optax's own programs along whole trajectories."""

from inspect import signature
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refnet as rn

STEPS = 12
DTYPES = (jnp.float32, jnp.float64, jnp.bfloat16)
EXACT = ("gradient_descent", "momentum", "nesterov", "rmsprop", "adagrad")  # same operations
seeds = st.integers(0, 2**32 - 1)
rates = st.floats(1e-4, 0.5)
decays = st.floats(0.0, 0.99)

# name -> optax's own, called with the arguments of ours
OPTAX = {
    "gradient_descent": optax.sgd,
    "momentum": lambda r, decay=0.9: optax.sgd(r, momentum=decay),
    "nesterov": lambda r, decay=0.9: optax.sgd(r, momentum=decay, nesterov=True),
    "adam": optax.adam,
    "adamw": optax.adamw,
    "rmsprop": optax.rmsprop,
    "adagrad": optax.adagrad,
    "amsgrad": optax.amsgrad,
    "nadam": optax.nadam,
    "radam": optax.radam,
    "adamax": optax.adamax,
    "adabelief": lambda r: optax.adabelief(r, eps=1e-8, eps_root=1e-16),
    "lion": lambda r: optax.lion(r, weight_decay=0.0),
    "adadelta": lambda r: optax.adadelta(r),
    "lamb": lambda r: optax.lamb(r),
    "schedule_free_sgd": lambda r: optax.contrib.schedule_free_sgd(r),
    "schedule_free_adamw": lambda r: optax.contrib.schedule_free_adamw(r, weight_decay=1e-4),
}
JUDGED = ("adafactor", "muon")  # optax has float32 inside, and another variant: tests/updates
WHOLE = ("lamb", "adafactor", "muon")  # an entry of the direction depends on the whole leaf


def schedule(count):
    """A rate that is different at every step."""
    return 0.3 / (1.0 + jnp.asarray(count, jnp.float32))


def tree(rng, dtype):
    """Parameters or gradients over ten orders of magnitude, some of them 0."""
    draw = lambda *shape: jnp.asarray(
        rng.normal(size=shape) * 10.0 ** rng.uniform(-5, 5, shape) * (rng.random(shape) < 0.9),
        dtype,
    )
    return {"w": draw(3, 2), "b": (draw(3, 2), draw())}


def trajectory(rule, seed, dtype):
    """The parameters after each of STEPS steps, and the size of everything added to them."""
    rng = np.random.default_rng(seed)
    params = tree(rng, dtype)
    with jax.numpy_dtype_promotion("standard"):  # optax wants it; ours is held to strict below
        state, path, size = rule.init(params), [], jax.tree.map(jnp.abs, params)
        for _ in range(STEPS):
            change, state = rule.update(tree(rng, dtype), state, params)
            params = optax.apply_updates(params, change)
            size = jax.tree.map(lambda s, c: s + jnp.abs(c), size, change)
            path.append(params)
    return path, size


def identical(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(x.dtype == y.dtype and bool((x == y).all()) for x, y in pairs)


def within_rounding(ours, theirs, size, b2):
    """16 roundings a step; optax's 1 - b2^t has lost a factor 1 / (1 - b2) of its digits."""
    eps = np.finfo(np.float64).eps
    near = lambda x, y, s: (jnp.abs(x - y) <= 16 * STEPS * eps / (1.0 - b2) * s).all()
    return all(
        jax.tree.all(jax.tree.map(near, a, b, size)) for a, b in zip(ours, theirs, strict=True)
    )


def test_every_rule_has_a_rival():
    assert {*OPTAX, *JUDGED} == set(rn.UPDATES)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: jnp.dtype(d).name)
@pytest.mark.parametrize("name", EXACT)
def test_same_bits_as_optax(name, dtype):
    for rate in (0.05, schedule):
        ours, theirs = (rules[name](rate) for rules in (rn.UPDATES, OPTAX))
        assert identical(trajectory(ours, 1, dtype)[0], trajectory(theirs, 1, dtype)[0])


@pytest.mark.parametrize("name", ("momentum", "nesterov", "rmsprop"))
@settings(max_examples=3)
@given(seed=seeds, rate=rates, decay=decays)
def test_same_bits_as_optax_for_any_decay(name, seed, rate, decay):
    ours, theirs = (rules[name](rate, decay=decay) for rules in (rn.UPDATES, OPTAX))
    a, b = trajectory(ours, seed, jnp.float64)[0], trajectory(theirs, seed, jnp.float64)[0]
    assert identical(a, b)


@pytest.mark.parametrize("name", ("adam", "adamw"))
@settings(max_examples=3)
@given(seed=seeds, rate=rates, b1=decays, b2=decays)
def test_adam_as_optax_for_any_decay(name, seed, rate, b1, b2):
    ours, theirs = (rules[name](rate, b1=b1, b2=b2) for rules in (rn.UPDATES, OPTAX))
    path, size = trajectory(ours, seed, jnp.float64)
    assert within_rounding(path, trajectory(theirs, seed, jnp.float64)[0], size, b2)


@pytest.mark.parametrize("name", OPTAX)
def test_in_a_chain_and_with_a_schedule(name):
    chained = lambda rules: optax.chain(optax.clip_by_global_norm(1.0), rules[name](schedule))
    path, size = trajectory(chained(rn.UPDATES), 2, jnp.float64)
    theirs, _ = trajectory(chained(OPTAX), 2, jnp.float64)
    assert within_rounding(path, theirs, size, b2=0.999)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("momentum", rn.nesterov(0.1)),
        ("nesterov", rn.momentum(0.1)),
        ("adam", rn.adamw(0.1, weight_decay=1e-6)),
        ("adam", rn.adam(0.1, eps=1e-7)),
        ("adam", optax.chain(optax.scale_by_rms(0.999), optax.scale(-0.1))),
        ("rmsprop", optax.rmsprop(0.1, eps_in_sqrt=False)),
        ("adagrad", rn.adagrad(0.1, initial_accumulator_value=0.0)),
        ("gradient_descent", rn.gradient_descent(0.1 * (1 + 1e-9))),
        ("adadelta", rn.adadelta(0.1, eps=1.1e-6)),
        ("lamb", rn.adam(0.1, eps=1e-6)),
        ("schedule_free_sgd", rn.schedule_free_sgd(0.1, b1=0.9 + 1e-9)),
        ("schedule_free_adamw", rn.schedule_free_adamw(0.1, weight_decay=1.1e-4)),
    ],
)
def test_a_wrong_rule_is_caught(right, wrong):
    path, size = trajectory(OPTAX[right](0.1), 3, jnp.float64)
    ours, _ = trajectory(rn.UPDATES[right](0.1), 3, jnp.float64)
    other, _ = trajectory(wrong, 3, jnp.float64)
    assert within_rounding(path, ours, size, b2=0.999)
    assert not within_rounding(path, other, size, b2=0.999)


@pytest.mark.parametrize("dtype", (*DTYPES, jnp.float16), ids=lambda d: jnp.dtype(d).name)
@pytest.mark.parametrize("name", rn.UPDATES)
def test_dtype_is_kept_under_strict_promotion(name, dtype):
    eps = {"eps": 1e-4} if "eps" in signature(rn.UPDATES[name]).parameters else {}
    params = jax.tree.map(lambda a: a.astype(dtype), {"w": jnp.ones((2, 3)), "b": jnp.zeros(3)})
    for rate in (0.1, optax.cosine_decay_schedule(0.1, 10)):
        rule = rn.UPDATES[name](rate, **eps)
        change, state = jax.eval_shape(rule.update, params, rule.init(params), params)
        floats = [a for a in jax.tree.leaves((change, state)) if a.ndim]  # scalars may be wider
        assert all(a.dtype == dtype for a in floats)


def test_adam_keeps_its_digits_in_float32():
    gradient = jnp.asarray([3.0, -1e-3], jnp.float32)
    rule = rn.adam(1.0, eps=1e-30)
    change, _ = jax.jit(rule.update)(gradient, rule.init(gradient))
    error = jnp.abs(change + jnp.sign(gradient))  # at t = 1, d = g / |g|
    assert (error <= 16 * jnp.finfo(jnp.float32).eps).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: jnp.dtype(d).name)
@pytest.mark.parametrize("name", rn.UPDATES)
def test_no_gradient_no_change(name, dtype):
    zero = jnp.zeros(3, dtype)
    rule = rn.UPDATES[name](0.1)
    update = jax.jit(rule.update)
    change, state = update(zero, rule.init(zero), zero)
    assert (change == 0.0).all()
    assert (update(zero, state, zero)[0] == 0.0).all()


@pytest.mark.parametrize("name", rn.UPDATES)
def test_the_rule_has_a_finite_slope_also_where_an_entry_is_zero(name):
    rule = rn.UPDATES[name](0.1)
    state = rule.init(jnp.ones(4))
    gradient = jnp.array([0.0, 1e-3, -2.0, 1e-200])
    slope = jax.jit(jax.jacobian(lambda g: rule.update(g, state, jnp.ones(4))[0]))(gradient)
    assert jnp.isfinite(slope).all()
    assert (slope == jnp.diag(jnp.diag(slope))).all() or name in WHOLE


def test_the_slope_of_adam_at_zero_is_minus_rate_over_eps():
    rule = rn.adam(0.125, eps=0.5)
    state = rule.init(jnp.zeros(()))
    slope = jax.jit(jax.grad(lambda g: rule.update(g, state)[0]))(jnp.zeros(()))
    assert abs(slope + 0.25) <= 4 * jnp.finfo(jnp.float64).eps


@pytest.mark.parametrize("name", rn.UPDATES)
@pytest.mark.parametrize("rate", (-0.1, float("nan"), float("inf")))
def test_a_bad_rate_raises(name, rate):
    with pytest.raises(ValueError, match="learning_rate is .* wants a finite learning_rate >= 0"):
        rn.UPDATES[name](rate)


@pytest.mark.parametrize(
    ("name", "wrong", "wanted"),
    [
        ("momentum", {"decay": 1.0}, "0 <= decay < 1"),
        ("nesterov", {"decay": -0.1}, "0 <= decay < 1"),
        ("adam", {"b1": 1.0}, "0 <= b1 < 1"),
        ("adam", {"b2": -1e-9}, "0 <= b2 < 1"),
        ("adam", {"eps": 0.0}, "eps > 0"),
        ("adamw", {"weight_decay": -1e-4}, "weight_decay >= 0"),
        ("rmsprop", {"decay": 2.0}, "0 <= decay < 1"),
        ("rmsprop", {"eps": -1.0}, "eps > 0"),
        ("adagrad", {"initial_accumulator_value": -0.1}, "initial_accumulator_value >= 0"),
        ("adagrad", {"eps": 0.0}, "eps > 0"),
        ("radam", {"b2": 1.0}, "0 <= b2 < 1"),
        ("adabelief", {"eps_root": -1.0}, "eps_root >= 0"),
        ("lion", {"b1": 1.0}, "0 <= b1 < 1"),
        ("adadelta", {"rho": 1.0}, "0 <= rho < 1"),
        ("lamb", {"weight_decay": -1.0}, "weight_decay >= 0"),
    ],
)
def test_a_bad_hyperparameter_raises(name, wrong, wanted):
    with pytest.raises(ValueError, match=wanted):
        rn.UPDATES[name](0.1, **wrong)


def test_an_eps_the_dtype_rounds_away_raises():
    with pytest.raises(ValueError, match="eps is 1e-08, which float16 parameters round away"):
        rn.adam(0.1).init(jnp.zeros(2, jnp.float16))


def test_weight_decay_without_parameters_raises():
    rule = rn.adamw(0.1)
    with pytest.raises(ValueError, match="params is None"):
        rule.update(jnp.ones(2), rule.init(jnp.ones(2)))


def test_the_count_stays_at_its_largest():
    rule = rn.gradient_descent(schedule)
    state: Any = rn.RuleState(jnp.int32(2**31 - 1), ())
    after: Any = rule.update(jnp.ones(2), state)[1]
    assert after.count == 2**31 - 1
