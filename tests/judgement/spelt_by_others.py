"""Gradients as other people write them, right and wrong, and what each is worth."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special as sp

normal = lambda *shape: lambda rng: (rng.normal(size=shape),)
pair = lambda *shape: lambda rng: (rng.normal(size=shape), rng.normal(size=shape))
soft = lambda x: jax.nn.softplus(x).sum()
tail = lambda rng: (rng.uniform(-20, -5, size=4),)
low = lambda rng: (np.tril(rng.normal(size=(4, 4)), -1) + np.diag(rng.uniform(0.7, 1.6, size=4)),)
labels = lambda rng: (rng.normal(size=(5, 3)), rng.integers(3, size=5))
masking = lambda: np.tril(np.ones((3, 3), bool))


def spd(rng):
    a = rng.normal(size=(3, 3))
    return (a @ a.T / 3 + 0.5 * np.eye(3),)


def substituted(a, b):
    x = []
    for i in range(len(b)):
        x.append(b[i] - sum((a[i, j] * x[j] for j in range(i)), jnp.zeros((), b.dtype)))
    return jnp.stack(x)


def substituted_back(a, b, g):
    unit = np.tril(a, -1) + np.eye(len(a))
    return -np.tril(np.outer(np.linalg.solve(unit.T, g), np.linalg.solve(unit, b)), -1)


def inverse_back(a, g):
    x = np.linalg.inv(a @ a.T)
    return -x @ (g + g.T) @ x @ a


def cross_entropy_back(x, y):
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[range(len(y)), y] -= 1
    return p / len(y)


def cross_entropy(x, y):
    return -jnp.sum(jax.nn.log_softmax(x)[jnp.arange(len(y)), y]) / len(y)


def thrice(x):
    assert x.shape == (30,)
    return jnp.concatenate([x, x, x])


def through_the_output(x, d):  # 2 (1 - y) y of y = (output + 1) / 2, as C does it
    x = np.asarray(x, float)
    y = ((2 / (1 + np.exp(-x)) - 1) + 1) / 2
    return d * 2 * (1 - y) * y


def masked_back(s, d):
    e = np.exp(s - s.max(1, keepdims=True)) * masking()
    p = e / e.sum(1, keepdims=True)
    return p * (d - (p * d).sum(1, keepdims=True))


def silu_back(x, g):  # sigmoid recovered as y / x
    y = x / (1 + np.exp(-x))
    return g * (y / x + y * (1 - y / x))


def overwrites(table, rows, g):
    out = np.zeros_like(table)
    out[rows] = g
    return out


def leaky(x):
    return jnp.where(x >= 0, x, jnp.asarray(0.1, x.dtype) * x)


det_back = lambda a: np.linalg.det(a) * np.linalg.inv(a).T
rows_of = lambda rng: (rng.normal(size=(7, 3)), rng.permutation(7)[:4])
positive = lambda rng: (rng.normal(size=4), rng.uniform(0.3, 2, size=4))
x_log_y = lambda x, y: jnp.where(x == 0, jnp.zeros_like(x), x * jnp.log(y))
softmaxed = lambda s: jax.nn.softmax(jnp.where(masking(), s, -jnp.inf))
wide = lambda n: lambda rng: (2 * rng.normal(size=n),)
both = {"argnums": (0, 1)}

# what is wanted, the gradient, the function, the sampler, and what else is asked
CASES = {
    "digits lost, NumPy": ("inaccurate", lambda x: 1 - 1 / (1 + np.exp(x)), soft, tail, {}),
    "digits lost, SciPy": ("inaccurate", lambda x: 1 - sp.expit(-x), soft, tail, {}),
    "from the output, that levels out on both sides": (
        "correct",
        through_the_output,
        lambda x: 2 * jax.nn.sigmoid(x) - 1,
        wide((4, 5)),
        {},
    ),
    "float32 in float64": (
        "inaccurate",
        lambda x, d: (np.asarray(x, float) * 2 * d).astype("float32"),
        lambda x: x * x,
        normal(4),
        {},
    ),
    "a square matrix is no batch": (
        "correct",
        substituted_back,
        substituted,
        lambda rng: (0.6 * rng.normal(size=(4, 4)), rng.normal(size=4)),
        {},
    ),
    "two parameters are no batch": (
        "correct",
        lambda x: np.array([x[1], x[0]]),
        lambda x: x[0] * x[1],
        normal(2),
        {},
    ),
    "labels are cut with logits": ("correct", cross_entropy_back, cross_entropy, labels, {}),
    "singular, an exception": ("inaccurate", det_back, jnp.linalg.det, normal(3, 3), {}),
    "singular, NaN": (
        "inaccurate",
        lambda a: jnp.linalg.det(a) * jnp.linalg.inv(a).T,
        jnp.linalg.det,
        normal(3, 3),
        {},
    ),
    "a factor that is an integer": (
        "wrong",
        lambda x, k: 4 * x,
        lambda x, k: k * (x * x).sum(),
        lambda rng: (rng.normal(size=3), 2),
        {"vary": ("k",)},
    ),
    "lu": (
        "correct",
        lambda s: np.linalg.inv(s).T,
        lambda s: jnp.linalg.slogdet(s)[1],
        spd,
        {},
    ),
    "symmetric, black box": (
        "correct",
        lambda s: np.linalg.inv(s).T,
        lambda s: np.linalg.slogdet(s)[1],
        spd,
        {},
    ),
    "raises beside an edge": (
        "correct",
        inverse_back,
        lambda a: np.linalg.inv(a @ a.T),
        low,
        {},
    ),
    "complex inside": (
        "correct",
        lambda x: 2 * x,
        lambda x: (jnp.abs(jax.lax.complex(x, jnp.zeros_like(x))) ** 2).sum(),
        normal(4),
        {},
    ),
    "a default is no dtype": (
        "correct",
        lambda x: 2 * x,
        lambda x: (x * x).sum(),
        lambda rng, n=4: (rng.normal(size=n),),
        {},
    ),
    "0/0 at 0": ("rejected", silu_back, jax.nn.silu, normal(6), {}),
    "inf times 0": (
        "inaccurate",
        lambda x, g: g * np.where(x > 0, 1.0, 0.0) + (x <= 0) * g * np.exp(x),
        jax.nn.elu,
        normal(6),
        {},
    ),
    "the product over the entry": (
        "rejected",
        lambda x: np.prod(x) / x,
        jnp.prod,
        normal(5),
        {},
    ),
    "both sides of a tie": (
        "wrong",
        lambda a, b, g: (g * (a >= b), g * (b >= a)),
        jnp.maximum,
        pair(5),
        both,
    ),
    "half a tie each": (
        "correct",
        lambda a, b, g: (g * ((a > b) + 0.5 * (a == b)), g * ((b > a) + 0.5 * (a == b))),
        jnp.maximum,
        pair(5),
        both,
    ),
    "the other side of a kink": (
        "correct",
        lambda x, d: d * np.where(x > 0, 1.0, 0.1),
        leaky,
        normal(4),
        {},
    ),
    "rows that come twice": (
        "wrong",
        overwrites,
        lambda table, rows: table[rows],
        rows_of,
        {},
    ),
    "x log y at 0": (
        "correct",
        lambda x, y, g: (g * np.log(y), g * x / y),
        x_log_y,
        positive,
        both,
    ),
    "what arrives is handed on": (
        "correct",
        lambda a, b, g: (g, g),
        lambda a, b: a + b,
        pair(4),
        both,
    ),
    "a wrong value behind a view": (
        "wrong",
        lambda x, d: d[::2],
        lambda x: jnp.repeat(x, 2),
        normal(4),
        {},
    ),
    "three uses, float32": (
        "correct",
        lambda x, d: d[:30] + (d[30:60] + d[60:]),
        thrice,
        normal(30),
        {"dtype": "float32"},
    ),
    "three uses, bfloat16": (
        "correct",
        lambda x, d: d[:30] + (d[30:60] + d[60:]),
        thrice,
        normal(30),
        {"dtype": "bfloat16"},
    ),
    "x / |x|": ("correct", lambda x, d: d * x / np.abs(x), jnp.abs, normal(4), {}),
    "zero everywhere": (
        "correct",
        lambda x, d: np.zeros_like(x),
        lambda x: 2.0 * jnp.ones_like(x),
        normal(4),
        {},
    ),
    "x^0": ("correct", lambda x: 0 * x, lambda x: jnp.sum(x**0), normal(4), {}),
    "a window of fixed length": (
        "correct",
        lambda x, g: np.convolve(g, [0.5, 0.5], "full"),
        lambda x: 0.5 * (x[1:] + x[:-1]),
        normal(6),
        {},
    ),
    "a mask of minus infinity": ("correct", masked_back, softmaxed, normal(3, 3), {}),
}
