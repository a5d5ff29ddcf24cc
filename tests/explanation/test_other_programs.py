"""Sorting, choices, running sums, convolutions, layer norm, attention and sums over axes.

Each wrong gradient is named as what it is, or described by what is right and wrong of it.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import verification as vf

WEIGHTS = np.array([0.3, -1.2, 0.7, 2.1])


def normal(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def said_of(gradient, of, args, argnums: int | tuple[int, ...] = 0):
    with jax.numpy_rank_promotion("allow"):
        finding = vf.validate(gradient, of=of, args=args, argnums=argnums, cases=3)
    assert finding.verdict == "wrong"
    return finding.explanation


def named(said):
    return " | ".join(str(e) for e in said if e.fits)


# --- sorting --------------------------------------------------------------------------------------


def ordered(x):
    return jnp.sum(jnp.take_along_axis(x, jnp.argsort(x, -1), -1) * WEIGHTS)


def scattered(x, weights, order):
    g = np.zeros_like(x)
    np.put_along_axis(g, order, np.broadcast_to(weights, x.shape), -1)
    return g


SORTED = {
    "what arrives there runs backwards": lambda x: scattered(x, WEIGHTS[::-1], np.argsort(x, -1)),
    "lacks the last column": lambda x: scattered(x, WEIGHTS * [1, 1, 1, 0], np.argsort(x, -1)),
    "is off by one along axis -1": lambda x: scattered(x, np.roll(WEIGHTS, 1), np.argsort(x, -1)),
}


@pytest.mark.parametrize("words", SORTED)
def test_sorting_is_followed_and_its_mistakes_named(words):
    assert words in named(said_of(SORTED[words], ordered, normal((3, 4))))


def test_a_wrong_order_is_described_as_one():
    gathered = lambda x: np.take_along_axis(np.broadcast_to(WEIGHTS, x.shape), np.argsort(x, -1), 1)
    (only,) = said_of(gathered, ordered, normal((3, 4)))
    assert not only.fits and "its right entries in another order along axis 1" in only.mistake


# --- choices, running sums, convolutions ----------------------------------------------------------


def chosen(x):
    return jnp.sum(jnp.where(x > 0.5, x**2, jnp.where(x < -0.5, jnp.sin(x), 0.25 * x)))


CHOSEN = {
    "0 stands for the bound": (0.0, -0.5, lambda x: 2.0 * x),
    "the bound that is compared with has the wrong sign": (0.5, 0.5, lambda x: 2.0 * x),
    "0.5 times what it should be": (0.5, -0.5, lambda x: x),
}


@pytest.mark.parametrize("words", CHOSEN)
def test_a_choice_with_another_bound_or_slope_is_named(words):
    high, low, slope = CHOSEN[words]
    wrong = lambda x: np.where(x > high, slope(x), np.where(x < low, np.cos(x), 0.25))
    sample = lambda rng: (1.5 * rng.normal(size=9),)
    assert words in named(said_of(wrong, chosen, sample))


def test_entries_that_a_wrong_choice_spoils_are_described_by_their_values():
    wrong = lambda x: np.where(x > 0.9, 2.0 * x, np.where(x < -0.5, np.cos(x), 0.25))
    sample = lambda rng: (1.5 * rng.normal(size=30),)
    (only,) = said_of(wrong, chosen, sample)
    assert not only.fits and "those where the argument is between 0.5" in only.mistake


RUNNING = {
    "the running sum is not reversed": lambda x, d: np.cumsum(d, -1),
    "d in reverse order": lambda x, d: d[..., ::-1],
    "and the end is zero": lambda x, d: np.cumsum(d[..., ::-1], -1)[..., ::-1] - d,
}


@pytest.mark.parametrize("words", RUNNING)
def test_a_running_sum_is_named(words):
    said = said_of(RUNNING[words], lambda x: jnp.cumsum(x, -1), normal((3, 5)))
    assert words in named(said)


def test_a_kernel_that_is_not_flipped_is_named():
    def wrong(x, k, d):
        pairs = [d @ x[len(k) - 1 - j : len(x) - j] for j in range(len(k))]
        return np.convolve(d, k, "full"), np.array(pairs)

    of = lambda x, k: jnp.convolve(x, k, mode="valid")
    assert "runs backwards" in named(said_of(wrong, of, normal((8,), (3,)), (0, 1)))


# --- layer norm, attention, sums over axes --------------------------------------------------------


def layer_norm(x, g):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + 1e-3) * g


def norm_back(x, g, d, mean=1.0, gain=True, deviation=1.0, by=lambda x, h: h):
    c = x - x.mean(-1, keepdims=True)
    s = np.sqrt((c**2).mean(-1, keepdims=True) + 1e-3)
    h, dh = c / s, d * g if gain else d
    over = lambda t: t.mean(-1, keepdims=True)
    dx = (dh - mean * over(dh) - h * over(dh * h)) / s**deviation
    return dx, (d * by(x, h)).sum(0)


NORMS = {
    "in its second operand: the path is dropped": {"mean": 0.0},
    "lacks the other factor": {"gain": False},
}
DESCRIBED = {
    "by a factor for each place along axis 0": {"deviation": 2.0},
    "on the way back from there to g": {"by": lambda x, h: x},
}


@pytest.mark.parametrize("words", [*NORMS, *DESCRIBED])
def test_a_layer_norm_is_named_or_described(words):
    mistake = (NORMS | DESCRIBED)[words]
    wrong = lambda x, g, d: norm_back(x, g, d, **mistake)
    said = said_of(wrong, layer_norm, normal((4, 3), (3,)), (0, 1))
    assert words in (named(said) if words in NORMS else said[-1].mistake)
    assert words in NORMS or ("* g" in said[-1].mistake and not any(e.fits for e in said))


def attention(q, k, v):
    return jax.nn.softmax(q @ k.T / jnp.sqrt(3.0), -1) @ v


def attention_back(q, k, v, d, mistake):
    c = 1.0 / np.sqrt(3.0)
    p = special.softmax(q @ k.T * c, -1)
    dp = d @ v.T
    ds = p * (dp - (dp * p).sum(-1, keepdims=True) * (mistake != "the path is dropped")) * c
    if "1.73" in mistake:
        ds = ds / c
    turned = ds if "what arrives" in mistake else ds.T
    return ds @ (v if "transposed, stands" in mistake else k), turned @ q, p.T @ d


ATTENTION = (
    "1.73205 times what it should be: the root of 3",
    "the path is dropped",
    "what arrives there is transposed in the gradient of the second factor",
    "(leaf 2), transposed, stands for the second",
)


@pytest.mark.parametrize("words", ATTENTION)
def test_attention_is_named(words):
    wrong = lambda q, k, v, d: attention_back(q, k, v, d, words)
    assert words in named(said_of(wrong, attention, normal((4, 3), (4, 3), (4, 3)), (0, 1, 2)))


def scaled(x, b):
    return jnp.mean(jnp.sum((x * b) ** 2, axis=0))


SUMS = {
    "the sum over what was broadcast runs over the other axis": lambda t: t.sum(1),
    "the sum over what was broadcast is its first term alone": lambda t: t[0],
    "the largest stands for the sum over what was broadcast": lambda t: t.max(0),
    "every entry along its only axis holds their sum": lambda t: np.full(4, t.sum()),
    "averaged over": lambda t: t.mean(0),
}


@pytest.mark.parametrize("words", SUMS)
def test_a_sum_over_a_wrong_axis_is_named(words):
    wrong = lambda x, b: (x * b * b / 2.0, SUMS[words](x * x * b / 2.0))
    assert words in named(said_of(wrong, scaled, normal((4, 4), (4,)), (0, 1)))


def test_the_right_gradients_have_nothing_to_explain():
    right = {
        attention: lambda q, k, v, d: attention_back(q, k, v, d, ""),
        layer_norm: norm_back,
    }
    for of, gradient in right.items():
        args = normal((4, 3), (4, 3), (4, 3)) if of is attention else normal((4, 3), (3,))
        numbers = (0, 1, 2) if of is attention else (0, 1)
        with jax.numpy_rank_promotion("allow"):
            finding = vf.validate(gradient, of=of, args=args, argnums=numbers, cases=3)
        assert finding.verdict == "correct" and not finding.explanation
