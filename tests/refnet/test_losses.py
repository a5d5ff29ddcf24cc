"""Losses: values and slopes as stated, shapes that differ refused, finite where the truth is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import refnet as rn

ELEMENTWISE = ("mse", "binary_cross_entropy", "binary_cross_entropy_with_logits")
LARGEST32 = float(np.finfo(np.float32).max)
shapes = hnp.array_shapes(min_dims=1, max_dims=2, max_side=3)
seeds = st.integers(0, 2**32 - 1)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def logistic(z):
    return 0.5 * (1.0 + np.tanh(0.5 * z))


# name -> (loss, slope) in NumPy, textbook form, n the number of entries or examples
TRUTH = {
    "mse": lambda p, t: (np.mean((p - t) ** 2), 2.0 * (p - t) / p.size),
    "binary_cross_entropy": lambda a, y: (
        -np.mean(y * np.log(a) + (1.0 - y) * np.log(1.0 - a)),
        (a - y) / (a * (1.0 - a)) / a.size,
    ),
    "binary_cross_entropy_with_logits": lambda z, y: (
        -np.mean(y * np.log(logistic(z)) + (1.0 - y) * np.log(logistic(-z))),
        (logistic(z) - y) / z.size,
    ),
    "softmax_cross_entropy": lambda z, t: (
        -np.mean(np.sum(t * np.log(softmax(z)), axis=-1)),
        (softmax(z) * t.sum(axis=-1, keepdims=True) - t) / (z.size // z.shape[-1]),
    ),
    "softmax_cross_entropy_with_integer_labels": lambda z, label: TRUTH["softmax_cross_entropy"](
        z, np.eye(z.shape[-1])[label]
    ),
}


COMPILED = {name: jax.jit(jax.value_and_grad(loss)) for name, loss in rn.LOSSES.items()}


def sample(name, seed, shape):
    """A prediction in its domain and a target that suits it, float64."""
    rng = np.random.default_rng(seed)
    prediction = rng.normal(size=shape)
    target = rng.uniform(size=shape)
    if name == "binary_cross_entropy":
        prediction = rng.uniform(0.05, 0.95, size=shape)
    if name == "softmax_cross_entropy_with_integer_labels":
        target = rng.integers(0, shape[-1], size=shape[:-1])
    return prediction, target


def error_in_budgets(got, truth, size):
    """Error over 16 roundings per entry summed, of numbers of size 1 and their truth's own size."""
    budget = 16.0 * np.finfo(np.float64).eps * size * (1.0 + np.abs(truth))
    return float(np.max(np.abs(np.asarray(got) - truth) / budget))


@pytest.mark.parametrize("name", rn.LOSSES)
@settings(max_examples=8)
@given(seed=seeds, shape=shapes)
def test_value_and_slope_are_as_stated(name, seed, shape):
    p, t = sample(name, seed, shape)
    value, slope = COMPILED[name](jnp.asarray(p), jnp.asarray(t))
    truth, truth_slope = TRUTH[name](p, t)
    assert value.shape == () and slope.shape == p.shape
    assert error_in_budgets(value, truth, p.size) <= 1.0
    assert error_in_budgets(slope, truth_slope, p.size) <= 1.0


@pytest.mark.parametrize("name", rn.LOSSES)
def test_a_sum_in_place_of_the_mean_is_caught(name):
    p, t = sample(name, 0, (3, 4))
    slope = jax.grad(rn.LOSSES[name])(jnp.asarray(p), jnp.asarray(t))
    assert error_in_budgets(3.0 * slope, TRUTH[name](p, t)[1], p.size) > 1.0


@pytest.mark.parametrize("name", ELEMENTWISE + ("softmax_cross_entropy",))
@settings(max_examples=8)
@given(a=shapes, b=shapes)
def test_shapes_that_differ_raise(name, a, b):
    p, t = jax.ShapeDtypeStruct(a, jnp.float32), jax.ShapeDtypeStruct(b, jnp.float32)
    if a == b:
        assert jax.eval_shape(rn.LOSSES[name], p, t).shape == ()
    else:
        with pytest.raises(ValueError, match=f"{name}.*must be the same"):
            jax.eval_shape(rn.LOSSES[name], p, t)


def test_integer_labels_want_one_per_example():
    with pytest.raises(ValueError, match="must be the same"):
        rn.softmax_cross_entropy_with_integer_labels(jnp.ones((3, 2)), jnp.zeros((2,), int))


