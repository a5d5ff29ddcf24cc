"""Functions that are not ours: whatever JAX traces is judged, and its planted twin is wrong.

Each forward pass has a twin whose gradient makes a mistake that people make; in float64, float32
and bfloat16 JAX's own gradient is correct, and the twin's is wrong.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import verification as vf
from verification.oracles import ball, reverse_autodiff
from verification.oracles.question import ask
from verification.vocabulary import Verdict

stop = lax.stop_gradient


class Forward(NamedTuple):
    """A loss of (parameters, data), what draws both, and the loss whose gradient is the twin's."""

    loss: Callable
    sample: Callable
    twin: Callable


def half(x):
    """The sum of squares / 2: its gradient is x, so that no sign or scale is lost on the way."""
    return 0.5 * jnp.sum(jnp.square(x))


# --- convolution and max pooling -------------------------------------------------------------


def convolution(params, x, keep=lambda h: h, strides=(2, 1)):
    kernel, bias, head = params
    numbers = ("NHWC", "HWIO", "NHWC")
    h = lax.conv_general_dilated(x, kernel, strides, "SAME", dimension_numbers=numbers)
    h = keep(jnp.tanh(h + jnp.reshape(bias, (1, 1, 1, -1))))
    return half(jnp.reshape(h, (h.shape[0], -1)) @ head)


def convolution_sample(rng):
    params = rng.normal(size=(3, 2, 2, 3)), rng.normal(size=3), rng.normal(size=(3 * 4 * 3, 2))
    return params, rng.normal(size=(2, 5, 4, 2))


def turned(params, x):
    """The kernel's gradient by a correlation where a convolution is wanted: turned around."""
    kernel, bias, head = params
    back = kernel[::-1, ::-1]
    return convolution((back + stop(kernel - back), bias, head), x)


def max_pool(params, x, pool=None):
    w, b = params
    h = x @ w + jnp.reshape(b, (1, 1, -1))
    window = (1, 3, 1)
    pooled = lax.reduce_window(h, -jnp.inf, lax.max, window, (1, 2, 1), "SAME")
    return half(pooled if pool is None else pool(h, pooled))


def shared(h, pooled):
    """Every entry of a window has its share, as in mean pooling."""
    mean = lax.reduce_window(h, 0.0, lax.add, (1, 3, 1), (1, 2, 1), "SAME") / 3.0
    return mean + stop(pooled - mean)


def max_pool_sample(rng):
    return (rng.normal(size=(2, 3)), rng.normal(size=3)), rng.normal(size=(2, 7, 2))


# --- layer norm and attention ----------------------------------------------------------------


def layer_norm(params, x, keep=lambda v: v):
    scale, shift, w = params
    h = x @ w
    centred = h - keep(jnp.mean(h, -1, keepdims=True))
    deviation = keep(jnp.sqrt(jnp.mean(jnp.square(centred), -1, keepdims=True) + 1e-3))
    return half(centred / deviation * scale[None] + shift[None])


def layer_norm_sample(rng):
    return (rng.normal(size=5), rng.normal(size=5), rng.normal(size=(3, 5))), rng.normal(
        size=(4, 3)
    )


def attention(params, x, soften=lambda scores: jax.nn.softmax(scores, -1)):
    query, key, value = (jnp.einsum("bti,io->bto", x, w) for w in params)
    scores = jnp.einsum("bti,bsi->bts", query, key) * np.asarray(0.5, x.dtype)
    causal = jnp.tril(jnp.ones(scores.shape[1:], bool))[None]
    scores = jnp.where(jnp.broadcast_to(causal, scores.shape), scores, -1e4)
    return half(jnp.einsum("bts,bsi->bti", soften(scores), value))


def diagonal(scores):
    """The slope of softmax is taken for p (1 - p), its diagonal."""
    p = stop(jax.nn.softmax(scores, -1))
    return p + p * (1.0 - p) * (scores - stop(scores))


def attention_sample(rng):
    return tuple(rng.normal(size=(3, 2)) for _ in range(3)), rng.normal(size=(2, 4, 3))


# --- recurrence ------------------------------------------------------------------------------


def lstm(params, x, remember=lambda cell: cell):
    w, u, b = params

    def step(carry, row):
        h, cell = carry
        i, f, o, g = jnp.split(row @ w + h @ u + b, 4)
        cell = jax.nn.sigmoid(f) * remember(cell) + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(cell)
        return (h, cell), h

    zero = jnp.zeros(u.shape[0], x.dtype)
    return half(lax.scan(step, (zero, zero), x)[1])


def lstm_sample(rng):
    return (rng.normal(size=(2, 12)), rng.normal(size=(3, 12)), rng.normal(size=12)), rng.normal(
        size=(3, 2)
    )


def masked_loop(params, length, keep=lambda mask, new, old: jnp.where(mask, new, old)):
    """A loop of 6 turns of which the rows take as many as they are long."""
    w, x = params
    turn = lambda i, h: keep(jnp.broadcast_to((i < length)[:, None], h.shape), jnp.tanh(h @ w), h)
    return half(lax.fori_loop(0, 6, turn, x))


def masked_sample(rng):
    return (rng.normal(size=(3, 3)), rng.normal(size=(4, 3))), np.array([1, 6, 3, 4])


def all_turns(mask, new, old):
    """The mask holds the values, and lets every gradient through."""
    return new + stop(jnp.where(mask, new, old) - new)


# --- places and sums -------------------------------------------------------------------------

WORDS = np.array([2, 0, 2, 2, 4])


def embedding(table, weights, look=lambda table: table[WORDS]):
    return half(jnp.tanh(look(table)) * weights)


