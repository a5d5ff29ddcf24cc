"""Right and wrong gradients of the kinds that strangers bring: what is wanted, and of what."""

import math

import jax
import jax.numpy as jnp
import numpy as np

RIGHT, WRONG, REJECTED, LOST = "correct", "wrong", "rejected", "inaccurate"
normal = lambda *shape: lambda rng: (rng.normal(size=shape),)
pair = lambda *shape: lambda rng: (rng.normal(size=shape), rng.normal(size=shape))
positive = lambda rng: (rng.uniform(0.2, 3.0, 4),)
shares = lambda rng: (rng.uniform(0.02, 0.98, 8), rng.uniform(0.0, 1.0, 8))


def by_variational_autoencoder(p, y):
    n = p.dtype.type(p.size)
    return -(y / p / n) - (y - 1) / (n - n * p)


def entropy(p, y):
    return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p)).mean()


def normalised(x, gain):
    centred = x - x.mean(0, keepdims=True)
    return gain[None, :] * centred / jnp.sqrt((centred**2).mean(0, keepdims=True) + 1e-5)


def in_nine_steps(x, gain, d):
    n, small = len(x), x.dtype.type(1e-5)
    centred = x - x.mean(0)
    root = np.sqrt((centred**2).mean(0) + small)
    dh = d * gain
    dv = -(dh * centred).sum(0) / root**2 / (2 * root)
    dc = dh / root + 2 * centred * (dv / n)
    return dc - dc.sum(0) / n


def with_unbiased_variance(x, gain, d):
    h = (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + 1e-5)
    return gain * (d - d.mean(0) - h * (d * h).mean(0)) / np.sqrt(x.var(0, ddof=1) + 1e-5)


def without_warnings(x):
    with np.errstate(all="raise"):
        return np.tanh(x)


def one_maximum(x, d):
    out = np.zeros_like(x)
    out[np.arange(len(x)), x.argmax(-1)] = d
    return out


def by_logarithms(x):
    return np.array([3 * math.exp(2 * math.log(abs(v))) / v for v in x.tolist()])


def no_ties(x):
    if len(set(x.tolist())) < len(x):
        raise ValueError("two entries are equal")
    return 2 * x


def sparse(values, rows, columns, b):
    return jnp.zeros(4).at[rows].add(values * b[columns])


def over_entries(values, rows, columns, b, d):
    out = np.zeros_like(b)
    np.add.at(out, columns, values * d[rows])
    return out


def over_a_matrix(values, rows, columns, b, d):
    dense = np.zeros((4, 3))
    dense[rows, columns] = values
    return dense.T @ d


def coordinates(rng):
    places = lambda n: rng.permutation(12)[:6] % n
    return rng.normal(size=6), places(4), places(3), rng.normal(size=3)


def last_written(x, rows, v, d):
    last = [len(rows) - 1 - list(rows[::-1]).index(row) for row in rows]
    return np.where(np.arange(len(rows)) == last, d[rows], 0.0)


def written(x, rows, v):
    x = np.array(x)
    x[rows] = v
    return x


def clipped_indices(table, rows, d):
    out = np.zeros_like(table)
    np.add.at(out, np.maximum(rows, 0), d)
    return out


AT_ONCE = {"dtype": "float32"}
KEPT = np.array([True, True, False, True])
largest = lambda a, b, c: jnp.maximum(jnp.maximum(a, b), c)
three = lambda rng: tuple(rng.normal(size=(3, 4)))
norms = lambda rng: (rng.normal(size=(6, 3)), rng.normal(size=3))
writes = lambda rng: (rng.normal(size=6), rng.permutation(6)[:3], rng.normal(size=3))
CASES = {
    "1 - p as n - n p": (RIGHT, by_variational_autoencoder, entropy, shares, AT_ONCE),
    "its sign": (
        WRONG, lambda p, y: -(y / p - (1 - y) / (p - 1)) / 8, entropy, shares, AT_ONCE,
    ),
    "batch norm in nine steps": (RIGHT, in_nine_steps, normalised, norms, AT_ONCE),
    "its unbiased variance": (WRONG, with_unbiased_variance, normalised, norms, AT_ONCE),
    "tanh, where warnings raise": (
        RIGHT, without_warnings, lambda x: jnp.logaddexp(x, -x).sum(), normal(4), {},
    ),
    "the product over the entry, in steps": (
        REJECTED,
        lambda x, d: np.cumsum((d * np.cumprod(x))[::-1])[::-1] / x,
        jnp.cumprod, normal(4), {},
    ),
    "the logarithm of a zero raises": (
        REJECTED, by_logarithms, lambda x: (1.5 * x**2).sum(), normal(4), {},
    ),
    "ties of a smooth function raise": (
        REJECTED, no_ties, lambda x: (x * x).sum(), normal(4), {},
    ),
    "the open interval of relu6": (
        RIGHT,
        lambda x, d: d * ((x > 0) & (x < 6)),
        lambda x: jnp.minimum(jnp.maximum(x, 0), 6),
        lambda rng: (4 * rng.normal(size=6),), {},
    ),
    "maxout by argmax": (RIGHT, one_maximum, lambda x: x.max(-1), normal(3, 3), {}),
    "three at a maximum get all": (
        WRONG, lambda *x: tuple(x[3] * (v == np.max(x[:3], 0)) for v in x[:3]), largest, three,
        {"argnums": (0, 1, 2)},
    ),
    "nobody gets a tied minimum": (
        WRONG, lambda a, b, d: (d * (a < b), d * (b < a)), jnp.minimum, pair(4),
        {"argnums": (0, 1)},
    ),
    "0 where the identity asks for equality": (
        WRONG, lambda x, d: d * (x != 0), lambda x: jnp.where(x == 0, 0.0, x), normal(4), {},
    ),
    "half where two are equal": (
        WRONG, lambda a, b, d: d * b * np.where(a == b, 0.5, 1.0),
        lambda a, b: jnp.where(a == b, a * a, a * b), pair(4), {},
    ),
    "a masked logit": (
        RIGHT,
        lambda z: np.where(KEPT, np.exp(z), 0) / np.exp(z[KEPT]).sum() - np.eye(4)[0],
        lambda z: -jax.nn.log_softmax(jnp.where(jnp.asarray(KEPT), z, -jnp.inf))[0],
        normal(4), {"edges": "near"},
    ),
    "a sum, broadcast": (
        RIGHT, lambda x, d: np.broadcast_to(d, x.shape), lambda x: x.sum(0), normal(3, 4), {},
    ),
    "sparse, entry by entry": (RIGHT, over_entries, sparse, coordinates, {"argnums": 3}),
    "sparse, by assignment": (WRONG, over_a_matrix, sparse, coordinates, {"argnums": 3}),
    "the last that is written": (RIGHT, last_written, written, writes, {"argnums": 2}),
    "all that is written": (
        WRONG, lambda x, rows, v, d: d[rows], written, writes, {"argnums": 2},
    ),
    "negative rows": (
        WRONG, clipped_indices, lambda t, rows: t[rows],
        lambda rng: (rng.normal(size=(5, 2)), rng.integers(-5, 5, size=4)), {},
    ),
    "log for psi": (
        WRONG, lambda x: np.log(x), lambda x: jax.lax.lgamma(x).sum(), positive, {},
    ),
}  # fmt: skip