def test_a_label_outside_is_nan():
    loss = rn.softmax_cross_entropy_with_integer_labels(jnp.ones((1, 3)), jnp.array([3]))
    assert jnp.isnan(loss)


@pytest.mark.parametrize("name", rn.LOSSES)
def test_jit_and_vmap_change_nothing_that_matters(name):
    pairs = [sample(name, seed, (3, 4)) for seed in range(5)]
    p, t = (jnp.asarray(np.stack(part)) for part in zip(*pairs, strict=True))
    each = np.array([rn.LOSSES[name](*pair) for pair in zip(p, t, strict=True)])
    for together in (jax.vmap(rn.LOSSES[name]), jax.jit(jax.vmap(rn.LOSSES[name]))):
        assert error_in_budgets(together(p, t), each, p[0].size) <= 1.0


@pytest.mark.parametrize("y", (0.0, 0.25, 1.0))
@pytest.mark.parametrize("z", (-LARGEST32, -3e38, -100.0, -1e-45, 0.0, 1e-45, 100.0, 3e38))
def test_logits_at_the_ends_keep_their_gradient(z, y):
    logit, label = jnp.full(1, z, jnp.float32), jnp.full(1, y, jnp.float32)
    value, slope = COMPILED["binary_cross_entropy_with_logits"](logit, label)
    assert jnp.isfinite(value)
    assert slope[0] == jnp.float32(logistic(z)) - jnp.float32(y)


@pytest.mark.parametrize("dtype", (jnp.float16, jnp.bfloat16, jnp.float32, jnp.float64))
def test_softmax_at_the_ends_keeps_its_gradient(dtype):
    largest = float(jnp.finfo(dtype).max)
    logits = jnp.asarray([[largest, -largest, 0.0], [-largest, -largest, -largest]], dtype)
    labels = jnp.array([0, 2])
    targets = jax.nn.one_hot(labels, 3, dtype=dtype)
    truth = np.asarray([[0.0, 0.0, 0.0], [1 / 6, 1 / 6, -1 / 3]])
    for loss, target in (
        ("softmax_cross_entropy", targets),
        ("softmax_cross_entropy_with_integer_labels", labels),
    ):
        value, slope = COMPILED[loss](logits, target)
        assert value.dtype == dtype and jnp.isfinite(value)
        error = np.abs(np.asarray(slope, np.float64) - truth)
        assert (error <= 4 * float(jnp.finfo(dtype).eps) * np.abs(truth)).all()


def test_a_hopeless_softmax_keeps_its_gradient():
    logits = jnp.asarray([[3e38, -3e38]], jnp.float32)  # the loss, 6e38, is no float32
    slope = jax.grad(rn.softmax_cross_entropy)(logits, jnp.asarray([[0.0, 1.0]], jnp.float32))
    assert (slope == jnp.asarray([[1.0, -1.0]], jnp.float32)).all()


def test_huber_is_a_square_near_0_and_a_line_far_away():
    p, t = jnp.array([0.5, -3.0]), jnp.zeros(2)
    assert rn.huber(p, t, 2.0) == (0.125 + 2.0 * (3.0 - 1.0)) / 2
    assert jax.grad(rn.huber)(p, t, 2.0).tolist() == [0.25, -1.0]
    for delta in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="delta > 0"):
            rn.huber(p, t, delta)


def test_hinge_is_0_beyond_the_margin():
    s, t = jnp.array([2.0, 0.5, -1.0, -3.0]), jnp.array([1.0, 1.0, 1.0, -1.0])
    assert rn.hinge(s, t) == (0.0 + 0.5 + 2.0 + 0.0) / 4
    assert jax.grad(rn.hinge)(s, t).tolist() == [0.0, -0.25, -0.25, 0.0]


def test_cosine_similarity_knows_directions_alone():
    a, b = jnp.array([[3.0, 4.0], [1.0, 0.0]]), jnp.array([[6.0, 8.0], [0.0, 2.0]])
    assert rn.cosine_similarity(a, b).tolist() == [1.0, 0.0]
    assert rn.cosine_similarity(a, -b).tolist() == [-1.0, 0.0]


@pytest.mark.parametrize("loss", [rn.huber, rn.hinge, rn.cosine_similarity])
def test_other_losses_never_broadcast(loss):
    with pytest.raises(ValueError, match="they must be the same"):
        loss(jnp.ones((3, 2)), jnp.ones((3, 1)))