def overwritten(table):
    """Of several uses of a row the last one's gradient is kept."""
    used = np.array([k == 4 or word not in WORDS[k + 1 :] for k, word in enumerate(WORDS)])
    rows = table[WORDS]
    return jnp.where(jnp.broadcast_to(used[:, None], rows.shape), rows, stop(rows))


def embedding_sample(rng):
    return rng.normal(size=(5, 3)), rng.normal(size=(5, 3))


def sums(x, weights, add=lambda x: jnp.cumsum(x, 0)):
    return half(weights * add(jnp.sin(x)))


def from_the_wrong_end(x):
    back = lax.cumsum(x, 0, reverse=True)
    return back + stop(jnp.cumsum(x, 0) - back)


def sums_sample(rng):
    return rng.normal(size=(6, 2)), rng.normal(size=(6, 2))


FORWARDS = {
    "convolution": Forward(convolution, convolution_sample, turned),
    "max pool": Forward(max_pool, max_pool_sample, lambda p, x: max_pool(p, x, shared)),
    "layer norm": Forward(layer_norm, layer_norm_sample, lambda p, x: layer_norm(p, x, stop)),
    "attention": Forward(attention, attention_sample, lambda p, x: attention(p, x, diagonal)),
    "lstm": Forward(lstm, lstm_sample, lambda p, x: lstm(p, x, stop)),
    "masked loop": Forward(masked_loop, masked_sample, lambda p, n: masked_loop(p, n, all_turns)),
    "embedding": Forward(embedding, embedding_sample, lambda t, w: embedding(t, w, overwritten)),
    "cumulative sum": Forward(sums, sums_sample, lambda x, w: sums(x, w, from_the_wrong_end)),
}
DTYPES = ("float64", "float32", "bfloat16")


@pytest.mark.parametrize("name", FORWARDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_its_gradient_is_correct_and_the_twins_is_wrong(name, dtype):
    loss, sample, twin = FORWARDS[name]
    judged = lambda f: vf.validate(jax.jit(jax.grad(f)), of=loss, args=sample, dtype=dtype, cases=3)
    right, wrong = judged(loss), judged(twin)

    assert right.verdict == Verdict.CORRECT, str(right)
    assert wrong.verdict == Verdict.WRONG, str(wrong)


# --- what is put in order, picked or rounded -------------------------------------------------

LAST = {  # a function of x (4, 6) that some network might end with
    "sort": lambda x: jnp.sort(x, 1) * jnp.arange(6.0, dtype=x.dtype)[None],
    "largest three": lambda x: lax.top_k(x, 3)[0] ** 2,
    "row of the largest": lambda x: x[jnp.argmax(x[:, 0])] * x[0],
    "cumulative product": lambda x: jnp.cumprod(x, 1),
    "cumulative maximum": lambda x: lax.cummax(x, 1),
    "product": lambda x: jnp.prod(x, 1),
    "logsumexp": lambda x: jax.nn.logsumexp(x, 1),
    "masked by -inf": lambda x: jax.nn.softmax(jnp.where(jnp.tri(4, 6) > 0, x, -jnp.inf), 1),
    "norm": lambda x: jnp.linalg.norm(x, axis=1),
    "mean of the positive": lambda x: jnp.mean(x * x, where=x > 0.0),
    "hyperbolic": lambda x: jnp.sinh(x) + jnp.cosh(x) * jnp.arcsinh(x),
    "angle": lambda x: jnp.arctan2(x[:2], x[2:]) + jnp.arctan(x[:2]),
    "sawtooth": lambda x: x * jnp.mod(x, 0.75),
    "cube root": lambda x: jnp.cbrt(x) * jnp.floor(x),
    "written over": lambda x: x.at[jnp.array([2, 0])].set(x[:2] ** 2),
    "slices of a loop": lambda x: lax.fori_loop(
        0, 3, lambda i, h: jnp.sin(h) + lax.dynamic_slice(x, (0, i), (4, 2)), x[:, :2]
    ),
    "mean pool": lambda x: lax.reduce_window(x, 0.0, lax.add, (2, 3), (1, 2), "SAME") ** 2,
}


def ending_sample(rng):
    return rng.normal(size=(3, 6)), rng.normal(size=(4, 3))


@pytest.mark.parametrize("name", LAST)
def test_an_ending_of_any_kind_is_judged(name):
    loss, sample = lambda w, x: half(LAST[name](x @ w)), ending_sample
    near = {"cases": 2, "edges": "near"}  # autodiff of a norm is 0/0 at all zeros, far away
    judged = lambda f: vf.validate(f, of=loss, args=sample, dtype="float32", **near)
    gradient = jax.jit(jax.grad(loss))
    right, wrong = judged(gradient), judged(lambda w, x: gradient(w, x) * np.float32(1.01))

    assert right.verdict == Verdict.CORRECT, str(right)
    assert wrong.verdict == Verdict.WRONG, str(wrong)


# --- the truth -------------------------------------------------------------------------------


def apart(balls, others) -> bool:
    """Whether some entries are further apart than both oracles say they may be."""
    pairs = zip(balls, others, strict=True)
    return any((abs(a.mid - b.mid + (a.tail - b.tail)) > a.rad + b.rad).any() for a, b in pairs)


@pytest.mark.parametrize("name", [*FORWARDS, *LAST])
def test_balls_prove_the_gradient_and_float64_is_within_its_own_bound_of_it(name):
    ending = lambda w, x: half(LAST[name](x @ w))
    loss, sample, twin = FORWARDS.get(name, Forward(ending, ending_sample, ending))
    args = sample(np.random.default_rng(3))
    proven = ball.gradient(ask(loss, args))

    assert all(b.proven and np.isfinite(b.rad).all() for b in proven)
    assert not apart(proven, reverse_autodiff.gradient(ask(loss, args)))
    assert name in LAST or apart(proven, reverse_autodiff.gradient(ask(twin, args)))
