"""Gated, grouped, shared and turned: values beside the loops of the textbook, in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

RNG = np.random.default_rng(3)
EPS = np.finfo(float).eps
KEY = jax.random.key(1)
X, IMAGES = RNG.normal(size=(3, 5, 4)), RNG.normal(size=(2, 4, 5, 4))
GAIN, BIAS = RNG.normal(size=(2, 4))
MEAN, VARIANCE = RNG.normal(size=4), RNG.uniform(0.5, 2.0, size=4)
x, images, gain, bias = map(jnp.asarray, (X, IMAGES, GAIN, BIAS))
NORM, RUNNING = rn.Norm(gain, bias), rn.Running(jnp.asarray(MEAN), jnp.asarray(VARIANCE))


def drawn(init, *sizes, **options):
    """Weights of these shapes: nothing is compiled to have them."""
    shapes = jax.eval_shape(lambda: init(KEY, *sizes, dtype=jnp.float64, **options))
    return jax.tree.map(lambda leaf: jnp.asarray(RNG.normal(size=leaf.shape)), shapes)


GRU = drawn(rn.init_recurrent, 4, 3, 3)
SIGNAL = drawn(rn.init_conv1d, 4, 3)
IMAGE = drawn(rn.init_conv2d, 4, 3, (3, 2))
PARTS = drawn(rn.init_conv2d, 2, 6, 3)
SHARED = drawn(rn.init_heads, 4, 8, shared=4)
EXPERTS = drawn(rn.init_experts, 4, 3, 5)
ROWS = X.reshape(15, 4)
rows = jnp.asarray(ROWS)
logistic = lambda z: 1.0 / (1.0 + np.exp(-z))


def looped_gru(reset_first=True):
    u, w, b = map(np.asarray, GRU)
    h, out = np.zeros((5, 3)), []
    for row in X:
        a = row @ u + b
        r = logistic(a[:, :3] + h @ w[:, :3])
        z = logistic(a[:, 3:6] + h @ w[:, 3:6])
        new = (r * h) @ w[:, 6:] if reset_first else r * (h @ w[:, 6:])
        h = z * h + (1 - z) * np.tanh(a[:, 6:] + new)
        out.append(h)
    return np.stack(out)


def grouped_rows():
    parts = [p - p.mean((1, 2), keepdims=True) for p in np.split(X, 2, -1)]
    return np.concatenate(
        [p / np.sqrt((p**2).mean((1, 2), keepdims=True) + 1e-5) for p in parts], -1
    )


def looped_signal():
    wide = np.pad(X, ((0, 0), (1, 1), (0, 0)))
    return np.stack(
        [np.tensordot(wide[:, s : s + 3], SIGNAL.w, 2) for s in (0, 2, 4)], 1
    ) + np.asarray(SIGNAL.b)


def waves(*functions):
    return np.stack([f(np.arange(5) * r) for r in (1.0, 0.1) for f in functions], -1)


def looped_transpose():
    y, w = np.zeros((2, 2 * 3 + 3, 2 * 4 + 2, 3)), np.asarray(IMAGE.w)
    for b, i, j, u, v in np.ndindex(2, 4, 5, 3, 2):
        y[b, 2 * i + u, 2 * j + v] += IMAGES[b, i, j] @ w[u, v]
    return y[:, 1:-1, 1:-1] + np.asarray(IMAGE.b)


def of_parts():
    halves = zip(*(jnp.split(a, 2, axis=-1) for a in (images, *PARTS)), strict=True)
    return np.concatenate([rn.conv2d(rn.Conv(w, b), x, padding=1) for x, w, b in halves], -1)


def repeated_heads(order=(0, 0, 1, 1)):
    wide = lambda w: jnp.concatenate([w[:, 2 * g : 2 * g + 2] for g in order], axis=-1)
    same = SHARED._replace(k=wide(SHARED.k), v=wide(SHARED.v))
    return rn.multi_head_attention(same, x, 4, rn.causal_mask(5))


def mixed(top=2):
    router, up, down = map(np.asarray, EXPERTS)
    out = np.zeros_like(ROWS)
    for k, row in enumerate(ROWS):
        logits = row @ router
        best = np.argsort(-logits)[:top]
        shares = np.exp(logits[best]) / np.exp(logits[best]).sum()
        for e, p in zip(best, shares, strict=True):
            out[k] += p * np.maximum(row @ up[e], 0) @ down[e]
    return out


def turned():
    points = (X[..., :2] + 1j * X[..., 2:]) * np.exp(
        1j * np.arange(5)[:, None] * 100.0 ** (-np.arange(2) / 2)
    )
    return np.concatenate([points.real, points.imag], -1)


CLOSED = {  # the value, the formula, and a neighbour that people take it for
    "gru": lambda: (rn.gru(GRU, x), looped_gru(), looped_gru(reset_first=False)),
    "group_norm": lambda: (
        rn.group_norm(NORM, x, 2),
        grouped_rows() * GAIN + BIAS,
        rn.layer_norm(NORM, x),
    ),
    "batch_norm_eval": lambda: (
        rn.batch_norm_eval(NORM, RUNNING, rows),
        (ROWS - MEAN) / np.sqrt(VARIANCE + 1e-5) * GAIN + BIAS,
        rn.batch_norm(NORM, rows),
    ),
    "weight_norm": lambda: (
        rn.weight_norm(rows, gain),
        GAIN * ROWS / np.linalg.norm(ROWS, axis=0),
        GAIN * ROWS / np.linalg.norm(ROWS),
    ),
    "avg_pool": lambda: (
        rn.avg_pool(images),
        IMAGES[:, :, :4].reshape(2, 2, 2, 2, 2, 4).mean((2, 4)),
        rn.max_pool(images),
    ),
    "conv1d": lambda: (
        rn.conv1d(SIGNAL, x, 2, 1),
        looped_signal(),
        rn.conv1d(SIGNAL._replace(w=SIGNAL.w[::-1]), x, 2, 1),
    ),
    "conv2d_transpose": lambda: (
        rn.conv2d_transpose(IMAGE, images, 2, 1),
        looped_transpose(),
        rn.conv2d_transpose(IMAGE._replace(w=IMAGE.w[::-1]), images, 2, 1),
    ),
    "conv2d in groups": lambda: (
        rn.conv2d(PARTS, images, padding=1, groups=2),
        of_parts(),
        of_parts()[..., ::-1],
    ),
    "grouped_query_attention": lambda: (
        rn.grouped_query_attention(SHARED, x, 4, 2, rn.causal_mask(5)),
        repeated_heads(),
        repeated_heads((0, 1, 0, 1)),
    ),
    "mixture_of_experts": lambda: (rn.mixture_of_experts(EXPERTS, rows, 2), mixed(), mixed(3)),
    "rotary": lambda: (rn.rotary(x, 100.0), turned(), rn.rotary(x, 10.0)),
    "sinusoidal_positions": lambda: (
        rn.sinusoidal_positions(5, 4, 100.0, jnp.float64),
        waves(np.sin, np.cos),
        waves(np.cos, np.sin),
    ),
}


def off(value, truth):
    """Error in 64 roundings of numbers of size 1 and of their own size."""
    return np.max(np.abs(np.asarray(value) - np.asarray(truth)) / (64 * EPS * (1 + np.abs(truth))))


@pytest.mark.parametrize("name", CLOSED)
def test_the_value_is_the_formula_and_not_its_neighbour(name):
    value, truth, neighbour = map(np.asarray, CLOSED[name]())
    assert np.shape(value) == np.shape(truth)
    assert off(value, truth) <= 1.0 < off(value, neighbour)


def test_running_statistics_are_threaded_and_have_no_gradient():
    start = rn.init_running(4, jnp.float64)
    y, kept = rn.batch_norm_train(NORM, start, rows, 0.75)
    assert off(y, rn.batch_norm(NORM, rows)) == 0.0
    assert off(kept.mean, 0.25 * ROWS.mean(0)) <= 1.0
    assert (
        off(kept.variance, 0.75 + 0.25 * ROWS.var(0, ddof=1))
        <= 1.0
        < off(kept.variance, 0.75 + 0.25 * ROWS.var(0))
    )
    through = jax.grad(lambda a: sum(map(jnp.sum, rn.batch_norm_train(NORM, start, a)[1])))(rows)
    assert (through == 0.0).all()


def test_a_product_of_turned_rows_knows_their_distance_alone():
    q, k = rows[:1], rows[1:2]
    at = lambda row, t: rn.rotary(jnp.broadcast_to(row, (9, 4)))[t]
    score = lambda s, t: float(at(q, s) @ at(k, t))
    assert abs(score(2, 4) - score(6, 8)) <= 64 * EPS < abs(score(2, 4) - score(2, 5))


def test_experts_chosen_alike_cost_one_and_one_expert_alone_costs_more():
    even = jnp.eye(4, dtype=jnp.float64) * 0.5
    assert off(rn.balancing_loss(even), 1.0) <= 1.0
    assert rn.balancing_loss(jnp.broadcast_to(even[0], (4, 4))) > 1.3
    assert off(rn.balancing_loss(even[:, :3], 3), 1.0) <= 1.0
    ties = rn.layers.mixture.largest(jnp.zeros((1, 4)), 2)
    assert ties.tolist() == [[True, True, False, False]]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rn.group_norm(NORM, x, 3), "groups must divide them"),
        (lambda: rn.batch_norm_train(NORM, RUNNING, rows[:1]), "at least 2"),
        (lambda: rn.batch_norm_train(NORM, RUNNING, rows, 1.0), "0 <= momentum < 1"),
        (lambda: rn.init_running(0), "at least 1"),
        (lambda: rn.conv2d(PARTS, images, groups=4), "groups times inputs"),
        (lambda: rn.conv1d(SIGNAL, x[:, :2]), "does not fit"),
        (lambda: rn.conv2d_transpose(IMAGE, images[:, :1], 1, 2), "a smaller is wanted"),
        (lambda: rn.grouped_query_attention(SHARED, x, 4, 3), "groups must divide heads"),
        (lambda: rn.grouped_query_attention(SHARED, x, 4, 4), "4 heads in 4 groups want"),
        (lambda: rn.rotary(x[..., :3]), "an even number"),
        (lambda: rn.sinusoidal_positions(3, 5), "an even number"),
        (lambda: rn.mixture_of_experts(EXPERTS, rows, 6), "1 to 5 can be chosen"),
        (lambda: rn.init_experts(KEY, 2, 0, 2), "at least 1"),
    ],
)
def test_what_does_not_fit_raises(call, said):
    with pytest.raises(ValueError, match=said):
        call()
